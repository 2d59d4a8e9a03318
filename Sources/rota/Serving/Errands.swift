/// What requests have asked for and nobody's thread waits for: done one beside the other, within the task that attends.
final class Errands: Sendable {
    private let errands: AsyncStream<@Sendable () async -> Void>
    private let continuation: AsyncStream<@Sendable () async -> Void>.Continuation

    init() {
        (errands, continuation) = AsyncStream.makeStream()
    }

    /// Has it done; nothing once the end has come.
    func ask(_ errand: @escaping @Sendable () async -> Void) { continuation.yield(errand) }

    /// Takes no more of them; those that have begun come to their own end.
    func end() { continuation.finish() }

    /// Does what is asked for until the end.
    func attend() async {
        await withDiscardingTaskGroup { group in
            for await errand in errands { group.addTask { await errand() } }
        }
    }
}
