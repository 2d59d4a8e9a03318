import Engine
import RotaCore
import SQLite

/// Rows of `tokens` into tokens, a million in a second or two.
///
/// Many tokens share their owner, scopes and labels; making those anew for each costs as much as all the rest.
/// One value and not three objects, so that the language looks once for each row whether somebody else uses it.
struct TokenDecoder: ~Copyable {
    static let columnCount = 32

    private var texts = RecurringTexts(places: 1024)
    private var scopes = Recurring(ScopeText.decode)
    private var labels = Recurring(LabelText.decode)

    mutating func decode(_ row: borrowing Row) throws -> Token {
        try decode(
            row, revision: row.integer(27), description: row.text(28), prefix: text(row, 29),
            externalID: row.optionalText(30), createdBy: text(row, 31))
    }

    /// A row that has only what a token is judged by.
    mutating func decodeJudged(_ row: borrowing Row) throws -> Token {
        try decode(row, revision: 0, description: "", prefix: "", externalID: nil, createdBy: "")
    }

    @inline(__always)
    private mutating func decode(
        _ row: borrowing Row, revision: Int64, description: String, prefix: String, externalID: String?,
        createdBy: String
    ) throws -> Token {
        Token(
            id: TokenID(row.text(0)), revision: revision, name: row.text(1), description: description,
            owner: text(row, 2), integration: text(row, 3), scopes: scopes.value(row, 4),
            labels: labels.value(row, 5), prefix: prefix, issuer: try issuer(row), externalID: externalID,
            state: try Self.state(row), createdAt: row.instant(8), createdBy: createdBy,
            expiresAt: row.optionalInstant(9), usage: usage(row), usageAssertedUntil: row.optionalInstant(23),
            seenFrom: SeenFrom(text: row.optionalText(26) ?? ""), watchedSince: row.optionalInstant(24),
            restoredAt: row.optionalInstant(25), end: end(row), values: values(row), destinationCount: row.count(22),
            provenance: try provenance(row))
    }

    private mutating func text(_ row: borrowing Row, _ column: Int) -> String {
        let place = texts.place(of: row, column).place
        return texts[place]
    }

    private func issuer(_ row: borrowing Row) throws -> Issuer {
        if row.holds("rota", 6) { return .rota }
        let text = row.text(6)
        guard let issuer = Issuer(text) else { throw StoreError.failed("'\(text)' is no issuer") }
        return issuer
    }

    static func state(_ row: borrowing Row) throws -> TokenState {
        // Nearly all of them, and told apart in a few nanoseconds.
        row.holds("active", 7) ? .active : row.holds("revoked", 7) ? .revoked : try row.word(7)
    }

    private func provenance(_ row: borrowing Row) throws -> Provenance {
        row.holds("asserted", 12) ? .asserted : try row.word(12)
    }

    private func usage(_ row: borrowing Row) -> Usage {
        if let used = row.optionalInstant(10) { return .lastUsed(used) }
        if let since = row.optionalInstant(11) { return .neverUsed(since: since) }
        return .unknown
    }

    private mutating func end(_ row: borrowing Row) -> TokenEnd? {
        guard let at = row.optionalInstant(13) else { return nil }
        return TokenEnd(at: at, by: text(row, 14), cause: text(row, 15))
    }

    private func values(_ row: borrowing Row) -> ValueSummary {
        ValueSummary(
            current: row.optionalInteger(16).map { Int($0) }, currentIssuedAt: row.optionalInstant(17),
            oldestIssuedAt: row.optionalInstant(18), rotationOpen: row.integer(19) != 0,
            awaitingRetirement: row.integer(20) != 0, overlapEndsAt: row.optionalInstant(21))
    }
}
