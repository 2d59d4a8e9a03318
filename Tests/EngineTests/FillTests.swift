import Crypto
import Engine
import RotaCore
import TestSupport
import Testing

/// An empty destination whose emptiness cannot be fenced is given the current value first (decision 0020).
@Suite struct FillTests {
    /// It holds the current value.
    private let full = FakeVault("a")
    /// A process has died while a value was on its way here.
    private let empty = FakeVault("b", fencesEmptiness: false)
    private let bench: RotationBench
    private let old: String

    init() async throws {
        bench = try RotationBench([full, empty])
        old = try #require(full.value(at: Self.place(full)))
        try await interrupt(bench, full, empty)
    }

    private static func place(_ vault: FakeVault) -> Destination { Destination(vault: vault.name, path: "apps/bench") }

    /// A rotation that ends with a pending value that has arrived nowhere; the network holds its writes to `empty`.
    private func interrupt(_ bench: RotationBench, _ full: FakeVault, _ empty: FakeVault) async throws {
        empty.foreignWrite(nil, at: Self.place(empty))
        full.setHook { $0.operation == .write ? .timesOutBefore : nil }
        empty.setHook { $0.operation == .write ? .landsLater : nil }
        _ = try await bench.rotator().rotate([bench.request()])
        full.setHook(nil)
        empty.setHook(nil)
        #expect(try await bench.states() == [.current, .pending])
        #expect(empty.lateCount > 0)
    }

    private func recover(seed: UInt64 = 2) async throws -> RotationResult? {
        bench.clock.advance(by: .hours(2))
        let result = try await bench.rotator(seed: seed).recover(change: bench.change).rotations.first
        #expect(try await bench.violations() == [])
        return result
    }

    /// The rows at the empty place, of version 1, 2 and so on.
    private static func rows(_ bench: RotationBench) async throws -> [Push] {
        let id = bench.id
        let place = place(bench.vaults["b"] ?? FakeVault("b"))
        return try await bench.queue.read { store in
            let number = try store.destinations(of: id).first { $0.description == place.description }?.id
            return try store.pushes(of: id).filter { $0.destinationID == number }.sorted { $0.version < $1.version }
        }
    }

    private func rows() async throws -> [Push] { try await Self.rows(bench) }

    @Test func `it is filled and fenced, and the value that never arrived goes`() async throws {
        let known = empty.history.count
        _ = try await recover()
        #expect(try await bench.states() == [.previous, .revoked, .current])
        let written = empty.history.dropFirst(known)
        #expect(written.map(\.origin) == [.write, .fence, .write])
        #expect(written.map(\.value) == [old, old, full.value(at: Self.place(full))])
        #expect(try await rows().map(\.state) == [.verified, .fenced, .verified])
        #expect(empty.landLateWrites() == 0)
        try await bench.runToTheEnd()
        #expect(try await bench.states() == [.revoked, .revoked, .current])
    }

    /// `conditional-fill`.
    @Test func `a filling is written over the emptiness that was seen and over nothing else`() async throws {
        let network = empty
        let next = empty.count(of: .write) + 1
        let landed = Locked(0)
        empty.setHook { call in
            guard call.operation == .write, call.number == next else { return nil }
            landed.withLock { $0 = network.landLateWrites() }
            return nil
        }
        _ = try await recover()
        #expect(landed.withLock { $0 } > 0)
        #expect(!empty.history.contains { $0.origin == .write && $0.value == old })
        #expect(try await bench.states() == [.previous, .current], "what has landed goes on")
        #expect(full.value(at: Self.place(full)) == empty.value(at: Self.place(empty)))
    }

    /// `fill-is-current`.
    @Test(arguments: ["somebody else's", nil])
    func `nothing but the current value is carried over`(_ held: String?) async throws {
        full.foreignWrite(held, at: Self.place(full))
        let known = empty.count(of: .write)
        let next = full.count(of: .write)
        full.setHook { call in call.operation == .write && call.number > next ? .denied : nil }
        empty.setHook { call in call.operation == .write && call.number > known ? .denied : nil }
        _ = try await recover()
        #expect(empty.value(at: Self.place(empty)) == nil)
        #expect(try await rows().map(\.version).first == 2, "no row of version 1")
        let isKept = try await bench.states()[1] == .unconfirmed
        #expect(isKept, "a value that may still land stays valid")
    }

    /// `fill-while-current`.
    @Test func `a filling serves no value that was given up meanwhile`() async throws {
        let (id, change, queue, number) = (bench.id, bench.change, bench.queue, full.count(of: .probe) + 3)
        let written = empty.count(of: .write)
        full.setHook { call in
            // It is probed, fenced and read back; the third read of it is the search for the current value.
            guard call.operation == .probe, call.number == number else { return nil }
            _ = try? await queue.write { try $0.leaveUnconfirmed(id, version: 2, change: change) }
            return nil
        }
        #expect(try await recover()?.outcome == .skipped)
        #expect(try await bench.states() == [.current, .unconfirmed])
        #expect(empty.count(of: .write) == written, "and nothing is sent")
        #expect(try await rows().map(\.version) == [2])
    }

    /// `fill-row-first`.
    @Test func `the row of a filling is durable before its first byte leaves`() async throws {
        let next = empty.count(of: .write) + 1
        let base = try await empty.probe(Self.place(empty)).base
        let seen = Locked<[Push]>([])
        let bench = bench
        empty.setHook { call in
            guard call.operation == .write, call.number == next else { return nil }
            let rows = (try? await Self.rows(bench)) ?? []
            seen.withLock { $0 = rows.filter { $0.version == 1 } }
            return nil
        }
        _ = try await recover()
        let row = seen.withLock { $0 }
        #expect(row.map(\.state) == [.sending])
        #expect(row.map(\.base) == [base])
    }

    /// `fill-is-read-back`.
    @Test func `a filling that the vault said yes to is not one that it holds`() async throws {
        empty.setHook { $0.operation == .write ? .saysYesOnly : nil }
        #expect(try await recover()?.isStalled == true)
        #expect(try await rows().map(\.state) == [.sending, .sending])
        #expect(try await bench.states() == [.current, .pending])
        #expect(empty.count(of: .fence) == 0)
        empty.setHook(nil)
        _ = try await recover(seed: 3)
        #expect(try await rows().map(\.state) == [.verified, .fenced, .verified])
        #expect(try await bench.states() == [.previous, .revoked, .current])
    }

    @Test func `whoever comes after a crash reads the filling back and fences it`() async throws {
        let filled = empty.count(of: .write) + 1
        let network = empty
        // The process dies with its answer on the way.
        empty.setHook { call in
            call.operation == .probe && network.count(of: .write) >= filled ? .denied : nil
        }
        #expect(try await recover()?.isStalled == true)
        #expect(try await rows().map(\.state) == [.sending, .sending])
        #expect(empty.value(at: Self.place(empty)) == old)
        empty.setHook(nil)
        _ = try await recover(seed: 3)
        #expect(try await rows().map(\.state) == [.verified, .fenced, .verified])
        #expect(empty.history.count { $0.origin == .write && $0.value == old } == 1, "it is not filled again")
    }

    @Test func `nothing is filled where a vault cannot tell what it held, since that is then the end of all proof`()
        async throws
    {
        let (full, empty) = (FakeVault("a"), FakeVault("b", fencesEmptiness: false, keepsHistory: false))
        let bench = try RotationBench([full, empty])
        let old = try #require(full.value(at: Self.place(full)))
        try await interrupt(bench, full, empty)
        bench.clock.advance(by: .hours(2))
        _ = try await bench.rotator(seed: 2).recover(change: bench.change)
        #expect(try await bench.states() == [.previous, .unconfirmed, .current])
        #expect(!empty.history.contains { $0.origin == .write && $0.value == old })
        #expect(try await bench.violations() == [])
    }

    /// The counter-example of the model (decision 0022, `gone-though-verified`).
    @Test func `a place that is filled late comes back when the filling can arrive there no more`() async throws {
        let (full, empty) = (FakeVault("a"), FakeVault("b", fencesEmptiness: false))
        // In this order they are fenced, too.
        let bench = try RotationBench([empty, full])
        _ = try await bench.rotator().rotate([bench.request(overlap: .zero)])
        try await bench.runToTheEnd()
        #expect(try await bench.states() == [.revoked, .current], "which was read back in both places")
        // The next value arrives late in the one place; the other one was emptied.
        empty.foreignWrite(nil, at: Self.place(empty))
        full.setHook { $0.operation == .write ? .landsLater : nil }
        empty.setHook { $0.operation == .write ? .timesOutBefore : nil }
        _ = try await bench.rotator(seed: 2).rotate([bench.request(overlap: .zero)])
        #expect(try await bench.states() == [.revoked, .current, .pending])
        // The filling is under way while the place is taken away.
        let (id, gone, next) = (bench.id, Self.place(empty), empty.count(of: .write) + 1)
        full.setHook(nil)
        empty.setHook { call in
            guard call.operation == .write, call.number == next else { return nil }
            let change = bench.change
            _ = try? await bench.queue.write { try $0.removeDestination(gone, from: id, change: change) }
            full.landLateWrites()
            return .landsLater
        }
        bench.clock.advance(by: .hours(2))
        for seed in 3...6 { _ = try await bench.rotator(seed: UInt64(seed)).recover(change: bench.change) }
        #expect(empty.lateValues.map(\.destination.description) == [gone.description])
        #expect(try await bench.states() == [.revoked, .revoked, .current])
        let add = { (change: Change) in
            try await bench.queue.write { try $0.addDestination(gone, to: id, change: change) }
        }
        await #expect(throws: StoreError.self) { try await add(bench.change) }
        bench.clock.advance(by: .hours(1))
        try await add(bench.change)
    }

    @Test func `nothing is filled while there is a brake`() async throws {
        let written = empty.count(of: .write)
        let (queue, change, next) = (bench.queue, bench.change, full.count(of: .probe) + 3)
        full.setHook { call in
            // It is probed, fenced and read back; the third read of it is the search for the current value.
            if call.operation == .probe, call.number == next {
                let freeze = Freeze(reason: "release", actor: "test", begunAt: change.at, endsAt: nil)
                try? await queue.write { try $0.freeze(freeze, change: change) }
            }
            return nil
        }
        #expect(try await recover()?.outcome == .skipped)
        #expect(empty.count(of: .write) == written)
        #expect(try await rows().map(\.state) == [.sending])
    }

    @Test func `three crashes over an empty place leave room for a successor`() async throws {
        for crash in 1...3 {
            full.setHook { $0.operation == .write ? .timesOutBefore : nil }
            // The filling gets through, a new value does not.
            empty.foreignWrite(nil, at: Self.place(empty))
            let (filled, network) = (empty.count(of: .write) + 1, empty)
            empty.setHook { call in
                call.operation == .write && network.count(of: .write) > filled ? .landsLater : nil
            }
            _ = try await recover(seed: UInt64(10 + crash))
            #expect(try await bench.states().filter(\.authenticates) == [.current, .pending], "after \(crash)")
            full.setHook(nil)
            empty.setHook(nil)
        }
        try await bench.runToTheEnd()
        #expect(try await bench.states().filter(\.authenticates) == [.current])
        #expect(try await bench.violations() == [])
    }
}
