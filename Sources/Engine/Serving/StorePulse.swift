import Crypto

/// Whether the store's thread gets on, for whoever ends a process that does not.
///
/// Reads are answered behind the writes that came before them, and those may have to wait for another process: so a
/// question that is not answered yet says nothing by itself. The thread is taken to be stuck when it neither comes to
/// the end of anything nor waits for anybody.
package final class StorePulse: Sendable {
    private enum Question {
        case open
        case answered
        case failed
    }

    private struct State {
        var question = Question.answered
        var seen: Int
    }

    private let store: StoreQueue
    private let waits: @Sendable () -> Int
    private let state: Locked<State>

    /// - parameter waits: how many times a write that waits for another process has looked up; it grows meanwhile.
    package init(of store: StoreQueue, waits: @escaping @Sendable () -> Int) {
        self.store = store
        self.waits = waits
        state = Locked(State(seen: store.doneCount &+ waits()))
    }

    /// Whether it has got on since this was asked last, and can be read where it was; never waits.
    package func beats() -> Bool {
        let count = store.doneCount &+ waits()
        let (isAlive, asks) = state.withLock { state in
            let hasMoved = count != state.seen
            let before = state.question
            state.seen = count
            state.question = .open
            return (before == .open ? hasMoved : before == .answered, before != .open)
        }
        if asks { ask() }
        return isAlive
    }

    private func ask() {
        store.perform { [state] store in
            let answer: Question = (try? store.identity()) == nil ? .failed : .answered
            state.withLock { $0.question = answer }
        }
    }
}
