import Crypto
import Engine
import RotaCore
import TestSupport
import Testing

/// A process may be stopped between any two instructions, be given up for dead, and wake up later.
@Suite struct TakeoverTests {
    /// How many calls to the two vaults an undisturbed rotation makes: probes, questions, writes and reads back.
    private static let calls = 1...8

    @Test(arguments: calls)
    func `a rotation that is stopped at a call is finished by the next process, and does no harm when it wakes`(
        call: Int
    ) async throws {
        let vaults = [FakeVault("a"), FakeVault("b")]
        let bench = try RotationBench(vaults)
        let stop = Checkpoint()
        let counter = Locked(0)
        for vault in vaults {
            vault.setHook { _ in
                let number = counter.withLock { count in
                    count += 1
                    return count
                }
                if number == call { await stop.pause() }
                return nil
            }
        }
        let request = bench.request()
        let sleeper = Task {
            // Past its last call there is nothing to be stopped at.
            defer { stop.release() }
            return try await bench.rotator(seed: 1).rotate([request])
        }
        await stop.reached()
        #expect(stop.isHolding, "it makes fewer calls")
        #expect(try await bench.violations() == [])
        try await bench.runToTheEnd()
        #expect(try await bench.violations() == [])
        stop.release()
        _ = try await sleeper.value
        #expect(try await bench.violations() == [])
        try await bench.runToTheEnd(seed: 200)
        #expect(try await bench.violations() == [])
        let states = try await bench.states()
        #expect(states.filter(\.authenticates) == [.current])
        for vault in vaults {
            #expect(vault.value(at: Destination(vault: vault.name, path: "apps/bench")) != nil)
        }
    }
}

/// Holds one task at a point until a test lets it go.
final class Checkpoint: Sendable {
    private struct State {
        var isReleased = false
        var isReached = false
        var paused: CheckedContinuation<Void, Never>?
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let state = Locked(State())

    func pause() async {
        await withCheckedContinuation { continuation in
            let (now, waiter) = state.withLock { state in
                state.isReached = true
                let waiter = state.waiting
                state.waiting = nil
                if state.isReleased { return (true, waiter) }
                state.paused = continuation
                return (false, waiter)
            }
            waiter?.resume()
            if now { continuation.resume() }
        }
    }

    /// Whether a task is held there now.
    var isHolding: Bool { state.withLock { $0.paused != nil } }

    /// Returns when a task is held there, or none will be any more.
    func reached() async {
        await withCheckedContinuation { continuation in
            let now = state.withLock { state in
                if state.isReached || state.isReleased { return true }
                state.waiting = continuation
                return false
            }
            if now { continuation.resume() }
        }
    }

    func release() {
        let (paused, waiting) = state.withLock { state in
            defer {
                state.paused = nil
                state.waiting = nil
            }
            state.isReleased = true
            return (state.paused, state.waiting)
        }
        paused?.resume()
        waiting?.resume()
    }
}
