import Engine
import RotaCore
import TestSupport
import Testing

@Suite struct UsageSummaryTests {
    private let now = Instant(seconds: 1_800_000_000)
    private let token = Token(
        id: TokenID("t"), name: "t", scopes: ["read", "write", "admin"],
        createdAt: Instant(seconds: 1_700_000_000), values: ValueSummary(currentIssuedAt: nil))

    private func tally(
        _ version: Int, daysAgo days: Int64, uses: Int = 0, refusals: Int = 0, from sources: [String] = [],
        scopes: [String] = []
    ) -> UseTally {
        let at = now - .days(days)
        let side = { (count: Int) in
            count == 0
                ? UseTally.Side()
                : UseTally.Side(count: count, last: at, sources: Sightings(texts: sources, more: false))
        }
        return UseTally(
            key: UseTally.Key(tokenID: token.id, version: version, day: at.midnight), accepted: side(uses),
            refused: side(refusals), scopes: Sightings(texts: scopes, more: false))
    }

    private func summary(_ tallies: [UseTally]) throws -> UsageSummary {
        var store = FakeStoreReads([token])
        store.uses = tallies
        return try UsageSummary(of: token, from: store, at: now)
    }

    @Test func `uses of 30 days are counted, and the last ones are of all time`() throws {
        let summary = try summary([
            tally(1, daysAgo: 90, uses: 7, from: ["old"]), tally(1, daysAgo: 29, uses: 2, from: ["a"]),
            tally(2, daysAgo: 1, uses: 3, from: ["b"]), tally(2, daysAgo: 0, refusals: 4, from: ["x"]),
            tally(3, daysAgo: 200, uses: 1),
        ])
        #expect(summary.versions.map(\.version) == [3, 2, 1])
        #expect(summary.versions.map(\.uses) == [0, 3, 2])
        #expect(summary.versions.map(\.refusals) == [0, 4, 0])
        #expect(summary.versions.first?.lastUsed == now - .days(200))
        let firstUsed = [200, 1, 90].map { (now - .days($0)).midnight }
        #expect(summary.versions.map(\.firstUsed) == firstUsed, "since when each is in use")
        #expect(summary.uses == 5 && summary.refusals == 4)
        #expect(summary.sources.texts == ["b", "a"], "accepted ones, and none that is old")
        #expect(summary.versions[1].refusedSources.texts == ["x"])
    }

    @Test func `scopes are never exercised only where somebody tells what a use needs`() throws {
        #expect(try summary([tally(1, daysAgo: 1, uses: 1)]).scopesNeverExercised == nil)
        let told = try summary([
            tally(1, daysAgo: 200, uses: 1, scopes: ["write"]),
            tally(2, daysAgo: 1, uses: 1, scopes: ["read", "other"]),
        ])
        #expect(told.scopesExercised == ["other", "read", "write"])
        #expect(told.scopesNeverExercised == ["admin"])
    }
}
