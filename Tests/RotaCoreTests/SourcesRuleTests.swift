import Testing

@testable import RotaCore

/// `sources`: one token that is used from many places. `now` is noon or so of a day; places are kept by day.
@Suite struct SourcesRuleTests {
    private func rule(
        addresses: Int? = 3, agents: Int? = nil, within: TimeSpan = .days(30), action: Action = .quarantine
    ) -> Rule {
        Rule(.sources(addresses: addresses, agents: agents, within: within), action: action)
    }

    /// - parameters: how many days before today each was seen last.
    private func shared(
        _ addresses: [Int64], agents: [Int64] = [], usage: Usage = .lastUsed(now), restored: TimeSpan? = nil
    ) -> Token {
        var token = token(usage: usage)
        token.seenFrom = SeenFrom(
            addresses: addresses.map { now.midnight - .days($0) }, agents: agents.map { now.midnight - .days($0) })
        token.restoredAt = restored.map(ago)
        token.watchedSince = ago(.days(400))
        return token
    }

    @Test(arguments: [
        ([0], Verdict.Status.compliant), ([0, 0, 0], .compliant), ([0, 0, 0, 0], .violating),
        ([0, 1, 29, 29], .violating), ([0, 1, 29, 30], .compliant), ([31, 31, 31, 31], .unknown),
    ])
    func `exactly as many as are allowed are fine, on the days that began within the time`(
        days: [Int64], status: Verdict.Status
    ) {
        #expect(evaluate(rule(), of: shared(days), at: now).status == status)
    }

    @Test func `the reason names the count, the limit and the time`() {
        let verdict = evaluate(rule(), of: shared([0, 0, 2, 2]), at: now)
        #expect(verdict.reason.code == "too-many-sources")
        #expect(
            verdict.reason.message == "it was used from 4 different addresses within 30 days; the limit is 3")
        #expect(verdict.calls)
        #expect(verdict.deadline == nil)
        let few = evaluate(rule(), of: shared([0]), at: now)
        #expect(few.reason.message == "it was used from one address within 30 days; the limit is 3")
    }

    @Test func `addresses and agents are held against a limit each`() {
        let both = rule(addresses: 2, agents: 1)
        #expect(evaluate(both, of: shared([0, 0], agents: [0]), at: now).status == .compliant)
        let verdict = evaluate(both, of: shared([0, 0], agents: [0, 5]), at: now)
        #expect(verdict.reason.message == "it was used from 2 different agents within 30 days; the limit is 1")
        #expect(
            evaluate(rule(addresses: nil, agents: 2), of: shared([0, 0, 0, 0], agents: [0]), at: now).status
                == .compliant)
    }

    @Test func `where its use is not known nothing is called for`() {
        let verdict = evaluate(rule(), of: shared([], usage: .unknown), at: now)
        #expect(verdict.reason == .usageUnknown)
        #expect(verdict.status == .unknown)
        #expect(!verdict.calls)
    }

    @Test func `where nobody told from where, few are not known to be few`() {
        #expect(evaluate(rule(), of: shared([]), at: now).reason == .sourcesUnknown)
        // What is told of agents says nothing of addresses.
        #expect(evaluate(rule(), of: shared([], agents: [0]), at: now).reason == .sourcesUnknown)
        #expect(evaluate(rule(), of: shared([], usage: .lastUsed(ago(.days(31)))), at: now).status == .compliant)
        #expect(evaluate(rule(), of: shared([], usage: .neverUsed(since: ago(.days(9)))), at: now).status == .compliant)
    }

    @Test func `where nobody watched, no use is no proof`() {
        let quiet = shared([], usage: .neverUsed(since: ago(.days(9))))
        let unwatched = evaluate(rule(), of: quiet, at: now, tracking: TrackingHistory.none)
        #expect(unwatched.reason == .sourcesUnknown)
        let crowded = evaluate(rule(), of: shared([0, 0, 0, 0]), at: now, tracking: TrackingHistory.none)
        #expect(crowded.status == .violating)
    }

    @Test func `a restoration settles what was seen until its day is over`() {
        let restored = shared([0, 0, 1, 1], restored: .hours(1))
        #expect(evaluate(rule(), of: restored, at: now).status == .compliant)
        let used = shared([0, 0, 0, 0], restored: .days(1))
        #expect(evaluate(rule(), of: used, at: now).status == .violating)
    }

    @Test func `only the newest of very many are kept`() {
        let many = SeenFrom(addresses: (0..<200).map { now.midnight - .days($0) }, agents: [])
        #expect(many.count(.address, after: ago(.days(400))) == SeenFrom.most)
        #expect(many.count(.agent, after: ago(.days(400))) == 0)
        #expect(SeenFrom(addresses: [], agents: []).text.isEmpty)
    }
}
