import Crypto

/// What has to hold in the very transaction of the first change that an errand makes, such as that whoever asked for it
/// may still ask: between his asking and that transaction others may have written for half a minute.
///
/// Each transaction of the errand's task is held against it until one is committed; what is begun by then comes to its
/// end.
package final class FirstChange: Sendable {
    /// Of the errand that this task is at.
    @TaskLocal package static var current: FirstChange?

    private struct State {
        var conditions: [@Sendable (any Store) throws -> Void] = []
        var isMade = false
    }

    private let state = Locked(State())

    package init(_ condition: @escaping @Sendable (any Store) throws -> Void) { require(condition) }

    /// Nil where nothing is required any more.
    package static var coming: FirstChange? { current.flatMap { $0.isMade ? nil : $0 } }

    /// Whether it is committed.
    package var isMade: Bool { state.withLock(\.isMade) }

    /// - parameter condition: throws where the change is not to be made; what it writes is a part of the change.
    package func require(_ condition: @escaping @Sendable (any Store) throws -> Void) {
        state.withLock { $0.conditions.append(condition) }
    }

    /// Within the transaction.
    package func check(in store: any Store) throws {
        for condition in state.withLock(\.conditions) { try condition(store) }
    }

    package func noteMade() { state.withLock { $0.isMade = true } }
}
