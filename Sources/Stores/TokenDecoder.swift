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
        Token(
            id: TokenID(row.text(0)), revision: row.integer(1), name: row.text(2), description: row.text(3),
            owner: text(row, 4), integration: text(row, 5), scopes: scopes.value(row, 6),
            labels: labels.value(row, 7), prefix: text(row, 8), issuer: try issuer(row),
            externalID: row.optionalText(10), state: try state(row), createdAt: row.instant(12),
            createdBy: text(row, 13), expiresAt: row.optionalInstant(14), usage: usage(row),
            usageAssertedUntil: row.optionalInstant(28), seenFrom: SeenFrom(text: row.optionalText(31) ?? ""),
            watchedSince: row.optionalInstant(29),
            restoredAt: row.optionalInstant(30), end: end(row), values: values(row),
            destinationCount: row.count(27), provenance: try provenance(row))
    }

    private mutating func text(_ row: borrowing Row, _ column: Int) -> String {
        let place = texts.place(of: row, column).place
        return texts[place]
    }

    private func issuer(_ row: borrowing Row) throws -> Issuer {
        if row.holds("rota", 9) { return .rota }
        let text = row.text(9)
        guard let issuer = Issuer(text) else { throw StoreError.failed("'\(text)' is no issuer") }
        return issuer
    }

    private func state(_ row: borrowing Row) throws -> TokenState {
        // Nearly all of them, and told apart in a few nanoseconds.
        row.holds("active", 11) ? .active : row.holds("revoked", 11) ? .revoked : try row.word(11)
    }

    private func provenance(_ row: borrowing Row) throws -> Provenance {
        row.holds("asserted", 17) ? .asserted : try row.word(17)
    }

    private func usage(_ row: borrowing Row) -> Usage {
        if let used = row.optionalInstant(15) { return .lastUsed(used) }
        if let since = row.optionalInstant(16) { return .neverUsed(since: since) }
        return .unknown
    }

    private mutating func end(_ row: borrowing Row) -> TokenEnd? {
        guard let at = row.optionalInstant(18) else { return nil }
        return TokenEnd(at: at, by: text(row, 19), cause: text(row, 20))
    }

    private func values(_ row: borrowing Row) -> ValueSummary {
        ValueSummary(
            current: row.optionalInteger(21).map { Int($0) }, currentIssuedAt: row.optionalInstant(22),
            oldestIssuedAt: row.optionalInstant(23), rotationOpen: row.integer(24) != 0,
            awaitingRetirement: row.integer(25) != 0, overlapEndsAt: row.optionalInstant(26))
    }
}
