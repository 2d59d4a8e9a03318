import Crypto
import Engine
import RotaCore
import TestSupport
import Testing

/// Destinations that come and go while a rotation works on them.
@Suite struct ChangedDestinationTests {
    private let first = FakeVault("a")
    private let second = FakeVault("b")
    private let bench: RotationBench

    init() throws {
        bench = try RotationBench([first, second])
    }

    private func place(_ vault: String, _ path: String = "apps/bench") -> Destination {
        Destination(vault: vault, path: path)
    }

    private func add(_ destination: Destination) async throws {
        let (id, change) = (bench.id, bench.change)
        try await bench.queue.write { try $0.addDestination(destination, to: id, change: change) }
    }

    private func remove(_ destination: Destination) async throws {
        let (id, change) = (bench.id, bench.change)
        try await bench.queue.write { try removeDestination(destination, from: id, in: $0, change: change) }
    }

    private func fail(_ vault: FakeVault, _ fault: FakeVault.Fault) {
        vault.setHook { call in call.operation == .write ? fault : nil }
    }

    @Test func `a destination that is added to a stuck rotation gets its value`() async throws {
        fail(second, .denied)
        #expect(try await bench.rotator().rotate([bench.request()]).map(\.isStalled) == [true])
        try await add(place("a", "apps/late"))
        second.setHook(nil)
        try await bench.runToTheEnd()
        #expect(try await bench.states() == [.revoked, .current])
        #expect(first.value(at: place("a", "apps/late")) == first.value(at: place("a")))
        #expect(try await bench.violations() == [])
    }

    @Test func `a vault that is gone for good is taken away, and its rotation comes to its end`() async throws {
        fail(second, .timesOutBefore)
        #expect(try await bench.rotator().rotate([bench.request()]).map(\.isStalled) == [true])
        #expect(try await bench.states() == [.current, .pending])
        try await remove(place("b"))
        try await bench.runToTheEnd()
        #expect(try await bench.states() == [.revoked, .current])
        #expect(first.value(at: place("a")) != second.value(at: place("b")))
    }

    /// Decision 0024.
    @Test func `a value that was read back in a place that is taken away has the overlap of its successor`()
        async throws
    {
        fail(second, .timesOutBefore)
        #expect(try await bench.rotator().rotate([bench.request(overlap: .hours(1))]).map(\.isStalled) == [true])
        let used = try #require(first.value(at: place("a")))
        try await remove(place("a"))
        second.setHook(nil)
        bench.clock.advance(by: .hours(2))
        _ = try await bench.rotator(seed: 2).recover(change: bench.change)
        #expect(try await bench.states() == [.previous, .unconfirmed, .current])
        #expect(second.value(at: place("b")) != used)
        #expect(try await bench.violations() == [])
        bench.clock.advance(by: .hours(2))
        _ = try await bench.rotator(seed: 3).recover(change: bench.change)
        #expect(try await bench.states() == [.revoked, .revoked, .current])
    }

    @Test func `a third valid value in a place that is taken away does not keep its rotation from its end`()
        async throws
    {
        fail(second, .timesOutBefore)
        _ = try await bench.rotator(seed: 1).rotate([bench.request(overlap: .hours(1))])
        let next = { (seed: UInt64) in
            bench.clock.advance(by: .hours(2))
            _ = try await bench.rotator(seed: seed).recover(change: bench.change)
        }
        try await remove(place("a"))
        try await next(2)
        #expect(try await bench.states() == [.current, .unconfirmed, .pending])
        try await add(place("a", "apps/late"))
        // The third value was nowhere; the fourth is read back here.
        try await next(3)
        #expect(try await bench.states() == [.current, .unconfirmed, .revoked, .pending])
        #expect(first.value(at: place("a", "apps/late")) != nil)
        try await remove(place("a", "apps/late"))
        try await next(4)
        #expect(try await bench.states() == [.current, .unconfirmed, .revoked, .revoked, .pending])
        second.setHook(nil)
        try await bench.runToTheEnd()
        #expect(try await bench.states().filter(\.authenticates) == [.current])
    }

    @Test func `a place that is taken away and comes back is not one that nothing was sent to`() async throws {
        fail(first, .denied)
        fail(second, .landsLater)
        #expect(try await bench.rotator().rotate([bench.request()]).map(\.isStalled) == [true])
        #expect(second.lateCount > 0)
        try await remove(place("b"))
        try await add(place("b"))
        second.setHook(nil)
        // The network delivers what it held back at a bad moment.
        let (network, held) = (second, bench)
        let found = Locked<[String]>([])
        first.setHook { call in
            guard call.operation == .write else { return nil }
            network.landLateWrites()
            let violations = (try? await held.violations()) ?? ["not read"]
            found.withLock { $0 += violations }
            return nil
        }
        try await bench.runToTheEnd()
        #expect(found.withLock(\.self) == [])
        #expect(try await bench.states().filter(\.authenticates) == [.current])
        #expect(try await bench.violations() == [])
    }

    @Test func `the only destination of an open rotation stays until another one is added`() async throws {
        let alone = FakeVault("alone")
        let bench = try RotationBench([alone])
        let (id, change) = (bench.id, bench.change)
        alone.setHook { call in call.operation == .write ? .denied : nil }
        #expect(try await bench.rotator().rotate([bench.request()]).map(\.isStalled) == [true])
        await #expect(throws: StoreError.self) {
            try await bench.queue.write { try removeDestination(place("alone"), from: id, in: $0, change: change) }
        }
        #expect(try await bench.queue.read { try $0.destinations(of: id) }.count == 1)
    }

    @Test func `one that comes in the overlap does not keep the older value alive, unless it holds it`() async throws {
        let older = try #require(first.value(at: place("a")))
        for holdsOlder in [true, false] {
            let bench = try RotationBench([first, second], seeded: false)
            first.foreignWrite(nil, at: place("a"))
            second.foreignWrite(nil, at: place("b"))
            _ = try await bench.rotator(seed: 1).rotate([bench.request(overlap: .hours(1))])
            #expect(try await bench.states() == [.previous, .current])
            let late = place("a", "apps/late-\(holdsOlder)")
            let (id, change) = (bench.id, bench.change)
            // The next rotation makes the present value the older one, which somebody then copied.
            bench.clock.advance(by: .hours(2))
            _ = try await bench.rotator().recover(change: bench.change)
            let copied = try #require(first.value(at: place("a")))
            _ = try await bench.rotator(seed: 2).rotate([bench.request(overlap: .hours(1))])
            try await bench.queue.write { try $0.addDestination(late, to: id, change: change) }
            if holdsOlder { first.foreignWrite(copied, at: late) }
            bench.clock.advance(by: .hours(2))
            _ = try await bench.rotator().recover(change: bench.change)
            let expected: VersionState = holdsOlder ? .previous : .revoked
            #expect(try await bench.states().dropFirst().first == expected, "holds the older value: \(holdsOlder)")
            #expect(try await bench.violations() == [])
            #expect(older != copied)
        }
    }

    @Test func `nor does it keep an imported value alive, unless it holds it`() async throws {
        for holdsOlder in [true, false] {
            let vault = FakeVault("a")
            let bench = try RotationBench([vault, FakeVault("b")])
            let older = try #require(vault.value(at: place("a")))
            _ = try await bench.rotator(seed: 1).rotate([bench.request(overlap: .hours(1))])
            #expect(try await bench.states() == [.previous, .current])
            let (id, change) = (bench.id, bench.change)
            let late = place("a", "apps/late")
            try await bench.queue.write { try $0.addDestination(late, to: id, change: change) }
            if holdsOlder { vault.foreignWrite(older, at: late) }
            bench.clock.advance(by: .hours(2))
            _ = try await bench.rotator().recover(change: bench.change)
            #expect(try await bench.states() == [holdsOlder ? .previous : .revoked, .current])
            #expect(try await bench.violations() == [])
        }
    }

    @Test func `one that comes with an older value while the guard looks keeps that value valid`() async throws {
        let vault = FakeVault("a")
        let bench = try RotationBench([vault, FakeVault("b")])
        let older = try #require(vault.value(at: place("a")))
        _ = try await bench.rotator(seed: 1).rotate([bench.request(overlap: .hours(1))])
        bench.clock.advance(by: .hours(2))
        let (id, change, late) = (bench.id, bench.change, place("b", "apps/late"))
        let hasCome = Locked(false)
        vault.setHook { call in
            guard call.operation == .probe, hasCome.withLock({ !$0 }) else { return nil }
            hasCome.withLock { $0 = true }
            try? await bench.queue.write { try $0.addDestination(late, to: id, change: change) }
            bench.vaults["b"]?.foreignWrite(older, at: late)
            return nil
        }
        _ = try await bench.rotator().recover(change: bench.change)
        #expect(hasCome.withLock { $0 })
        #expect(try await bench.states() == [.previous, .current])
        bench.clock.advance(by: .hours(2))
        _ = try await bench.rotator().recover(change: bench.change)
        #expect(try await bench.states() == [.previous, .current], "the guard sees it from now on")
    }

    @Test func `a place comes back when an ended value can arrive there no more`() async throws {
        fail(first, .timesOutBefore)
        fail(second, .landsLater)
        #expect(try await bench.rotator().rotate([bench.request()]).map(\.isStalled) == [true])
        try await remove(place("b"))
        first.setHook(nil)
        bench.clock.advance(by: TimeSpan(seconds: 1_800))
        _ = try await bench.rotator(seed: 2).recover(change: bench.change)
        #expect(try await bench.states() == [.previous, .revoked, .current], "the first attempt was discarded")
        await #expect(throws: StoreError.self) { try await add(place("b")) }
        bench.clock.advance(by: TimeSpan(seconds: 1_801))
        try await add(place("b"))
        let id = bench.id
        let destinations = try await bench.queue.read { try $0.destinations(of: id) }
        #expect(destinations.count == 2)
    }

    @Test func `one that comes after the others were looked at is looked at before anything is armed`() async throws {
        let third = place("b", "apps/late")
        let older = try #require(second.value(at: place("b")))
        second.foreignWrite(older, at: third)
        let (id, change, queue) = (bench.id, bench.change, bench.queue)
        first.setHook { call in
            guard call.operation == .access, call.number == 1 else { return nil }
            try? await queue.write { try $0.addDestination(third, to: id, change: change) }
            return nil
        }
        let result = try await bench.rotator().rotate([bench.request()])
        #expect(result.map(\.outcome) == [.skipped], "nothing is wrong")
        #expect(try await bench.states() == [.current])
        let waiting = try #require(try await bench.queue.read { try $0.rotation(of: id) })
        #expect(waiting.cause == nil && waiting.failures == 0 && waiting.nextAttemptAt <= bench.clock.now())
        try await bench.runToTheEnd()
        #expect(try await bench.states() == [.revoked, .current])
        #expect(second.value(at: third) == first.value(at: place("a")))
        #expect(second.value(at: third) != older)
    }

    @Test func `what was read before a place went and came back proves nothing`() async throws {
        let older = try #require(second.value(at: place("b")))
        let hasGone = Locked(false)
        let (id, change, network, there, queue) = (bench.id, bench.change, second, place("b"), bench.queue)
        let interposed = InterposedVault(
            inner: second,
            afterProbe: { seen in
                guard let value = seen.value, value.copyBytes() != Array(older.utf8), hasGone.withLock({ !$0 }) else {
                    return
                }
                hasGone.withLock { $0 = true }
                _ = try? await queue.write { try removeDestination(there, from: id, in: $0, change: change) }
                network.foreignWrite(older, at: there)
                try? await queue.write { try $0.addDestination(there, to: id, change: change) }
            })
        let rotator = Rotator(
            store: bench.queue, vaults: ["a": first, "b": interposed], clock: bench.clock,
            random: SeededRandom(seed: 1))
        let result = try await rotator.rotate([bench.request()])
        #expect(hasGone.withLock { $0 })
        #expect(result.map(\.isStalled) == [false])
        #expect(try await bench.states() == [.previous, .current])
        #expect(second.value(at: there) == first.value(at: place("a")), "it was sent there again")
    }

    @Test func `a rotation is tried again at once where its destinations were changed`() async throws {
        fail(second, .denied)
        _ = try await bench.rotator().rotate([bench.request()])
        let (id, now) = (bench.id, bench.clock.now())
        let next = { try await bench.queue.read { try $0.rotation(of: id)?.nextAttemptAt } }
        #expect(try #require(try await next()) > now)
        try await remove(place("b"))
        #expect(try #require(try await next()) <= now)
    }

    @Test func `who does not get on is told of once, and once more after the promotion`() async throws {
        let stuck = { try await bench.events().filter { $0 == "token.rotation_stuck" }.count }
        fail(second, .transient)
        _ = try await bench.rotator().rotate([bench.request()])
        #expect(try await stuck() == 0, "one failure is no news")
        for pass in 2...6 {
            bench.clock.advance(by: .hours(2))
            _ = try await bench.rotator(seed: UInt64(pass)).recover(change: bench.change)
            #expect(try await stuck() == (pass >= 3 ? 1 : 0), "pass \(pass)")
        }
        second.setHook(nil)
        bench.clock.advance(by: .hours(2))
        _ = try await bench.rotator(seed: 9).recover(change: bench.change)
        #expect(try await bench.states() == [.previous, .current])
        // The guard finds another value in the place of the current one.
        second.foreignWrite("theirs", at: place("b"))
        for pass in 10...13 {
            bench.clock.advance(by: .hours(2))
            _ = try await bench.rotator(seed: UInt64(pass)).recover(change: bench.change)
        }
        #expect(try await stuck() == 2)
        #expect(try await bench.states() == [.previous, .current])
    }

    @Test func `what only a person can mend is told at once`() async throws {
        fail(second, .denied)
        _ = try await bench.rotator().rotate([bench.request()])
        #expect(try await bench.events().filter { $0 == "token.rotation_stuck" }.count == 1)
    }
}
