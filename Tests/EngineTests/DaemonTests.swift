import Crypto
import RotaCore
import Stores
import TestSupport
import Testing

@testable import Engine

/// Turns of a daemon's loops, under a clock that the test moves.
struct DaemonTests {
    private static let rotateOld = Policy(
        name: "rotation", mode: .enforce, selector: Selector(except: [Selector(names: [Glob("ended-*")])]),
        rules: [Rule(.maxAge(.days(90)), action: .rotate, overlap: .hours(24))])
    private static let revokeOlder = Policy(
        name: "end", mode: .enforce, selector: Selector(names: [Glob("ended-*")]),
        rules: [Rule(.maxAge(.days(200)), action: .revoke)])

    private func daemon(
        _ fixture: RunFixture, vault: FakeVault, _ policies: [Policy] = [rotateOld, revokeOlder], seed: UInt64 = 1,
        every span: TimeSpan = .days(1), log: RecordedLog = RecordedLog(), brakes: BrakeWatch? = nil,
        over queue: StoreQueue? = nil
    ) throws -> Daemon {
        let (store, random) = (queue ?? fixture.store, SeededRandom(seed: seed))
        let rotator = Rotator(store: store, vaults: [vault.name: vault], clock: fixture.clock, random: random)
        let deliverer = Deliverer(
            store: store, transport: ScriptedTransport([]), clock: fixture.clock, random: fixture.random)
        let run = RunUseCase(
            store: store, rotator: rotator, deliverer: deliverer, clock: fixture.clock, random: random)
        let schedule = try Schedule(every: span)
        return Daemon(
            Daemon.Orders(
                policies: PolicySet(policies), schedules: policies.map { ScheduledPolicy($0.name, schedule) },
                limits: Limits()),
            run: run, deliverer: deliverer, clock: fixture.clock,
            brakes: brakes ?? BrakeWatch(fixture.clock, log: log), log: log, stop: StopSignal())
    }

    /// Every rotation and revocation that was done, by token.
    private func done(_ fixture: RunFixture) async throws -> [String: Int] {
        let end = fixture.clock.now() + .days(1)
        return try await fixture.store.read { store in
            var counts: [String: Int] = [:]
            try store.eachPromotion(from: RunFixture.epoch - .days(1), to: end) { promotion in
                counts[promotion.name, default: 0] += 1
                return true
            }
            try store.eachRunAction(from: RunFixture.epoch - .days(1), to: end) { action in
                if action.action == .revoke, action.outcome == .done { counts[action.name, default: 0] += 1 }
                return true
            }
            return counts
        }
    }

    @Test func `what waits for a webhook that is gone is given up once, not what a newer configuration sends later`()
        async throws
    {
        let fixture = try RunFixture(endpoints: [.named("other")])
        let log = RecordedLog()
        let daemon = try daemon(fixture, vault: FakeVault("main"), log: log)
        try await fixture.addToken("before")
        try await daemon.deliver()
        #expect(log.messages.filter { $0.hasPrefix("a webhook is not configured any more") }.count == 1)
        try await fixture.addToken("after")
        try await daemon.deliver()
        let counts = try await fixture.store.read { try $0.deliveryCounts() }
        #expect(counts == DeliveryCounts(waiting: 1, delivered: 0, dead: 1))
    }

    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func `a week of daily runs with restarts at random handles each due token once and nothing else`(
        seed: UInt64
    ) async throws {
        let fixture = try RunFixture()
        let vault = FakeVault("main")
        let chance = SeededRandom(seed: seed)
        var expected: [String: Int] = [:]
        for number in 0..<40 {
            // Ages around the limit: most of them become due within the week, some of them today. The last fire
            // is 184 hours from here, and a rotation begins its overlap before the deadline.
            let age = TimeSpan.days(80) + .hours(Int64(number) * 8 + 1)
            try await fixture.addToken("token-\(number)", age: age, destinations: ["main:app-\(number)#token"])
            if age + .hours(184) >= .days(89) { expected["token-\(number)"] = 1 }
        }
        for number in 0..<10 {
            try await fixture.addToken("ended-\(number)", age: .days(195))
            try await fixture.addToken("young-\(number)", age: .days(20), destinations: ["main:young-\(number)#token"])
            expected["ended-\(number)"] = 1
        }
        var process = try start(fixture, vault, number: seed * 1000)
        var cuts = 0
        for _ in 0..<(8 * 24) {
            let dies = chance.bytes(1)[0] < 128
            let call = dies ? 1 + Int(chance.bytes(1)[0] % 16) : nil
            // One that was merely stopped between two turns ends in good order.
            var hasEnded = chance.bytes(1)[0] < 40
            if try await turn(of: process, vault, dyingAt: call) {
                hasEnded = true
                let open = try await fixture.store.read { try $0.openRotations().count { $0.phase == .open } }
                if open > 0 { cuts += 1 }
            }
            if hasEnded {
                await process.store.close()
                process = try start(fixture, vault, number: process.number + 1)
            }
            fixture.clock.advance(by: .hours(1))
        }
        // Many of the eight runs died with rotations half done, some of them again when they were made up for.
        #expect(cuts >= 3)
        #expect(try await done(fixture) == expected)
        let open = try await fixture.store.read { store in
            try store.openRotations().filter { $0.phase == .open }
        }
        #expect(open == [])
        let touched = Set(vault.calls.compactMap(\.destination?.path))
        let due = expected.keys.filter { $0.hasPrefix("token-") }.map { "app-\($0.dropFirst("token-".count))" }
        #expect(touched == Set(due), "no other place was so much as looked at")
        #expect(Set(vault.history.map(\.path)) == Set(due))
        await process.store.close()
    }

    /// A daemon with a connection to the store of its own, as a process has.
    private struct Process {
        var number: UInt64
        var store: StoreQueue
        var daemon: Daemon
    }

    private func start(_ fixture: RunFixture, _ vault: FakeVault, number: UInt64) throws -> Process {
        let store = StoreQueue(try openStore(at: fixture.location, endpoints: [])) { _ in }
        return Process(
            number: number, store: store, daemon: try daemon(fixture, vault: vault, seed: number, over: store))
    }

    /// A turn of the loops, which dies in the middle: at the n-th call to the vault, where it comes that far. Answers
    /// whether it did.
    private func turn(of process: Process, _ vault: FakeVault, dyingAt call: Int?) async throws -> Bool {
        let (death, count) = (Checkpoint(), Locked(0))
        vault.setHook { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            guard number == call else { return nil }
            await death.pause()
            return .timesOutBefore
        }
        let work = Task {
            defer { death.release() }
            try await process.daemon.upkeepOnce()
            _ = try await process.daemon.runScheduled()
        }
        await death.reached()
        let hasDied = death.isHolding
        guard hasDied else {
            try await work.value
            return false
        }
        // Whatever it would do from here on, it has no store for it.
        await process.store.close()
        death.release()
        _ = await work.result
        return true
    }

    @Test func `a fire is run once, however many daemons look`() async throws {
        let fixture = try RunFixture()
        let vault = FakeVault("main")
        let daemons = try [1, 2, 3].map { try daemon(fixture, vault: vault, seed: UInt64($0)) }
        for daemon in daemons { #expect(try await daemon.runScheduled() == nil, "a new schedule waits") }
        fixture.clock.advance(by: .days(1))
        var runs = 0
        for _ in 0..<2 {
            for daemon in daemons where try await daemon.runScheduled() != nil { runs += 1 }
        }
        #expect(runs == 1)
    }

    @Test func `a scheduled run whose process died is made up for by the next daemon, without waiting`() async throws {
        let fixture = try RunFixture()
        let dead = try openStore(at: fixture.location, endpoints: [])
        let start = fixture.clock.now()
        let change = Change(actor: RunUseCase.scheduler, at: start, cause: "its schedule says so")
        try dead.transaction {
            try dead.beginRun(
                RunRecord(id: "dead", acting: ["end"], actor: RunUseCase.scheduler, startedAt: start),
                change: change)
        }
        dead.close()
        let log = RecordedLog()
        let daemon = try daemon(fixture, vault: FakeVault("main"), log: log)
        #expect(try await daemon.runScheduled() != nil)
        #expect(try await daemon.runScheduled() == nil)
        #expect(log.messages == ["a run is done"])
    }

    @Test func `nothing is done by a clock that was set back while nothing ran, until it is confirmed`() async throws {
        let fixture = try RunFixture()
        let (log, vault) = (RecordedLog(), FakeVault("main"))
        fixture.clock.advance(by: .days(400))
        try await fixture.addToken("latest")
        fixture.clock.advance(by: .days(-300))
        let id = try await fixture.addToken("t", age: .days(100), destinations: ["main:a#token"])
        let old = try await fixture.addToken("ended-1", age: .days(300))
        let daemon = try daemon(fixture, vault: vault, log: log)
        // A first look settles the schedule; half an hour of steadiness is no confirmation.
        for _ in 0..<30 {
            try await daemon.upkeepOnce()
            #expect(try await daemon.runScheduled() == nil)
            fixture.clock.advance(by: TimeSpan(seconds: 60))
        }
        #expect(try await fixture.token(id).values.current == 1)
        #expect(try await fixture.token(old).state == .active)
        #expect(log.messages == ["the clock is suspect: nothing is rotated, revoked or expired by it"])
        let now = fixture.clock.now()
        let lag = try #require(try await fixture.store.read { try $0.lag(of: now) })
        let change = fixture.change("confirmed")
        try await fixture.store.write { try $0.trustClock(.behind(lag), change: change) }
        _ = try await daemon.runScheduled()
        fixture.clock.advance(by: .days(2))
        _ = try await daemon.runScheduled()
        #expect(log.messages[1] == "the clock is trusted again")
        #expect(try await fixture.token(old).state == .revoked)
    }

    @Test func `upkeep is told of when something has changed, and a stuck rotation by its token's name`() async throws {
        let fixture = try RunFixture()
        let log = RecordedLog()
        let vault = FakeVault("main", conditionalWrite: false, fenceable: false)
        try await fixture.addToken("aged", age: .days(100), destinations: ["main:a#token"])
        var policy = Self.rotateOld
        policy.rules[0].overlap = TimeSpan(seconds: 10)
        let daemon = try daemon(fixture, vault: vault, [policy], log: log)
        // Its schedule is new, and waits for its first time.
        _ = try await daemon.runScheduled()
        fixture.clock.advance(by: .days(1))
        #expect(try await daemon.runScheduled()?.count(.started) == 1)
        fixture.clock.advance(by: TimeSpan(seconds: 11))
        try await daemon.upkeepOnce()
        #expect(log.all.last == "upkeep rotations=1 stuck=0 retired=1 expired=0")
        // The next value to be replaced was sent there: a late write of it may still come when its overlap has passed,
        // so that it is kept, and looked at each time.
        fixture.clock.advance(by: .days(100))
        #expect(try await daemon.runScheduled()?.count(.started) == 1)
        fixture.clock.advance(by: TimeSpan(seconds: 11))
        for _ in 0..<5 {
            try await daemon.upkeepOnce()
            fixture.clock.advance(by: TimeSpan(seconds: 5))
        }
        #expect(log.all.count { $0.hasPrefix("upkeep") } == 2)
        // Now the guard finds another value, again and again.
        vault.foreignWrite("somebody else's", at: try #require(Destination("main:a#token")))
        for _ in 0..<5 {
            fixture.clock.advance(by: .hours(2))
            try await daemon.upkeepOnce()
        }
        #expect(log.all.filter { $0.hasPrefix("a rotation is stuck") }.count == 1)
        #expect(log.all.contains { $0.hasPrefix("a rotation is stuck token=aged cause=main:a#token does not hold") })
    }

    @Test func `nothing is done by a clock that jumped, until it has been steady`() async throws {
        let fixture = try RunFixture()
        let log = RecordedLog()
        let vault = FakeVault("main")
        let id = try await fixture.addToken("t", age: .days(10), destinations: ["main:a#token"])
        try await fixture.addToken("short", expiresAt: fixture.clock.now() + .days(30))
        let daemon = try daemon(fixture, vault: vault, log: log)
        _ = try await daemon.runScheduled()
        fixture.clock.jump(by: .days(400))
        for _ in 0..<14 {
            try await daemon.upkeepOnce()
            #expect(try await daemon.runScheduled() == nil)
            fixture.clock.advance(by: TimeSpan(seconds: 60))
        }
        #expect(try await fixture.token(id).values.current == 1)
        #expect(try await fixture.token(TokenID("tok_short")).state == .active)
        #expect(log.messages == ["the clock is suspect: nothing is rotated, revoked or expired by it"])
        // Set right again: that is a jump too, and then it is trusted.
        fixture.clock.jump(by: .days(-400))
        for _ in 0..<20 {
            try await daemon.upkeepOnce()
            fixture.clock.advance(by: TimeSpan(seconds: 60))
        }
        #expect(log.messages.last == "the clock is trusted again")
        #expect(try await fixture.token(TokenID("tok_short")).state == .active)
    }

    @Test func `a reload does not end the suspicion of a clock`() async throws {
        let fixture = try RunFixture()
        let (log, vault) = (RecordedLog(), FakeVault("main"))
        let brakes = BrakeWatch(fixture.clock, log: log)
        try await fixture.addToken("ended-1", age: .days(195))
        try await fixture.addToken("short", expiresAt: fixture.clock.now() + .days(30))
        var daemon = try daemon(fixture, vault: vault, log: log, brakes: brakes)
        _ = try await daemon.runScheduled()
        fixture.clock.jump(by: .days(400))
        try await daemon.upkeepOnce()
        for _ in 0..<3 {
            fixture.clock.advance(by: TimeSpan(seconds: 60))
            daemon = try self.daemon(fixture, vault: vault, log: log, brakes: brakes)
            try await daemon.upkeepOnce()
            #expect(try await daemon.runScheduled() == nil)
        }
        for id in ["tok_ended-1", "tok_short"] { #expect(try await fixture.token(TokenID(id)).state == .active) }
        #expect(log.messages == ["the clock is suspect: nothing is rotated, revoked or expired by it"])
    }

    @Test func `a run that is asked to stop begins nothing more, and the next daemon makes up for it`() async throws {
        let fixture = try RunFixture()
        for number in 0..<3 {
            try await fixture.addToken("ended-\(number)", age: .days(210))
            try await fixture.addToken("old-\(number)", age: .days(100), destinations: ["main:\(number)#token"])
        }
        let stop = StopSignal()
        stop.request()
        let rotator = Rotator(
            store: fixture.store, vaults: ["main": FakeVault("main")], clock: fixture.clock, random: fixture.random,
            stop: stop)
        let run = RunUseCase(
            store: fixture.store, rotator: rotator, deliverer: fixture.deliverer(ScriptedTransport([])),
            clock: fixture.clock, random: fixture.random)
        let policies = PolicySet([Self.rotateOld, Self.revokeOlder])
        await #expect(throws: CancellationError.self) {
            let schedule = try Schedule(every: .days(1))
            let scheduled = policies.policies.map { ScheduledPolicy($0.name, schedule) }
            _ = try await run.runScheduled(policies: policies, schedules: scheduled, limits: Limits(), looking: true)
            fixture.clock.advance(by: .days(1))
            _ = try await run.runScheduled(policies: policies, schedules: scheduled, limits: Limits(), looking: true)
        }
        #expect(try await done(fixture).isEmpty)
        _ = try await daemon(fixture, vault: FakeVault("main")).runScheduled()
        #expect(try await done(fixture).count == 6)
    }
}

/// A log that a test reads.
final class RecordedLog: ServiceLog {
    private let lines = Locked<[(message: String, fields: [LogField])]>([])

    /// Without those of upkeep.
    var messages: [String] { lines.withLock { $0.map(\.message).filter { $0 != "upkeep" } } }

    /// Each with its fields.
    var all: [String] {
        lines.withLock { lines in
            lines.map { ([$0.message] + $0.fields.map { "\($0.name)=\($0.value)" }).joined(separator: " ") }
        }
    }

    func write(_ level: LogLevel, _ message: String, _ fields: [LogField]) {
        guard level != .debug else { return }
        lines.withLock { $0.append((message, fields)) }
    }
}
