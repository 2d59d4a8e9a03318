import Synchronization

/// How long writes wait for other processes that write: some half a minute, unless it is cut short.
///
/// Any thread may do that, also while a write waits. From then on one that cannot begin at once is refused as busy, so
/// that a process comes to its end in time, whoever else is at the store.
package final class StorePatience: Sendable {
    private let ended = Atomic(false)
    private let looks = Atomic(0)

    package init() {}

    package func end() { ended.store(true, ordering: .relaxed) }

    /// How many times a write that waits has looked whether it still may: while this grows, the store's thread waits
    /// for another process, and is not stuck.
    package var lookCount: Int { looks.load(ordering: .relaxed) }

    /// Asked again and again by whoever waits.
    func isOver() -> Bool {
        looks.wrappingAdd(1, ordering: .relaxed)
        return ended.load(ordering: .relaxed)
    }
}
