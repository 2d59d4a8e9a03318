import RotaCore
import Testing

/// Who saw what a verdict goes by: somebody here, an import, or, in a hypothesis, nobody.
@Suite struct FactBasisTests {
    private static let policies = PolicySet([
        Policy(
            name: "p",
            rules: [
                Rule(.unusedFor(.days(30))), Rule(.sources(addresses: 3, agents: nil, within: .days(30))),
                Rule(.maxAge(.days(90))),
            ])
    ])

    private func watched(_ from: Int64, _ to: Int64, by tracker: String = "serve:here") -> Heartbeat {
        Heartbeat(tracker: tracker, startedAt: ago(.days(from)), beatAt: ago(.days(to)), askedAt: ago(.days(to)))
    }

    /// Last used, and told of until then by an import, so many days ago; from four addresses.
    private func used(_ days: Int64, told: Int64? = nil, addresses: [Int64] = []) -> Token {
        var token = token(usage: .lastUsed(ago(.days(days))))
        token.usageAssertedUntil = told.map { ago(.days($0)) }
        token.watchedSince = ago(.days(400))
        token.seenFrom = SeenFrom(addresses: addresses.map { now.midnight - .days($0) }, agents: [])
        return token
    }

    private func never(_ since: Int64) -> Token {
        var token = used(0)
        token.usage = .neverUsed(since: ago(.days(since)))
        return token
    }

    /// Of idle time, and of addresses.
    private func bases(_ token: Token, _ tracking: TrackingHistory) -> [Provenance?] {
        var rulings: [Planner.Ruling] = []
        Planner(policies: Self.policies, vaults: [], tracking: tracking).judge(token, at: now, into: &rulings)
        return rulings.prefix(2).map(\.basis)
    }

    private func bases(_ token: Token, _ heartbeats: [Heartbeat]) -> [Provenance?] {
        bases(token, TrackingHistory(heartbeats))
    }

    @Test func `what was seen here is observed`() {
        let here = [watched(100, 0)]
        #expect(bases(used(5, addresses: [5, 5, 6, 7]), here) == [.observed, .observed])
        #expect(bases(never(40), here) == [.observed, .observed])
    }

    @Test func `a use that an import told is asserted until there is one that was seen here`() {
        let here = [watched(100, 0)]
        #expect(bases(used(5, told: 5, addresses: [5, 5, 6, 7]), here) == [.asserted, .asserted])
        #expect(bases(used(4, told: 5, addresses: [4, 5, 6, 7]), here)[0] == .observed)
    }

    @Test func `addresses are asserted while an import spoke of uses on the days that count`() {
        let here = [watched(100, 0)]
        #expect(bases(used(4, told: 29, addresses: [4, 5, 6, 29]), here)[1] == .asserted)
        #expect(bases(used(4, told: 31, addresses: [4, 5, 6, 7]), here)[1] == .observed)
        var restored = used(4, told: 9, addresses: [4])
        restored.restoredAt = ago(.days(8))
        #expect(bases(restored, here)[1] == .observed, "nothing before that counts")
    }

    @Test func `time that only a complete log watched is asserted`() {
        let log = watched(60, 10, by: "import:gateway.log")
        #expect(bases(never(60), [log]) == [.asserted, .asserted])
        #expect(bases(never(60), [log, watched(9, 0)]) == [.asserted, .observed], "no use within the 30 days")
        #expect(bases(never(60), [log, watched(100, 0)]) == [.observed, .observed], "what it told was seen here, too")
        #expect(bases(used(5), [log, watched(9, 0)])[0] == .observed, "none of its time counts")
        #expect(bases(never(1), [log]) == [.asserted, .asserted], "it is known by the log alone that it was watched")
        #expect(bases(never(1), [log, watched(9, 0)]) == [.observed, .observed])
    }

    @Test func `what follows from unbroken tracking that is only assumed has no basis`() {
        for token in [used(5, addresses: [5]), used(5, told: 5, addresses: [5]), never(40)] {
            #expect(bases(token, .unbroken) == [nil, nil])
        }
        var rulings: [Planner.Ruling] = []
        let planner = Planner(policies: Self.policies, vaults: [], tracking: .unbroken)
        planner.judge(used(5), at: now, into: &rulings)
        #expect(rulings[2].basis == .observed, "values have their dates")
    }

    @Test func `a log that was imported is not watching on`() {
        let minute = TimeSpan(seconds: 60)
        func reaching(_ tracker: String) -> TimeSpan {
            let beat = Heartbeat(tracker: tracker, startedAt: ago(.days(1)), beatAt: ago(minute), askedAt: ago(minute))
            return TrackingHistory([beat]).reaching(to: now, ifWrittenWithin: .hours(1))
                .watched(from: ago(.days(1)), to: now)
        }
        #expect(reaching("serve:here") == .days(1))
        #expect(reaching("import:gateway.log") == .days(1) - minute)
    }
}
