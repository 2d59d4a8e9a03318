import Synchronization

/// How long writes wait for other processes that write: some half a minute, unless more is given, or it is cut short.
///
/// Any thread may cut it short, also while a write waits. From then on one that cannot begin at once is refused as
/// busy, so that a process comes to its end in time, whoever else is at the store.
package final class StorePatience: Sendable {
    /// For one write.
    let seconds: Int
    private let quietSeconds: Int
    private let waiting: @Sendable () -> Void
    private let isTold = Atomic(false)
    private let isEnded = Atomic(false)
    private let looks = Atomic(0)

    /// - parameters:
    ///   - seconds: how long one write waits.
    ///   - quietSeconds: after how many of these somebody is told.
    ///   - waiting: called once, on the thread that waits.
    package init(seconds: Int = 30, quietSeconds: Int = 1, waiting: @escaping @Sendable () -> Void = {}) {
        self.seconds = seconds
        self.quietSeconds = quietSeconds
        self.waiting = waiting
    }

    package func end() { isEnded.store(true, ordering: .relaxed) }

    /// How many times a write that waits has looked whether it still may: while this grows, the store's thread waits
    /// for another process, and is not stuck.
    package var lookCount: Int { looks.load(ordering: .relaxed) }

    /// Asked again and again by whoever waits.
    func isOver() -> Bool {
        looks.wrappingAdd(1, ordering: .relaxed)
        return isEnded.load(ordering: .relaxed)
    }

    /// The same, asked by a write that has waited so many seconds.
    func isOver(after waited: Int) -> Bool {
        if waited >= quietSeconds, !isTold.exchange(true, ordering: .relaxed) { waiting() }
        return isOver()
    }
}
