import Crypto
import Engine
import RotaCore
import TestSupport
import Testing

/// A value that a consumer may have read stays valid, whatever is there now; one that nobody can have read goes.
@Suite struct VisibilityTests {
    private let place = Destination(vault: "a", path: "apps/bench")

    /// What the vaults can be like that recovery has to judge by.
    struct Kind: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var ordered: Bool
        var keepsHistory: Bool

        func vault(_ name: String = "a") -> FakeVault {
            FakeVault(name, orderedBases: ordered, keepsHistory: keepsHistory)
        }

        /// Taken from the history, where there is one; else it is left, and another one is made.
        var statesWhenItWasVisible: [VersionState] {
            keepsHistory ? [.previous, .current] : [.previous, .unconfirmed, .current]
        }

        static let all = [
            Kind(testDescription: "ordered, with a history", ordered: true, keepsHistory: true),
            Kind(testDescription: "ordered, without one", ordered: true, keepsHistory: false),
            Kind(testDescription: "unordered, with a history", ordered: false, keepsHistory: true),
            Kind(testDescription: "unordered, without one", ordered: false, keepsHistory: false),
        ]
    }

    /// A rotation whose process ends in the middle: the first write does `first`, all after the `last` write fails.
    private func interrupt(
        _ bench: RotationBench, _ vault: FakeVault, first: FakeVault.Fault?, afterWrite last: Int, seed: UInt64 = 1
    ) async throws {
        vault.setHook { call in
            if call.operation == .write, call.number == 1 { return first }
            return vault.count(of: .write) >= last ? .denied : nil
        }
        _ = try await bench.rotator(seed: seed).rotate([bench.request()])
        vault.setHook(nil)
        #expect(try await bench.states() == [.current, .pending])
    }

    private func recover(_ bench: RotationBench, seed: UInt64 = 50) async throws {
        bench.clock.advance(by: .hours(2))
        _ = try await bench.rotator(seed: seed).recover(change: bench.change)
        #expect(try await bench.violations() == [])
    }

    @Test(arguments: Kind.all)
    func `a value that was there and was replaced by the old one stays valid`(_ kind: Kind) async throws {
        let vault = kind.vault()
        let bench = try RotationBench([vault])
        let old = try #require(vault.value(at: place))
        try await interrupt(bench, vault, first: .foreignWriteAfter(old), afterWrite: 1)
        try await recover(bench)
        #expect(try await bench.states() == kind.statesWhenItWasVisible)
        try await bench.runToTheEnd()
        #expect(try await bench.states().filter(\.authenticates) == [.current])
    }

    @Test(arguments: Kind.all.filter(\.keepsHistory))
    func `however often one is overwritten before it is promoted, the history has it, and no further one is made`(
        _ kind: Kind
    ) async throws {
        let vault = kind.vault()
        let bench = try RotationBench([vault])
        let old = try #require(vault.value(at: place))
        for crash in 1...5 {
            vault.setHook { call in
                guard call.operation == .write else { return nil }
                return vault.value(at: self.place) == old ? .foreignWriteAfter(old) : .denied
            }
            crash == 1
                ? _ = try await bench.rotator().rotate([bench.request()])
                : try await recover(bench, seed: UInt64(crash))
            vault.setHook(nil)
            #expect(try await bench.states() == [.current, .pending])
        }
        let digest = try await bench.queue.read { try $0.versions(of: bench.id).last?.digest }
        try await recover(bench)
        #expect(try await bench.states() == [.previous, .current])
        #expect(vault.value(at: place).flatMap { TokenValue.digest(of: Secret(utf8: $0)) } == digest)
    }

    @Test(arguments: Kind.all)
    func `a value of the first attempt is not forgotten by a second one over what was put back`(
        _ kind: Kind
    ) async throws {
        let vault = kind.vault()
        let bench = try RotationBench([vault])
        let old = try #require(vault.value(at: place))
        // The second write is over the old value that was put back, and is lost.
        try await interrupt(bench, vault, first: .foreignWriteAfter(old), afterWrite: 2)
        #expect(vault.count(of: .write) == 2)
        let row = try await bench.queue.read { try $0.pushes(of: bench.id) }
        #expect(row.map(\.attempt) == [2])
        try await recover(bench)
        #expect(try await bench.states() == kind.statesWhenItWasVisible)
    }

    @Test(arguments: Kind.all)
    func `a value that never arrived is discarded, however often it was sent`(_ kind: Kind) async throws {
        let vault = kind.vault()
        let bench = try RotationBench([vault])
        for crash in 1...3 {
            vault.setHook { $0.operation == .write ? .timesOutBefore : nil }
            crash == 1
                ? _ = try await bench.rotator().rotate([bench.request()])
                : try await recover(bench, seed: UInt64(crash))
            vault.setHook(nil)
            // The process ends here, again and again.
            #expect(try await bench.states().filter(\.authenticates) == [.current, .pending])
        }
        try await recover(bench)
        #expect(try await bench.states() == [.previous, .revoked, .revoked, .revoked, .current])
    }

    @Test func `what somebody else puts there since does not make a value that never arrived visible`() async throws {
        let vault = FakeVault("a")
        let bench = try RotationBench([vault])
        let old = try #require(vault.value(at: place))
        try await interrupt(bench, vault, first: .denied, afterWrite: 1)
        vault.foreignWrite("somebody else's", at: place)
        vault.foreignWrite(old, at: place)
        try await recover(bench)
        #expect(try await bench.states() == [.previous, .revoked, .current])
    }

    @Test func `after a fence it is looked only at what came since`() async throws {
        let (fenced, late) = (FakeVault("a", keepsHistory: false), FakeVault("b", keepsHistory: false))
        let bench = try RotationBench([fenced, late])
        fenced.setHook { $0.operation == .write ? .timesOutBefore : nil }
        late.setHook { $0.operation == .write ? .landsLater : nil }
        _ = try await bench.rotator().rotate([bench.request()])
        // The first place is fenced, the other one cannot be; then its late write comes in, and the value goes on.
        fenced.setHook(nil)
        late.setHook { $0.operation == .fence ? .transient : nil }
        try await recover(bench, seed: 2)
        let states = try await bench.queue.read { try $0.pushes(of: bench.id) }
            .sorted { $0.destinationID < $1.destinationID }.map(\.state)
        #expect(states == [.fenced, .sending])
        #expect(late.landLateWrites() == 1)
        let written = fenced.count(of: .write)
        fenced.setHook { call in
            call.operation == .write || fenced.count(of: .write) > written ? .denied : nil
        }
        late.setHook(nil)
        try await recover(bench, seed: 3)
        let rows = try await bench.queue.read { try $0.pushes(of: bench.id) }
        let row = try #require(rows.first { $0.state == .sending })
        #expect(row.firstBase == row.base, "a new attempt begins anew")
        #expect(row.attempt > 1)
        // The other place has lost it again, so nobody has the value: but consumers there may have read it.
        fenced.setHook(nil)
        late.foreignWrite(fenced.value(at: place), at: Destination(vault: "b", path: "apps/bench"))
        try await recover(bench, seed: 4)
        #expect(try await bench.states() == [.previous, .unconfirmed, .current])
    }

    @Test(arguments: Kind.all)
    func `a value that was verified somewhere and is there no more stays valid, and another one goes everywhere`(
        _ kind: Kind
    ) async throws {
        let (first, second) = (kind.vault("a"), kind.vault("b"))
        let bench = try RotationBench([first, second])
        let old = try #require(first.value(at: place))
        // It was in the other one, too, and the history of that one has it.
        second.setHook { call in
            guard call.operation == .write else { return nil }
            return call.number == 1 ? .foreignWriteAfter(old) : .denied
        }
        _ = try await bench.rotator().rotate([bench.request()])
        let rows = try await bench.queue.read { try $0.pushes(of: bench.id) }
        #expect(Set(rows.map(\.state)) == [.verified, .sending])
        first.foreignWrite(old, at: place)
        second.setHook(nil)
        try await recover(bench)
        #expect(try await bench.states() == [.previous, .unconfirmed, .current])
        try await bench.runToTheEnd()
        #expect(try await bench.states() == [.revoked, .revoked, .current])
    }
}
