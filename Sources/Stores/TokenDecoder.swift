import Engine
import RotaCore
import SQLite

/// Rows of `tokens` into tokens, a million in a second or two.
///
/// Many tokens share their scopes and labels, and taking those apart costs as much as all the rest: the last
/// texts are remembered with what they stand for. Used by one thread, as its store is.
final class TokenDecoder {
    /// How many texts of a kind are remembered before it begins anew.
    private static let capacity = 512

    private var scopes: [String: [String]] = [:]
    private var labels: [String: [String: String]] = [:]

    func decode(_ row: borrowing Row) throws -> Token {
        Token(
            id: TokenID(row.text(0)), revision: row.integer(1), name: row.text(2), description: row.text(3),
            owner: row.text(4), integration: row.text(5), scopes: scopes(of: row.text(6)),
            labels: labels(of: row.text(7)), prefix: row.text(8), issuer: try issuer(row.text(9)),
            externalID: row.optionalText(10), state: try state(row), createdAt: row.instant(12),
            createdBy: row.text(13), expiresAt: row.optionalInstant(14), usage: usage(row),
            usageAssertedUntil: row.optionalInstant(28), watchedSince: row.optionalInstant(29), end: end(row),
            values: values(row), destinationCount: row.count(27), provenance: try row.word(17))
    }

    private func scopes(of text: String) -> [String] {
        if text.isEmpty { return [] }
        if let known = scopes[text] { return known }
        if scopes.count == Self.capacity { scopes = [:] }
        let decoded = ScopeText.decode(text)
        scopes[text] = decoded
        return decoded
    }

    private func labels(of text: String) -> [String: String] {
        if text.isEmpty { return [:] }
        if let known = labels[text] { return known }
        if labels.count == Self.capacity { labels = [:] }
        let decoded = LabelText.decode(text)
        labels[text] = decoded
        return decoded
    }

    private func issuer(_ text: String) throws -> Issuer {
        if text == "rota" { return .rota }
        guard let issuer = Issuer(text) else { throw StoreError.failed("'\(text)' is no issuer") }
        return issuer
    }

    private func state(_ row: borrowing Row) throws -> TokenState {
        // Nearly all of them, and told apart in a few nanoseconds.
        row.text(11) == "active" ? .active : try row.word(11)
    }

    private func usage(_ row: borrowing Row) -> Usage {
        if let used = row.optionalInstant(15) { return .lastUsed(used) }
        if let since = row.optionalInstant(16) { return .neverUsed(since: since) }
        return .unknown
    }

    private func end(_ row: borrowing Row) -> TokenEnd? {
        guard let at = row.optionalInstant(18) else { return nil }
        return TokenEnd(at: at, by: row.text(19), cause: row.text(20))
    }

    private func values(_ row: borrowing Row) -> ValueSummary {
        ValueSummary(
            current: row.optionalInteger(21).map { Int($0) }, currentIssuedAt: row.optionalInstant(22),
            oldestIssuedAt: row.optionalInstant(23), rotationOpen: row.integer(24) != 0,
            awaitingRetirement: row.integer(25) != 0, overlapEndsAt: row.optionalInstant(26))
    }
}
