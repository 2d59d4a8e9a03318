import Crypto
import Dispatch
import Synchronization

/// One store behind an asynchronous face: its own thread, and one transaction for all who wait.
///
/// Blocking calls never run on the cooperative pool. Writes that arrive while a transaction is being
/// committed share the next one, so that the cost of a durable commit is spread over them; one that throws
/// undoes itself alone. Reads that arrive together share one state of the store.
package final class StoreQueue: Sendable {
    private enum Work {
        case read(@Sendable (any Store) -> Void)
        case write(PendingWrite)
        case close(CheckedContinuation<Void, Never>)
    }

    /// A write whose caller waits: `apply` runs within the transaction, in a savepoint where it is told so, and
    /// throws what its body throws; `resume` is called once the outcome is known, with why the transaction failed.
    private struct PendingWrite: Sendable {
        var apply: @Sendable (any Store, _ undoesItself: Bool) throws -> Void
        var resume: @Sendable ((any Error)?) -> Void
    }

    /// How many writes one transaction takes at the most, so that none waits long.
    private static let largestBatch = 512

    /// Runs what it is given on the store's thread, one after the other.
    private let schedule: @Sendable (@escaping @Sendable () -> Void) -> Void
    /// For tasks that ask the store for much and compute little: they go on where it is without waking another thread
    /// at each step.
    package let executor: any TaskExecutor
    private let waiting = Locked<[Work]>([])
    private let store: ConfinedStore
    private let onUnknownOutcome: @Sendable (any Error) -> Void
    private let done = Atomic(0)

    /// How many transactions and reads have come to their end: it stands still while the store's thread is stuck.
    package var doneCount: Int { done.load(ordering: .relaxed) }

    /// - parameter onUnknownOutcome: called on the store's thread, before anybody who waits is resumed, when
    ///   COMMIT failed (I11). The edge ends the process there.
    package convenience init(_ store: any Store, onUnknownOutcome: @escaping @Sendable (any Error) -> Void) {
        let queue = DispatchQueue(label: "rota.store")
        self.init(store, on: { work in queue.async { work() } }, onUnknownOutcome: onUnknownOutcome)
    }

    /// - parameters:
    ///   - schedule: runs what it is given, one after the other, when it likes.
    ///   - executor: where tasks go on; the store's thread unless it is told.
    package init(
        _ store: any Store, on schedule: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void,
        executor: (any TaskExecutor)? = nil, onUnknownOutcome: @escaping @Sendable (any Error) -> Void
    ) {
        self.store = ConfinedStore(store: store)
        self.schedule = schedule
        self.executor = executor ?? StoreThread(schedule: schedule)
        self.onUnknownOutcome = onUnknownOutcome
    }

    /// Runs `body` on the store's thread, outside any transaction of ours.
    package func read<R: Sendable>(_ body: @escaping @Sendable (any Store) throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            submit(.read { store in continuation.resume(with: Result { try body(store) }) })
        }
    }

    /// The same for a caller that does not wait. What is submitted later comes later.
    package func perform(_ body: @escaping @Sendable (any Store) -> Void) {
        submit(.read(body))
    }

    /// Runs `body` in a durable write transaction, together with others that wait. Returns when it is committed.
    ///
    /// `body` may be run twice: what the first time did is undone when another one that shares the transaction throws.
    /// What the task's `FirstChange` requires is looked at in the same transaction.
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
        let first = FirstChange.coming
        let apply = { @Sendable (store: any Store) in
            try first?.check(in: store)
            return try body(store)
        }
        submit(
            .write(
                PendingWrite(
                    apply: { store, undoesItself in
                        let outcome = Result {
                            undoesItself ? try store.savepoint { try apply(store) } : try apply(store)
                        }
                        result.withLock { $0 = outcome }
                        _ = try outcome.get()
                    },
                    resume: { failure in
                        let outcome = result.withLock { $0 } ?? .failure(StoreError.failed("not carried out"))
                        if failure == nil, case .success = outcome { first?.noteMade() }
                        finish(failure.map { .failure($0) } ?? outcome)
                    })))
    }

    /// Closes the store when all that was submitted before is done.
    package func close() async {
        await withCheckedContinuation { submit(.close($0)) }
    }

    private func submit(_ work: Work) {
        let first = waiting.withLock { list in
            list.append(work)
            return list.count == 1
        }
        // Whoever finds the list empty schedules a drain; all who come before it starts ride along.
        if first { schedule { self.drain() } }
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
        answer(work.compactMap { if case .read(let body) = $0 { body } else { nil } })
        for case .close(let continuation) in work {
            store.store.close()
            continuation.resume()
        }
    }

    private func answer(_ reads: [@Sendable (any Store) -> Void]) {
        guard !reads.isEmpty else { return }
        var left = reads[...]
        // Locks taken for each statement by itself cost more than the reading. Where they cannot be taken for all at
        // once, each says so.
        try? store.store.snapshot { while let read = left.popFirst() { carryOut(read) } }
        for read in left { carryOut(read) }
    }

    private func carryOut(_ read: @Sendable (any Store) -> Void) {
        read(store.store)
        done.wrappingAdd(1, ordering: .relaxed)
    }

    private func commit(_ writes: [PendingWrite]) {
        guard !writes.isEmpty else { return }
        defer { done.wrappingAdd(1, ordering: .relaxed) }
        do {
            // A savepoint copies every page before it is changed, for what seldom happens: so the first try is
            // without, and one that throws has all of them done again.
            if try !areApplied(writes) {
                try store.store.transaction {
                    for write in writes {
                        // What it throws is told to its caller, and undone.
                        try? write.apply(store.store, true)
                    }
                }
            }
            for write in writes { write.resume(nil) }
        } catch {
            if let error = error as? StoreError, case .outcomeUnknown = error { onUnknownOutcome(error) }
            for write in writes { write.resume(error) }
        }
    }

    /// Applies all in one transaction; false when one of them threw, so that nothing was done.
    private func areApplied(_ writes: [PendingWrite]) throws -> Bool {
        var hasThrown = false
        do {
            try store.store.transaction {
                for write in writes {
                    do { try write.apply(store.store, false) } catch {
                        hasThrown = true
                        throw error
                    }
                }
            }
            return true
        } catch {
            guard hasThrown else { throw error }
            // What was undone as a whole was one write alone: that is what a second try would do.
            return writes.count == 1
        }
    }
}

/// Carries the store to its thread.
// Unchecked: only closures that run on the queue above touch the store, one at a time.
private struct ConfinedStore: @unchecked Sendable {
    let store: any Store
}

/// Tasks on the store's thread, between what is asked of it.
private final class StoreThread: TaskExecutor {
    private let schedule: @Sendable (@escaping @Sendable () -> Void) -> Void

    init(schedule: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void) { self.schedule = schedule }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        schedule { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
