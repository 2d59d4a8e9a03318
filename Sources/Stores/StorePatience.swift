import Synchronization

/// How long writes wait for other processes that write: some half a minute, unless it is cut short.
///
/// Any thread may do that, also while a write waits. From then on one that cannot begin at once is refused as busy, so
/// that a process comes to its end in time, whoever else is at the store.
package final class StorePatience: Sendable {
    private let ended = Atomic(false)

    package init() {}

    package func end() { ended.store(true, ordering: .relaxed) }

    var isOver: Bool { ended.load(ordering: .relaxed) }
}
