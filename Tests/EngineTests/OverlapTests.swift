import Crypto
import Engine
import RotaCore
import TestSupport
import Testing

/// Step 8: read-back proves the place, use proves the consumer.
@Suite struct OverlapTests {
    private let bench: RotationBench
    private let vault = FakeVault("a")
    /// A tracker that was asked all the time, unless a test says otherwise.
    private let started: Instant

    init() throws {
        bench = try RotationBench([vault])
        started = bench.clock.now() - .days(60)
    }

    private func use(_ version: Int, ago span: TimeSpan = .zero) async throws {
        try await Self.use(version, of: bench, ago: span)
    }

    private static func use(_ version: Int, of bench: RotationBench, ago span: TimeSpan) async throws {
        let (id, at) = (bench.id, bench.clock.now() - span)
        let tally = UseTally(
            key: UseTally.Key(tokenID: id, version: version, day: at.midnight),
            accepted: UseTally.Side(
                count: 1, last: at, sources: Sightings(texts: ["10.0.0.\(version)"], more: false)))
        try await bench.queue.write { try $0.recordUses([tally], by: "test", at: at) }
    }

    /// Time goes by, watched or not.
    private func wait(_ span: TimeSpan, watched: Bool = true) async throws {
        bench.clock.advance(by: span)
        guard watched else { return }
        try await beat(from: started)
    }

    private func beat(from start: Instant) async throws {
        let now = bench.clock.now()
        let beat = Heartbeat(tracker: "test", startedAt: start, beatAt: now, askedAt: now)
        try await bench.queue.write { try $0.recordHeartbeat(beat) }
    }

    private func rotate(overlap: TimeSpan = .hours(10), cap: OverlapCap = OverlapCap()) async throws {
        try await wait(.zero)
        var request = bench.request(overlap: overlap)
        request.cap = cap
        _ = try await bench.rotator().rotate([request])
    }

    @discardableResult
    private func tick() async throws -> [RotationResult] {
        try await bench.rotator(seed: 2).recover(change: bench.change).rotations
    }

    private func oldIsValid() async throws -> Bool {
        let states = try await bench.states()
        return states.first == .previous
    }

    private func reasons() async throws -> [String] {
        try await alarms().map { $0.data.contains("previous-in-use") ? "previous-in-use" : "stalled" }
    }

    private func alarms() async throws -> [OutgoingEvent] {
        let end = bench.clock.now() + .days(1000)
        return try await bench.queue.read { store in
            try store.dueDeliveries(endpoint: "all", at: end, limit: 1000).map(\.event)
                .filter { $0.type == "token.rotation_stuck" }
        }
    }

    @Test func `a value that is still in use lives on, until it is silent and the new one is in use`() async throws {
        try await rotate()
        try await wait(.hours(9))
        try await use(1)
        try await use(2)
        try await wait(.hours(1))
        #expect(try await tick().map(\.cause) == [nil], "nothing is wrong yet")
        #expect(try await oldIsValid())
        try await wait(.hours(4) - TimeSpan(seconds: 1))
        try await tick()
        #expect(try await oldIsValid(), "not silent for half of the overlap")
        try await wait(.hours(1))
        try await tick()
        #expect(try await bench.states() == [.revoked, .current])
        #expect(try await bench.violations() == [])
        #expect(try await alarms().isEmpty)
    }

    @Test func `a value that was in use waits for the new one to be seen`() async throws {
        try await use(1)
        try await rotate()
        try await wait(.hours(20))
        try await tick()
        #expect(try await oldIsValid(), "nobody has read the new one, wherever it was put")
        try await use(2)
        try await wait(.hours(1))
        try await tick()
        #expect(try await bench.states() == [.revoked, .current])
    }

    @Test func `an overlap that ends when idle ends with the last consumer of the old value`() async throws {
        try await use(1)
        try await rotate(cap: OverlapCap(endsWhenIdle: true))
        try await wait(.hours(1))
        try await tick()
        #expect(try await oldIsValid(), "nobody has read the new one")
        try await use(2)
        try await wait(.hours(3))
        try await tick()
        #expect(try await oldIsValid(), "not silent for half of the overlap")
        try await use(1)
        try await wait(.hours(4))
        try await tick()
        #expect(try await oldIsValid(), "used again")
        try await wait(.hours(1))
        try await tick()
        #expect(try await bench.states() == [.revoked, .current], "after eight of ten hours")
        #expect(try await bench.violations() == [])
    }

    @Test func `silence before the promotion does not end an overlap`() async throws {
        try await use(1, ago: .hours(20))
        try await rotate(cap: OverlapCap(endsWhenIdle: true))
        try await use(2)
        try await wait(.hours(4))
        try await tick()
        #expect(try await oldIsValid(), "a job that comes once a day has not come since")
        try await wait(.hours(1))
        try await tick()
        #expect(try await bench.states() == [.revoked, .current])
    }

    @Test func `an overlap does not end when idle where nobody would have seen a use`() async throws {
        try await rotate(cap: OverlapCap(endsWhenIdle: true))
        try await use(2)
        try await wait(.hours(9))
        try await tick()
        #expect(try await oldIsValid(), "the use of the old value is not known")
        try await wait(.hours(1))
        try await tick()
        #expect(try await bench.states() == [.revoked, .current])
    }

    @Test func `an overlap does not end before its time unless the policy says so`() async throws {
        try await use(1)
        try await rotate()
        try await use(2)
        try await wait(.hours(9))
        try await tick()
        #expect(try await oldIsValid())
    }

    @Test func `where the use of the old value is not known, time decides`() async throws {
        try await rotate()
        try await use(2)
        try await wait(.hours(10))
        try await tick()
        #expect(try await bench.states() == [.revoked, .current])
    }

    @Test func `a value that nobody used for a month of watching holds nothing up`() async throws {
        try await use(1, ago: .days(30))
        try await rotate()
        try await wait(.hours(10))
        try await tick()
        #expect(try await bench.states() == [.revoked, .current])
    }

    @Test func `silence counts only while somebody watches`() async throws {
        try await use(1)
        try await rotate()
        try await use(2)
        try await wait(.hours(20), watched: false)
        try await tick()
        #expect(try await oldIsValid(), "nobody was there to see it used")
        let back = bench.clock.now()
        bench.clock.advance(by: .hours(6))
        try await beat(from: back)
        try await tick()
        #expect(try await bench.states() == [.revoked, .current])
    }

    @Test func `past the cap somebody is told once, with who uses it, and it lives on`() async throws {
        try await rotate(cap: OverlapCap(.days(3)))
        for _ in 0..<6 {
            try await wait(.hours(11))
            try await use(1)
            try await tick()
        }
        #expect(try await alarms().isEmpty, "before the cap")
        for _ in 0..<4 {
            try await wait(.hours(11))
            try await use(1)
            let results = try await tick()
            #expect(results.first?.isStalled == true)
        }
        let alarms = try await alarms()
        #expect(alarms.count == 1)
        #expect(alarms.first?.data.contains("10.0.0.1") == true)
        #expect(try await oldIsValid())
        let audited = try await bench.queue.read { store in
            var actions: [String] = []
            try store.eachAuditEntry(from: 1, object: bench.id.text) { entry in
                actions.append(entry.action)
                return true
            }
            return actions
        }
        #expect(audited.count { $0 == "rotation.stuck" } == 1)
        #expect(!audited.contains("rotation.stall"), "waiting is no failure, and is not audited each time")
    }

    @Test func `a vault that was down does not silence the alarm of use, nor that one the other`() async throws {
        for isUsedFirst in [false, true] {
            let test = try OverlapTests()
            try await test.rotate(cap: OverlapCap(.days(1)))
            for isUsed in [isUsedFirst, !isUsedFirst] {
                if !isUsed { test.vault.setHook { $0.operation == .probe ? .transient : nil } }
                for _ in 0..<4 {
                    try await test.wait(.hours(11))
                    try await test.use(isUsed ? 1 : 2)
                    try await test.tick()
                }
                test.vault.setHook(nil)
            }
            let expected = isUsedFirst ? ["previous-in-use", "stalled"] : ["stalled", "previous-in-use"]
            #expect(try await test.reasons() == expected)
        }
    }

    @Test func `nobody is told of a use at the cap that only seems so since the last minute is not written down`()
        async throws
    {
        for stillWatches in [true, false] {
            let test = try OverlapTests()
            try await test.rotate(cap: OverlapCap(.hours(10)))
            try await test.wait(.hours(5) - TimeSpan(seconds: 50))
            try await test.use(1)
            try await test.use(2)
            try await test.wait(.hours(5) - TimeSpan(seconds: 50))
            try await test.wait(TimeSpan(seconds: 100), watched: false)
            #expect(try await test.tick().map(\.cause) == [nil], "silent for half of it, as far as can be said")
            #expect(try await test.oldIsValid(), "but not proven")
            let id = test.bench.id
            let next = try await test.bench.queue.read { try $0.rotation(of: id)?.nextAttemptAt }
            #expect(next == test.bench.clock.now() + TimeSpan(seconds: 60), "by when it is written down")
            try await test.wait(TimeSpan(seconds: 60), watched: stillWatches)
            try await test.tick()
            #expect(try await test.oldIsValid() == !stillWatches)
            #expect(try await test.reasons() == (stillWatches ? [] : ["previous-in-use"]), "nobody watches any more")
        }
    }

    @Test func `a short overlap does not pass for silent each time that its uses wait to be written down`()
        async throws
    {
        try await rotate(overlap: TimeSpan(seconds: 60), cap: OverlapCap(TimeSpan(seconds: 600)))
        for _ in 0..<25 {
            try await use(1)
            try await wait(TimeSpan(seconds: 1))
            try await wait(TimeSpan(seconds: 40), watched: false)
            try await tick()
        }
        #expect(try await oldIsValid())
        #expect(try await reasons() == ["previous-in-use"])
    }

    @Test func `the alarm is not late`() async throws {
        try await use(1)
        try await rotate(cap: OverlapCap(.hours(12)))
        try await wait(.hours(12) - TimeSpan(seconds: 100))
        try await tick()
        let (id, cap) = (bench.id, bench.clock.now() + TimeSpan(seconds: 100))
        #expect(try await bench.queue.read { try $0.rotation(of: id)?.nextAttemptAt } == cap)
    }

    @Test func `past the cap the verdict is violating, though the value is young enough`() async throws {
        try await rotate(cap: OverlapCap(.days(3)))
        for _ in 0..<8 {
            try await wait(.hours(11))
            try await use(1)
            try await tick()
        }
        let id = bench.id
        let token = try #require(try await bench.queue.read { try $0.token(id) })
        let rule = Rule(.maxAge(.days(300)), action: .rotate, overlap: .hours(10), cap: OverlapCap(.days(3)))
        let verdict = evaluate(rule, of: token, at: bench.clock.now(), tracking: .unbroken)
        #expect(verdict.status == .violating && verdict.reason.code == "previous-in-use")
        #expect(!verdict.calls, "it is being waited for")
        let policies = PolicySet([Policy(name: "p", rules: [rule])])
        let request = PlanRequest(policies: policies, limits: Limits(), vaults: ["a"], at: bench.clock.now())
        let planned = try await bench.queue.read { try makePlan(request, from: $0) }
        #expect(planned.findings.map(\.verdict.reason.code) == ["previous-in-use"], "a plan sees it, too")
    }

    @Test func `it ends at its cap where the policy says so, in use or not`() async throws {
        try await rotate(cap: OverlapCap(.days(1), revokes: true))
        try await wait(.hours(23))
        try await use(1)
        try await tick()
        #expect(try await oldIsValid())
        try await wait(.hours(1))
        try await use(1)
        try await tick()
        #expect(try await bench.states() == [.revoked, .current])
        #expect(try await alarms().isEmpty)
    }

    @Test func `a value that ends at its cap while it is in use says who used it last, wherever that is told`()
        async throws
    {
        try await rotate(cap: OverlapCap(.days(1), revokes: true))
        try await wait(.hours(23))
        try await use(1)
        try await wait(.hours(1))
        let at = bench.clock.now() - .hours(1)
        let result = try #require(try await tick().first)
        #expect(
            result.remark
                == "version 1 ended at the cap of its overlap, and was still in use: last at \(at) from 10.0.0.1")
        let (end, id) = (bench.clock.now() + .days(1000), bench.id)
        let (event, entry) = try await bench.queue.read { store in
            var last: AuditEntry?
            try store.eachAuditEntry(below: .max, object: id.text) { entry in
                if entry.action == "version.retire" { last = entry }
                return last == nil
            }
            let events = try store.dueDeliveries(endpoint: "all", at: end, limit: 1000).map(\.event)
            return (events.last { $0.type == "token.version_retired" }, last)
        }
        for text in [event?.data, entry?.body] {
            #expect(text?.contains("10.0.0.1") == true && text?.contains("\(at)") == true)
            #expect(text?.contains("previous-in-use") == true)
        }
    }

    @Test func `a value that ends at its cap and is silent says nothing more`() async throws {
        try await use(1)
        try await rotate(cap: OverlapCap(.days(1), revokes: true))
        try await use(2)
        try await wait(.days(1))
        #expect(try await tick().map(\.remark) == [nil])
        #expect(try await bench.states() == [.revoked, .current])
    }

    @Test func `who asks for no overlap gets none`() async throws {
        try await use(1)
        try await rotate(overlap: .zero)
        #expect(try await bench.states() == [.revoked, .current])
    }

    @Test func `a use that is written down while the vaults are read still counts`() async throws {
        try await use(1, ago: .days(40))
        try await rotate()
        try await wait(.hours(10))
        let bench = bench
        vault.setHook { call in
            if call.operation == .probe { try? await Self.use(1, of: bench, ago: .zero) }
            return nil
        }
        let results = try await tick()
        #expect(try await oldIsValid())
        #expect(results.map(\.isStalled) == [false])
    }

    @Test func `what is still in use is not looked for in the vaults again and again`() async throws {
        try await rotate()
        try await wait(.hours(10))
        try await use(1)
        let probes = vault.count(of: .probe)
        try await tick()
        #expect(vault.count(of: .probe) == probes)
    }
}
