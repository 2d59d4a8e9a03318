/// What requests have asked for and nobody's thread waits for: done one beside the other, within the task that attends.
final class Errands: Sendable {
    private let errands: AsyncStream<@Sendable () async -> Void>
    private let continuation: AsyncStream<@Sendable () async -> Void>.Continuation

    init() {
        (errands, continuation) = AsyncStream.makeStream()
    }

    /// Has it done; false where the end has come.
    func ask(_ errand: @escaping @Sendable () async -> Void) -> Bool {
        if case .enqueued = continuation.yield(errand) { true } else { false }
    }

    /// Takes no more of them; those that have begun come to their own end.
    func end() { continuation.finish() }

    /// Does what is asked for until the end, and returns when the last of it is done.
    func attend() async {
        await withDiscardingTaskGroup { group in
            for await errand in errands { group.addTask { await errand() } }
        }
    }
}
