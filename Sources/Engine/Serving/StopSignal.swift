import Crypto

/// A request to come to an end in good order: what is under way is finished, nothing new is begun.
package final class StopSignal: Sendable {
    private struct State {
        var isRequested = false
        /// In milliseconds; nil: as long as it takes.
        var patience: Int64?
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
        /// Waits that were cancelled before they began.
        var cancelled: Set<Int> = []
        var next = 0
    }

    private let state = Locked(State())

    package init() {}

    package var isRequested: Bool { state.withLock { $0.isRequested } }

    /// Once is enough; from any thread.
    ///
    /// - parameter patience: how long what is under way has, in milliseconds; nil: as long as it takes.
    package func request(patience: Int64? = nil) {
        let waiting = state.withLock { state in
            defer { state.waiting = [:] }
            state.isRequested = true
            state.patience = patience ?? state.patience
            return Array(state.waiting.values)
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Returns when the end is requested, or the task is cancelled.
    package func requested() async {
        let id = state.withLock { state in
            state.next += 1
            return state.next
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.isRequested || state.cancelled.remove(id) != nil { return true }
                    state.waiting[id] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let continuation = state.withLock { state in
                let waiting = state.waiting.removeValue(forKey: id)
                if waiting == nil { state.cancelled.insert(id) }
                return waiting
            }
            continuation?.resume()
        }
        state.withLock { _ = $0.cancelled.remove(id) }
    }

    /// Returns when the end was requested and its patience is over, or the task is cancelled. A patience may
    /// also be given later than the request.
    package func expired(_ clock: any WallClock) async {
        await requested()
        while !Task.isCancelled {
            let patience = state.withLock { $0.patience }
            try? await clock.sleep(milliseconds: patience ?? 200)
            if patience != nil { return }
        }
    }

    /// Sleeps by the clock, and wakes early when the end is requested or the task is cancelled.
    package func sleep(milliseconds: Int64, _ clock: any WallClock) async {
        guard !isRequested else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await clock.sleep(milliseconds: milliseconds) }
            group.addTask { await self.requested() }
            await group.next()
            group.cancelAll()
        }
    }
}
