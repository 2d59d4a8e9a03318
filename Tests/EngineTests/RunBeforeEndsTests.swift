import RotaCore
import Stores
import TestSupport
import Testing

@testable import Engine

/// A window is a preference, an end is a fact; and a change of a schedule acts on nothing.
@Suite struct RunBeforeEndsTests {
    private static let renew = Policy(
        name: "renewal", mode: .enforce, selector: Selector(except: [Selector(names: [Glob("left-*")])]),
        rules: [
            Rule(.maxAge(.days(90)), action: .rotate, overlap: .hours(24)),
            Rule(.expiresWithin(.days(14)), action: .rotate, overlap: .hours(1), renewal: .days(90)),
        ])

    private let fixture: RunFixture
    private let vault = FakeVault("main")
    private let log = RecordedLog()
    /// The next run of a policy that runs each day.
    private let nextRun: Instant

    init() throws {
        fixture = try RunFixture()
        nextRun = try Schedule(every: .days(1)).next(after: RunFixture.epoch)
    }

    private func daemon(
        _ policies: [Policy] = [renew], every span: TimeSpan = .days(1), calendar: FreezeCalendar? = nil,
        limits: Limits = Limits()
    ) throws -> Daemon {
        let rotator = Rotator(
            store: fixture.store, vaults: [vault.name: vault], clock: fixture.clock, random: fixture.random)
        let deliverer = fixture.deliverer(ScriptedTransport([]))
        let run = RunUseCase(
            store: fixture.store, rotator: rotator, deliverer: deliverer, clock: fixture.clock, random: fixture.random)
        let schedule = try Schedule(every: span)
        return Daemon(
            Daemon.Orders(
                policies: PolicySet(policies), schedules: policies.map { ScheduledPolicy($0.name, schedule) },
                calendar: calendar, limits: limits),
            run: run, deliverer: deliverer, clock: fixture.clock, brakes: BrakeWatch(fixture.clock, log: log), log: log,
            stop: StopSignal())
    }

    private func addToken(
        _ name: String, endingIn span: TimeSpan, age: TimeSpan = .zero, owner: String = "", vault: String = "main"
    ) async throws -> TokenID {
        try await fixture.addToken(
            name, age: age, owner: owner, expiresAt: fixture.clock.now() + span,
            destinations: ["\(vault):\(name)#token"])
    }

    private func isRotated(_ id: TokenID) async throws -> Bool { try await fixture.token(id).values.current == 2 }

    @Test(arguments: [(-1, true), (0, true), (1, false)] as [(Int64, Bool)])
    func `what ends until the very moment of the next run is rotated at once, what ends a second later is not`(
        offset: Int64, isRotated: Bool
    ) async throws {
        let id = try await addToken("ending", endingIn: nextRun - RunFixture.epoch + TimeSpan(seconds: offset))
        let report = try await daemon().runBeforeEnds()
        #expect(try await self.isRotated(id) == isRotated)
        #expect((report?.count(.started) ?? 0) == (isRotated ? 1 : 0))
    }

    @Test func `a run that the freeze calendar holds back is none`() async throws {
        let id = try await addToken("ending", endingIn: nextRun - RunFixture.epoch + .hours(30))
        #expect(try await daemon().runBeforeEnds() == nil)
        let dates = FreezeCalendar.Dates(
            from: nextRun.seconds, until: nextRun.seconds + 2 * 86_400, reason: "two days off")
        let calendar = try #require(FreezeCalendar(zone: .utc, dates: [dates], weekly: []))
        let report = try #require(try await daemon(calendar: calendar).runBeforeEnds())
        #expect(report.count(.started) == 1)
        #expect(try await isRotated(id))
        #expect(report.actions.map(\.message).allSatisfy { $0.hasSuffix("at \(nextRun + .days(2))") })
    }

    @Test func `it is said in the action, in the audit log, and to whoever reads the log`() async throws {
        let id = try await addToken("ending", endingIn: .hours(3))
        let report = try #require(try await daemon().runBeforeEnds())
        let saying = "done at once, since it would end before the next run of its policy at \(nextRun)"
        #expect(report.actions.map(\.message).allSatisfy { $0.hasSuffix(saying) } && report.actions.count == 1)
        #expect(
            log.all.contains {
                $0.hasPrefix("a token would end before its policy runs again token=ending policy=renewal next_run=")
            })
        let causes = try await fixture.store.read { store in
            var causes: [String] = []
            try store.eachAuditEntry(from: 1, object: id.text) {
                causes.append($0.body)
                return true
            }
            return causes
        }
        #expect(causes.contains { $0.contains(saying) })
    }

    @Test func `nothing else is done, neither by that policy nor by another`() async throws {
        let revoke = Policy(
            name: "end", mode: .enforce, selector: Selector(names: [Glob("left-*")]),
            rules: [Rule(.maxAge(.days(200)), action: .revoke)])
        let looks = Policy(
            name: "looks", mode: .warn, selector: Selector(names: [Glob("left-*")]),
            rules: [Rule(.expiresWithin(.days(14)), action: .rotate, overlap: .hours(1), renewal: .days(90))])
        let ending = try await addToken("ending", endingIn: .hours(3))
        // Due by the same policies, and each with a reason to wait.
        let later = try await addToken("later", endingIn: .days(5))
        let old = try await addToken("old", endingIn: .days(300), age: .days(100))
        let left = try await addToken("left-1", endingIn: .hours(3), age: .days(300))
        let daemon = try daemon([Self.renew, revoke, looks])
        #expect(try await daemon.runBeforeEnds()?.actions.map(\.tokenID) == [ending])
        for id in [later, old, left] { #expect(try await fixture.token(id).values.current == 1) }
        #expect(try await fixture.token(left).state == .active)
        #expect(try await fixture.store.read { try $0.openFindings() }.isEmpty, "findings are for the policy's own run")
        #expect(try await daemon.runBeforeEnds() == nil, "and only once")
        #expect(try await fixture.store.read { try $0.schedules() }.isEmpty, "no fire was taken for it")
    }

    @Test func `a quarantine that has come to its end is left to the run of its policy`() async throws {
        let idle = Policy(
            name: "idle", mode: .enforce, selector: Selector(names: [Glob("left-*")]),
            rules: [Rule(.unusedFor(.days(30)), action: .quarantine, revokeAfter: .days(14))])
        let id = try await addToken("left-1", endingIn: .days(100))
        let rule = RuleReference(policy: "idle", rule: "unused-for")
        let change = fixture.change("idle")
        #expect(try await fixture.store.write { try $0.quarantineToken(id, by: rule, change: change) })
        fixture.clock.advance(by: .days(15))
        #expect(try await daemon([Self.renew, idle]).runBeforeEnds() == nil)
        #expect(try await fixture.token(id).state == .quarantined)
    }

    @Test func `a stricter action of another rule keeps a token from being renewed`() async throws {
        let strict = Policy(
            name: "strict", mode: .enforce, selector: Selector(names: [Glob("unowned")]),
            rules: [Rule(.owner([Glob("nobody")]), action: .revoke)])
        let unowned = try await addToken("unowned", endingIn: .hours(1))
        let other = try await addToken("other", endingIn: .hours(1))
        _ = try await daemon([Self.renew, strict]).runBeforeEnds()
        #expect(try await !isRotated(unowned))
        #expect(try await fixture.token(unowned).state == .active, "its own run ends it")
        #expect(try await isRotated(other))
    }

    @Test func `a freeze is stronger than an end`() async throws {
        let id = try await addToken("ending", endingIn: .hours(3))
        let change = fixture.change()
        let freeze = Freeze(reason: "test", actor: "test", begunAt: change.at, endsAt: nil)
        try await fixture.store.write { try $0.freeze(freeze, change: change) }
        #expect(try await daemon().runBeforeEnds() == nil)
        #expect(try await !isRotated(id))
    }

    @Test func `a limit holds, and is told once`() async throws {
        for number in 0..<3 { _ = try await addToken("ending-\(number)", endingIn: .hours(3)) }
        var policy = Self.renew
        policy.limits = Limits(actions: 2)
        let daemon = try daemon([policy])
        for _ in 0..<3 { #expect(try await daemon.runBeforeEnds() == nil) }
        #expect(vault.count(of: .write) == 0)
        #expect(log.messages.count { $0.hasPrefix("tokens will end before their policies run") } == 1)
    }

    @Test func `what is blocked makes no run of its own each minute`() async throws {
        _ = try await fixture.addToken("nowhere", expiresAt: fixture.clock.now() + .hours(3))
        #expect(try await daemon().runBeforeEnds() == nil)
        #expect(try await fixture.store.read { try $0.lastRun() } == nil)
    }

    @Test func `one that was interrupted is not made up for by all that its policies call for`() async throws {
        let old = try await addToken("old", endingIn: .days(300), age: .days(100))
        let dead = try openStore(at: fixture.location, endpoints: [])
        let now = fixture.clock.now()
        let record = RunRecord(id: "dead", acting: ["renewal"], actor: RunUseCase.endWatcher, startedAt: now)
        try dead.transaction {
            try dead.beginRun(record, change: Change(actor: record.actor, at: now, cause: "test", run: "dead"))
        }
        dead.close()
        #expect(try await daemon().runScheduled() == nil)
        #expect(try await !isRotated(old))
    }

    // MARK: What bounds all of them together

    /// Looks `count` times, a minute apart; answers how many rotations each look began.
    private func look(_ daemon: Daemon, _ count: Int) async throws -> [Int] {
        var begun: [Int] = []
        for _ in 0..<count {
            begun.append(try await daemon.runBeforeEnds()?.count(.started) ?? 0)
            fixture.clock.advance(by: TimeSpan(seconds: 60))
        }
        return begun
    }

    @Test func `a pace holds for all that is done from one scheduled run to the next, and that is told once`()
        async throws
    {
        for number in 0..<5 { _ = try await addToken("ending-\(number)", endingIn: .hours(3)) }
        var policy = Self.renew
        policy.pace = 2
        let daemon = try daemon([policy])
        #expect(try await look(daemon, 3) == [2, 0, 0])
        let told = log.all.filter { $0.hasPrefix("tokens will end before their policies run") }
        #expect(told.count == 1 && told[0].hasSuffix("tokens=3"), "\(told)")
        fixture.clock.advance(by: nextRun - fixture.clock.now())
        for number in 0..<3 { _ = try await addToken("next-\(number)", endingIn: .hours(3)) }
        #expect(try await look(daemon, 2) == [2, 0], "from the next one on it is another pace")
    }

    @Test func `a limit holds for all that is done from one scheduled run to the next`() async throws {
        var policy = Self.renew
        policy.limits = Limits(actions: 3)
        let daemon = try daemon([policy])
        for number in 0..<2 { _ = try await addToken("ending-\(number)", endingIn: .hours(3)) }
        #expect(try await look(daemon, 2) == [2, 0])
        let more = [
            try await addToken("more-1", endingIn: .hours(3)), try await addToken("more-2", endingIn: .hours(3)),
        ]
        #expect(try await look(daemon, 2) == [0, 0], "two and two are four")
        #expect(log.all.count { $0.contains("would act on 4 tokens; its limit is 3 actions") } == 1)
        let change = fixture.change()
        _ = try await fixture.store.write { try $0.revokeToken(more[0], change: change) }
        #expect(try await look(daemon, 2) == [1, 0], "and two and one are three")
    }

    @Test(arguments: [
        Limits(actions: 2), Limits(percent: 50), Limits(perOwner: Ceiling(actions: 2)),
        Limits(perVault: Ceiling(actions: 2)), Limits(perOwner: Ceiling(percent: 70)),
    ])
    func `so does every kind of limit, of a policy and above all`(limits: Limits) async throws {
        for isAbove in [true, false] {
            let tests = try RunBeforeEndsTests()
            var policy = Self.renew
            if !isAbove { policy.limits = limits }
            let daemon = try tests.daemon([policy], limits: isAbove ? limits : Limits())
            for owner in ["a", "b"] { _ = try await tests.addToken("l-\(owner)", endingIn: .days(300), owner: owner) }
            for number in 0..<2 { _ = try await tests.addToken("e-\(number)", endingIn: .hours(3), owner: "a") }
            #expect(try await tests.look(daemon, 2) == [2, 0])
            _ = try await tests.addToken("more", endingIn: .hours(3), owner: "a")
            #expect(try await tests.look(daemon, 1) == [0], "\(isAbove)")
        }
    }

    @Test func `what somebody else's policy or a person began counts for nothing`() async throws {
        var other = Self.renew
        (other.name, other.selector) = ("other", Selector(names: [Glob("left-*")]))
        var policy = Self.renew
        policy.pace = 1
        _ = try await addToken("left-1", endingIn: .hours(3))
        let daemon = try daemon([policy, other])
        #expect(try await look(daemon, 1) == [1])
        _ = try await addToken("ending", endingIn: .hours(3))
        #expect(try await look(daemon, 1) == [1])
    }

    @Test func `a place that holds what nobody knows is looked at once, and not each minute`() async throws {
        let id = try await addToken("ending", endingIn: .hours(3))
        vault.foreignWrite("somebody else's", at: try #require(Destination("main:ending#token")))
        let daemon = try daemon()
        #expect(try await daemon.runBeforeEnds()?.actions.map(\.blocked) == [.conflict])
        let probes = vault.count(of: .probe)
        for _ in 0..<3 {
            fixture.clock.advance(by: TimeSpan(seconds: 60))
            #expect(try await daemon.runBeforeEnds() == nil)
        }
        #expect(vault.count(of: .probe) == probes)
        #expect(try await fixture.store.read { try $0.blocks() }.map(\.tokenID) == [id], "it is known, and told")
        // It takes no place of what can be done.
        let other = try await addToken("other", endingIn: .hours(3))
        let report = try #require(try await daemon.runBeforeEnds())
        #expect(report.count(.started) == 1)
        #expect(try await isRotated(other))
        #expect(try await fixture.store.read { try $0.blocks() }.map(\.tokenID) == [id])
    }

    @Test func `a rotation that stands still is left to whoever drives it on`() async throws {
        _ = try await addToken("ending", endingIn: .hours(3))
        vault.script(.write, .timesOutBefore, .timesOutBefore, .timesOutBefore)
        let daemon = try daemon()
        #expect(try await daemon.runBeforeEnds()?.actions.first?.cause != nil)
        fixture.clock.advance(by: TimeSpan(seconds: 60))
        #expect(try await daemon.runBeforeEnds() == nil)
    }

    @Test func `it looks at what its own policies call for, and not as far as others are from running`() async throws {
        let watch = Policy(name: "watch", rules: [Rule(.expiresWithin(.days(30)))])
        for days in 0..<50 { _ = try await addToken("t\(days)", endingIn: .days(Int64(days)) + .hours(1)) }
        let (daily, yearly) = (try Schedule(every: .days(1)), try Schedule(every: .days(360)))
        func looked(_ schedules: [String: Schedule], _ policies: [Policy]) async throws -> Int {
            let occasion = Occasion.endings(Timetable(schedules.map { ScheduledPolicy($0.key, $0.value) }))
            let request = PlanRequest(
                policies: occasion.part(of: PolicySet(policies)), limits: Limits(), vaults: ["main"],
                at: fixture.clock.now(), occasion: occasion)
            return try await fixture.store.read { try makePlan(request, from: $0) }.plan.candidates
        }
        #expect(try await looked(["renewal": daily, "watch": yearly], [Self.renew, watch]) == 1)
        // The rule calls for nothing that ends more than 14 days and its overlap from now.
        let far = try await looked(["renewal": yearly, "watch": daily], [Self.renew, watch])
        #expect(far == 15)
    }

    @Test func `whatever its rules would save is among what it looks at`() async throws {
        func hours(_ least: Int64, _ most: Int64) -> TimeSpan {
            let drawn = fixture.random.bytes(2).reduce(Int64(0)) { $0 << 8 | Int64($1) }
            return .hours(least + drawn % (most - least + 1))
        }
        for number in 0..<200 {
            _ = try await addToken("t\(number)", endingIn: hours(1, 900))
        }
        var tokens: [Token] = []
        for number in 0..<200 { tokens.append(try await fixture.token(TokenID("tok_t\(number)"))) }
        for _ in 0..<40 {
            var schedules: [String: Schedule] = [:]
            let policies = try (0..<3).map { index in
                var policy = Self.renew
                policy.name = "p\(index)"
                policy.selector = Selector(names: [Glob("t\(index)*"), Glob("t1*")])
                policy.rules = [
                    Rule(
                        .expiresWithin(hours(1, 600)), action: .rotate, startBefore: hours(0, 50), overlap: .hours(1),
                        renewal: .days(90))
                ]
                schedules[policy.name] = try Schedule(
                    every: hours(5, 900), spread: hours(0, 1) == .zero ? .hours(3) : nil)
                return policy
            }
            let now = fixture.clock.now()
            let occasion = Occasion.endings(Timetable(schedules.map { ScheduledPolicy($0.key, $0.value) }))
            let part = occasion.part(of: PolicySet(policies))
            let planner = Planner(policies: part, vaults: ["main"], tracking: .unbroken)
            let expected = tokens.filter { token in
                var decision = planner.decide(token, at: now, notices: { [] }) {
                    [Destination(vault: "main", path: "p")]
                }
                occasion.settle(&decision.action, of: token, by: decision.policy.map { part.policies[$0] }, at: now)
                return decision.action != nil
            }
            let request = PlanRequest(policies: part, limits: Limits(), vaults: ["main"], at: now, occasion: occasion)
            let planned = try await fixture.store.read { try makePlan(request, from: $0) }.plan.actions
            #expect(Set(planned.map(\.tokenID)) == Set(expected.map(\.id)))
        }
    }

    @Test func `the notice of what it has done ends with it, and the others are left alone`() async throws {
        let policy = Policy(
            name: "renewal", mode: .enforce,
            rules: [Rule(.expiresWithin(.hours(1)), action: .rotate, renewal: .days(90))],
            notifyBefore: [.days(1)])
        let daemon = try daemon([policy])
        _ = try await daemon.runScheduled()
        fixture.clock.advance(by: nextRun - fixture.clock.now())
        let ending = try await addToken("ending", endingIn: .hours(20))
        let later = try await addToken("later", endingIn: .hours(23))
        _ = try await daemon.runScheduled()
        func told() async throws -> [Int] {
            var counts: [Int] = []
            for id in [ending, later] { counts.append(try await fixture.store.read { try $0.notices(of: id) }.count) }
            return counts
        }
        #expect(try await told() == [1, 1])
        fixture.clock.advance(by: .hours(19))
        #expect(try await daemon.runBeforeEnds()?.actions.map(\.tokenID) == [ending])
        #expect(try await told() == [0, 1])
    }

    // MARK: Changing a schedule

    @Test(arguments: [TimeSpan.hours(1), .hours(12), .days(7)])
    func `changing a schedule does nothing by itself, however much is due`(changed: TimeSpan) async throws {
        let old = try await addToken("old", endingIn: .days(300), age: .days(100))
        let ending = try await addToken("ending", endingIn: .days(13))
        let before = try daemon()
        #expect(try await before.runScheduled() == nil, "a policy that is new waits for its next run")
        // Overdue by the old schedule in that moment, too.
        fixture.clock.advance(by: .days(2))
        let after = try daemon(every: changed)
        let start = fixture.clock.now()
        let next = try Schedule(every: changed).next(after: start)
        while fixture.clock.now() < next {
            #expect(try await after.runScheduled() == nil)
            #expect(try await after.runBeforeEnds() == nil)
            fixture.clock.advance(by: min(.hours(1), next - fixture.clock.now()))
        }
        #expect(vault.count(of: .write) == 0)
        #expect(try await after.runScheduled()?.count(.started) == 2)
        for id in [old, ending] { #expect(try await isRotated(id)) }
    }

    @Test func `what acts after a change is an end that comes before the new window, not the change`() async throws {
        let old = try await addToken("old", endingIn: .days(300), age: .days(100))
        let ending = try await addToken("ending", endingIn: .days(3))
        let daily = try daemon()
        _ = try await daily.runScheduled()
        #expect(try await daily.runBeforeEnds() == nil)
        let yearly = try daemon(every: .days(366))
        #expect(try await yearly.runScheduled() == nil)
        #expect(try await yearly.runBeforeEnds()?.actions.map(\.tokenID) == [ending])
        #expect(try await !isRotated(old))
    }
}
