import Crypto
import Dispatch

/// One store behind an asynchronous face: its own thread, and one transaction for all who wait.
///
/// Blocking calls never run on the cooperative pool. Writes that arrive while a transaction is being
/// committed share the next one, each in a savepoint of its own, so that the cost of a durable commit is
/// spread over them and one that throws undoes itself alone.
package final class StoreQueue: Sendable {
    private enum Work {
        case read(@Sendable (any Store) -> Void)
        case write(PendingWrite)
    }

    /// A write whose caller waits: `apply` runs within the transaction, `resume` once its outcome is known.
    private struct PendingWrite: Sendable {
        var apply: @Sendable (any Store) -> Void
        var resume: @Sendable ((any Error)?) -> Void
    }

    /// How many writes one transaction takes at the most, so that none waits long.
    private static let largestBatch = 512

    private let queue = DispatchQueue(label: "rota.store")
    private let waiting = Locked<[Work]>([])
    private let store: ConfinedStore
    private let onUnknownOutcome: @Sendable (any Error) -> Void

    /// - parameter onUnknownOutcome: called on the store's thread, before anybody who waits is resumed, when
    ///   COMMIT failed (I11). The edge ends the process there.
    package init(_ store: any Store, onUnknownOutcome: @escaping @Sendable (any Error) -> Void) {
        self.store = ConfinedStore(store: store)
        self.onUnknownOutcome = onUnknownOutcome
    }

    /// Runs `body` on the store's thread, outside any transaction of ours.
    package func read<R: Sendable>(_ body: @escaping @Sendable (any Store) throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            submit(.read { store in continuation.resume(with: Result { try body(store) }) })
        }
    }

    /// Runs `body` in a durable write transaction, together with others that wait. Returns when it is committed.
    package func write<R: Sendable>(_ body: @escaping @Sendable (any Store) throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            write(body) { continuation.resume(with: $0) }
        }
    }

    /// The same for a caller that has a thread of its own and does not wait: `finish` is called on the store's
    /// thread once it is committed, or refused, and must be quick.
    package func write<R: Sendable>(
        _ body: @escaping @Sendable (any Store) throws -> R,
        then finish: @escaping @Sendable (Result<R, any Error>) -> Void
    ) {
        let result = Locked<Result<R, any Error>?>(nil)
        submit(
            .write(
                PendingWrite(
                    apply: { store in
                        let outcome = Result { try store.savepoint { try body(store) } }
                        result.withLock { $0 = outcome }
                    },
                    resume: { failure in
                        let outcome = result.withLock { $0 } ?? .failure(StoreError.failed("not carried out"))
                        finish(failure.map { .failure($0) } ?? outcome)
                    })))
    }

    /// Closes the store when all that was submitted before is done.
    package func close() async {
        // Closing does not throw, nor does waiting for it.
        try? await read { $0.close() }
    }

    private func submit(_ work: Work) {
        let first = waiting.withLock { list in
            list.append(work)
            return list.count == 1
        }
        // Whoever finds the list empty schedules a drain; all who come before it starts ride along.
        if first { queue.async { self.drain() } }
    }

    private func drain() {
        let work = waiting.withLock { list in
            defer { list = [] }
            return list
        }
        // Writes first, so that reads between them do not cut one durable commit into many; who wrote and then
        // reads sees what he wrote.
        var writes: [PendingWrite] = []
        for case .write(let body) in work {
            writes.append(body)
            if writes.count == Self.largestBatch {
                commit(writes)
                writes = []
            }
        }
        commit(writes)
        for case .read(let body) in work { body(store.store) }
    }

    private func commit(_ writes: [PendingWrite]) {
        guard !writes.isEmpty else { return }
        do {
            try store.store.transaction {
                for write in writes { write.apply(store.store) }
            }
            for write in writes { write.resume(nil) }
        } catch {
            if let error = error as? StoreError, case .outcomeUnknown = error { onUnknownOutcome(error) }
            for write in writes { write.resume(error) }
        }
    }
}

/// Carries the store to its thread.
// Unchecked: only closures that run on the queue above touch the store, one at a time.
private struct ConfinedStore: @unchecked Sendable {
    let store: any Store
}
