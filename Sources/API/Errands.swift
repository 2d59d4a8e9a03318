import Crypto
import HTTPServer

/// What requests have asked for and nobody's thread waits for: done one beside the other, within the task that attends.
///
/// Only so many at a time: each keeps what it was asked with in memory, and a request waiting.
package final class Errands: Sendable {
    /// Why something is not done.
    package enum Refusal: Error {
        /// Too much is under way.
        case full
        /// Another configuration is in force, or the end has come.
        case ended
    }

    /// As many as there are rotations in one go.
    package static let most = 512
    /// Of these a part is not for whoever holds just any token: those who operate have something done in any case.
    package static let forHolders = most / 4 * 3

    private let errands: AsyncStream<@Sendable () async -> Void>
    private let continuation: AsyncStream<@Sendable () async -> Void>.Continuation
    /// What is under way or waits.
    private let count = Locked(0)

    package init() {
        (errands, continuation) = AsyncStream.makeStream()
    }

    /// Has it done.
    ///
    /// - parameter most: no further one where there are as many already.
    package func ask(
        upTo most: Int = Errands.most, _ errand: @escaping @Sendable () async -> Void
    ) throws(Refusal) {
        let isFull = count.withLock { count in
            guard count < most else { return true }
            count += 1
            return false
        }
        guard !isFull else { throw .full }
        let yielded = continuation.yield { [count] in
            await errand()
            count.withLock { $0 -= 1 }
        }
        guard case .enqueued = yielded else {
            count.withLock { $0 -= 1 }
            throw .ended
        }
    }

    /// Takes no more of them; those that have begun come to their own end.
    package func end() { continuation.finish() }

    /// Does what is asked for until the end, and returns when the last of it is done.
    package func attend() async {
        await withDiscardingTaskGroup { group in
            for await errand in errands { group.addTask { await errand() } }
        }
    }
}

extension Errands.Refusal {
    var response: Response {
        switch self {
        case .full:
            .problem(
                503, "Unavailable",
                detail: "too much is under way here: nothing was done, ask again in a moment",
                headers: [API.noStore, ("Retry-After", "5")])
        case .ended: API.stopping
        }
    }
}
