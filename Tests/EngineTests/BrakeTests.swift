import Crypto
import RotaCore
import Stores
import TestSupport
import Testing

@testable import Engine

/// What a run and a daemon leave undone while there is a brake, and what goes on.
struct BrakeTests {
    private static let rotateOld = Policy(
        name: "rotation", mode: .enforce,
        rules: [Rule(.maxAge(.days(90)), action: .rotate, overlap: .hours(24))])
    private static let revokeUnused = Policy(
        name: "unused", mode: .enforce, rules: [Rule(.unusedFor(.days(30)), action: .revoke)])
    private static let policies = PolicySet(policies: [rotateOld, revokeUnused], digest: "sha256:test")

    private let fixture: RunFixture
    private let vault = FakeVault("main")

    init() throws { fixture = try RunFixture() }

    private func useCase() -> RunUseCase {
        let rotator = Rotator(
            store: fixture.store, vaults: [vault.name: vault], clock: fixture.clock, random: fixture.random)
        return RunUseCase(
            store: fixture.store, rotator: rotator, deliverer: fixture.deliverer(ScriptedTransport([])),
            clock: fixture.clock, random: fixture.random)
    }

    private func run() async throws -> RunReport {
        try await useCase().run(policies: Self.policies, limits: Limits(), actor: "cli:alice")
    }

    private func freeze(for span: TimeSpan? = nil) async throws {
        let now = fixture.clock.now()
        let freeze = Freeze(reason: "release", actor: "cli:alice", begunAt: now, endsAt: span.map { now + $0 })
        let change = fixture.change()
        try await fixture.store.write { try $0.freeze(freeze, change: change) }
    }

    /// One token of each kind that a run would do something to.
    private func addDue() async throws {
        try await fixture.addToken("old", age: .days(100), destinations: ["main:old#token"])
        try await fixture.addToken("unused", age: .days(60), usage: .neverUsed(since: fixture.clock.now() - .days(60)))
        try await fixture.addToken("ended", expiresAt: fixture.clock.now() + TimeSpan(seconds: 5))
        fixture.clock.advance(by: TimeSpan(seconds: 10))
    }

    private func states() async throws -> [String: TokenState] {
        try await fixture.store.read { store in
            var states: [String: TokenState] = [:]
            try store.eachToken(states: []) {
                states[$0.name] = $0.state
                return true
            }
            return states
        }
    }

    @Test func `a frozen run skips every action with the reason, tells findings, and is made up for afterwards`()
        async throws
    {
        try await addDue()
        try await freeze(for: .days(1))
        let report = try await run()
        #expect(report.brake?.code == "frozen")
        #expect(report.actions.count == 2 && report.count(.skipped) == 2)
        #expect(report.actions.allSatisfy { $0.cause?.contains("release") == true })
        #expect(try await states() == ["old": .active, "unused": .active, "ended": .active])
        #expect(vault.count(of: .write) == 0 && report.expired == 0)
        #expect(try await fixture.store.read { try $0.openFindings().count } == 2)
        fixture.clock.advance(by: .days(1))
        let after = try await run()
        #expect(after.brake == nil && after.count(.done) == 1 && after.count(.started) == 1 && after.expired == 1)
        #expect(try await states() == ["old": .active, "unused": .revoked, "ended": .expired])
    }

    /// Frozen from a while ago until a day from now.
    private func followCalendar(until span: TimeSpan = .days(1)) async throws -> Instant {
        let now = fixture.clock.now()
        let dates = FreezeCalendar.Dates(
            from: (now - .hours(1)).seconds, until: (now + span).seconds, reason: "year end")
        let calendar = try #require(FreezeCalendar(zone: .utc, dates: [dates], weekly: []))
        try await fixture.store.read { $0.followCalendar(calendar) }
        return now + span
    }

    @Test func `a freeze of the calendar skips every action with the reason, and is made up for afterwards`()
        async throws
    {
        try await addDue()
        let end = try await followCalendar()
        let report = try await run()
        #expect(report.brake?.code == "frozen-by-calendar")
        #expect(report.actions.count == 2 && report.count(.skipped) == 2)
        #expect(report.actions.allSatisfy { $0.cause == "frozen until \(end) by the freeze calendar: year end" })
        #expect(try await states() == ["old": .active, "unused": .active, "ended": .active])
        #expect(vault.count(of: .write) == 0 && report.expired == 0 && report.recovery.rotations.isEmpty)
        let ended = try await fixture.token(TokenID("tok_ended"))
        #expect(!ended.canAuthenticate(at: fixture.clock.now()), "an end is a fact, marked or not")
        fixture.clock.advance(by: end - fixture.clock.now())
        let after = try await run()
        #expect(after.brake == nil && after.count(.done) == 1 && after.count(.started) == 1 && after.expired == 1)
        #expect(try await states() == ["old": .active, "unused": .revoked, "ended": .expired])
    }

    @Test func `a freeze of the calendar stops each transition by itself, and an emergency goes past it`() async throws
    {
        let id = try await fixture.addToken("old", age: .days(100))
        _ = try await followCalendar()
        let change = fixture.change()
        await #expect(throws: StoreError.self) {
            _ = try await fixture.store.write { try $0.revokeToken(id, change: change) }
        }
        #expect(try await fixture.store.write { try $0.revokeToken(id, isEmergency: true, change: change) })
    }

    @Test func `a freeze by a person is told before one of the calendar, and both have to end`() async throws {
        let end = try await followCalendar(until: .days(3))
        try await freeze(for: .days(1))
        let now = fixture.clock.now()
        #expect(try await fixture.store.brake(at: now)?.code == "frozen")
        #expect(try await fixture.store.brake(at: now + .days(1))?.code == "frozen-by-calendar")
        #expect(try await fixture.store.brake(at: end) == nil)
    }

    @Test func `an open rotation and an overlap that has passed wait while it is frozen, as they are`() async throws {
        try await fixture.addToken("old", age: .days(100), destinations: ["main:old#token"])
        #expect(try await run().count(.started) == 1)
        fixture.clock.advance(by: .days(2))
        try await freeze()
        let before = try await fixture.store.read { try $0.openRotations() }
        let report = try await run()
        #expect(report.recovery.retired == 0)
        #expect(report.stalledBefore.map(\.action.outcome) == [.skipped], "told, as not done")
        #expect(report.stalledBefore.first?.action.cause?.contains("release") == true)
        #expect(try await useCase().upkeep(stuck: false).recovery.retired == 0)
        #expect(try await fixture.store.read { try $0.openRotations() } == before)
        let change = fixture.change()
        _ = try await fixture.store.write { try $0.unfreeze(change: change) }
        #expect(try await run().recovery.retired == 1)
    }

    @Test func `a rotation that stands still is skipped by a frozen run, and not told as started`() async throws {
        try await fixture.addToken("old", age: .days(100), destinations: ["main:old#token"])
        vault.setHook { $0.operation == .write ? .transient : nil }
        #expect(try await run().stalled.map(\.action.outcome) == [.started])
        vault.setHook(nil)
        try await freeze(for: .days(1))
        let frozen = try await run()
        #expect(frozen.stalled.map(\.action.outcome) == [.skipped])
        #expect(frozen.stalled.first?.action.cause == frozen.brake?.message)
    }

    @Test func `no token is left half made by a freeze`() async throws {
        try await freeze()
        var draft = TokenDraft(name: "new")
        draft.destinations = [try #require(Destination("main:new#token"))]
        let (random, change) = (fixture.random, fixture.change())
        let wanted = draft
        do {
            _ = try await fixture.store.write { try issueToken(wanted, in: $0, random: random, change: change).token }
            Issue.record("it was made")
        } catch StoreError.held {}
        #expect(try await states().isEmpty)
    }

    @Test func `a freeze in the middle of a rotation stops it before the next write, and it goes on afterwards`()
        async throws
    {
        let id = try await fixture.addToken("old", age: .days(100), destinations: ["main:old#token"])
        vault.setHook { call in
            if call.operation == .access { try? await self.freeze() }
            return nil
        }
        let report = try await run()
        #expect(report.count(.skipped) == 1 && vault.count(of: .write) == 0)
        vault.setHook(nil)
        let change = fixture.change()
        _ = try await fixture.store.write { try $0.unfreeze(change: change) }
        _ = try await run()
        #expect(try await fixture.token(id).values.current == 2)
    }

    @Test(
        arguments: [
            (.done, nil, true), (.started, nil, true), (.started, "it stalls", false), (.skipped, "frozen", false),
            (.failed, "denied", false),
        ] as [(Outcome, String?, Bool)])
    func `a rotation of an earlier run that got through before the brake is something done`(
        outcome: Outcome, cause: String?, isDone: Bool
    ) async throws {
        let id = try await fixture.addToken("old", age: .days(100), destinations: ["main:old#token"])
        try await freeze()
        var report = try await run()
        #expect(!report.hasActed)
        report.recovery = RecoveryResult(rotations: [RotationResult(id, outcome, cause: cause)], retired: 0)
        #expect(report.hasActed == isDone)
    }

    @Test func `a daemon tells a freeze once, and its end`() async throws {
        let log = RecordedLog()
        let run = useCase()
        let daemon = Daemon(
            Daemon.Orders(policies: Self.policies, schedules: [], limits: Limits()), run: run,
            deliverer: fixture.deliverer(ScriptedTransport([])), clock: fixture.clock,
            brakes: BrakeWatch(fixture.clock, log: log), log: log, stop: StopSignal())
        try await addDue()
        try await freeze(for: .hours(1))
        for _ in 0..<3 {
            try await daemon.upkeepOnce()
            #expect(try await daemon.runScheduled() == nil)
        }
        #expect(log.messages == ["frozen: nothing is rotated, retired, revoked or expired"])
        #expect(try await states()["ended"] == .active)
        fixture.clock.advance(by: .hours(1))
        try await daemon.upkeepOnce()
        #expect(log.messages[1] == "not frozen any more")
        #expect(try await states()["ended"] == .expired)
    }

    @Test func `a clock that jumped while nothing ran is noticed at the next start, and a confirmation ends it`()
        async throws
    {
        try await fixture.addToken("short", expiresAt: fixture.clock.now() + .days(30))
        let log = RecordedLog()
        #expect(try await BrakeWatch(fixture.clock, log: log).isReleased(fixture.store))
        fixture.clock.jump(by: .days(60))
        let watch = BrakeWatch(fixture.clock, log: log)
        for _ in 0..<2 { #expect(try await !watch.isReleased(fixture.store)) }
        #expect(log.messages == ["the clock is suspect: nothing is rotated, revoked or expired by it"])
        let change = fixture.change()
        await #expect(throws: StoreError.self) {
            _ = try await self.fixture.store.write { try $0.expireToken(TokenID("tok_short"), change: change) }
        }
        let reading = fixture.clock.reading()
        try await fixture.store.write { $0.keepClock(ClockMark(trusted: reading)) }
        #expect(try await watch.isReleased(fixture.store))
    }

    @Test func `a confirmation ends the suspicion of a clock that jumped while the daemon ran`() async throws {
        let watch = BrakeWatch(fixture.clock, log: RecordedLog())
        #expect(try await watch.isReleased(fixture.store))
        fixture.clock.jump(by: .days(60))
        #expect(try await !watch.isReleased(fixture.store))
        fixture.clock.advance(by: TimeSpan(seconds: 30))
        let reading = fixture.clock.reading()
        try await fixture.store.write { $0.keepClock(ClockMark(trusted: reading)) }
        #expect(try await watch.isReleased(fixture.store))
    }

    @Test func `a clock that jumps in the middle of a run ends nothing, and nothing is begun by it`() async throws {
        let ids = [
            try await fixture.addToken("a", age: .days(100), destinations: ["main:a#token"]),
            try await fixture.addToken("b", age: .days(100), destinations: ["main:b#token"]),
        ]
        _ = try await run()
        fixture.clock.advance(by: .days(2))
        // Their overlaps have passed; that of the third ends by the clock alone, and so do the last two.
        try await fixture.addToken("c", age: .days(100), destinations: ["main:c#token"])
        try await fixture.addToken("short", expiresAt: fixture.clock.now() + .days(30))
        try await fixture.addToken("unused", usage: .neverUsed(since: fixture.clock.now()))
        let clock = fixture.clock
        let hasJumped = Locked(false)
        vault.setHook { call in
            let isFirst = hasJumped.withLock { jumped in
                defer { jumped = true }
                return !jumped
            }
            if isFirst { clock.jump(by: .days(400)) }
            return nil
        }
        let report = try await run()
        let isJumpSeen = hasJumped.withLock(\.self)
        #expect(isJumpSeen)
        #expect(report.recovery.retired == 0 && report.expired == 0)
        #expect(report.count(.done) == 0 && report.count(.started) == 0)
        for id in ids {
            #expect(try await fixture.store.read { try $0.versions(of: id).map(\.state) } == [.previous, .current])
        }
        #expect(Set(try await states().values) == [.active])
        #expect(report.brake?.code == "clock-suspect")
    }
}
