import Crypto
import Dispatch
import Engine
import RotaCore
import SQLite
import TestSupport
import Testing

@testable import Stores

/// Who wants to write while somebody else has been writing for long.
@Suite struct PatienceTests {
    /// Whoever has the gate, for another thread to let it go.
    // Unchecked: the thread that took the lock only waits from then on.
    private struct Holder: @unchecked Sendable {
        let gate: GateFile
    }

    private let scratch: Scratch
    private let gate: GateFile

    init() throws {
        scratch = try Scratch()
        try StoreBench(try scratch.fresh()).addSample("leaked")
        gate = try GateFile(beside: scratch.path)
    }

    private func open(_ patience: StorePatience) throws -> any Store {
        try openStore(at: scratch.location, endpoints: StoreBench.endpoints, patience: patience)
    }

    private func revoke(in store: any Store) throws -> Bool {
        try store.transaction {
            try store.revokeToken(
                TokenID("leaked"), isEmergency: true, change: Change(actor: "a", at: Instant(seconds: 0), cause: "c"))
        }
    }

    @Test func `a revocation says once that it waits, and succeeds when the gate is free`() throws {
        let told = Locked(0)
        // The gate is freed by who is told: so the revocation has waited for it.
        let holder = Holder(gate: gate)
        try gate.lock()
        let store = try open(
            StorePatience(seconds: 600, quietSeconds: 0) {
                told.withLock { $0 += 1 }
                holder.gate.unlock()
            })
        #expect(try revoke(in: store))
        #expect(try store.token(TokenID("leaked"))?.state == .revoked)
        #expect(told.withLock { $0 } == 1)
    }

    @Test func `a patience is as long as it is said to be`() throws {
        try gate.lock()
        let error = #expect(throws: StoreError.self) { try revoke(in: try open(StorePatience(seconds: 0))) }
        #expect(error == .busy("the store is busy: another process has been writing for 0 seconds"))
    }

    @Test func `nobody is told anything where nobody has to wait`() throws {
        let told = Locked(0)
        let store = try open(StorePatience(quietSeconds: 0) { told.withLock { $0 += 1 } })
        #expect(try revoke(in: store))
        #expect(told.withLock { $0 } == 0)
    }

    @Test(arguments: [(3, true), (1_000, false)])
    func `a revocation for a caller who may be gone is tried again while the store is busy, and not for ever`(
        _ refusals: Int, _ isDone: Bool
    ) async throws {
        try gate.lock()
        let holder = Holder(gate: gate)
        let left = Locked(refusals)
        let queue = StoreQueue(
            try open(StorePatience(seconds: 0)),
            on: { [thread = DispatchQueue(label: "store")] work in
                thread.async {
                    let isLast = left.withLock { left in
                        left -= 1
                        return left < 0
                    }
                    if isLast { holder.gate.unlock() }
                    work()
                }
            }, onUnknownOutcome: { _ in })
        let result = await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<Engine.Revocation, any Error>, Never>) in
            RevokeUseCase(store: queue, clock: ManualClock(Instant(seconds: 0))).revoke(
                TokenID("leaked"), reason: "leaked", actor: "token:gateway"
            ) { continuation.resume(returning: $0) }
        }
        await queue.close()
        if isDone {
            #expect(try result.get().outcome == .done)
        } else {
            #expect(throws: StoreError.self) { try result.get() }
        }
    }
}
