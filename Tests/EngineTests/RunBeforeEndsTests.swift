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
        _ policies: [Policy] = [renew], every span: TimeSpan = .days(1), calendar: FreezeCalendar? = nil
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
                calendar: calendar, limits: Limits()),
            run: run, deliverer: deliverer, clock: fixture.clock, brakes: BrakeWatch(fixture.clock, log: log), log: log,
            stop: StopSignal())
    }

    private func addToken(_ name: String, endingIn span: TimeSpan, age: TimeSpan = .zero) async throws -> TokenID {
        try await fixture.addToken(
            name, age: age, expiresAt: fixture.clock.now() + span, destinations: ["main:\(name)#token"])
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
