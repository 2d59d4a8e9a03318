import CCurl

/// A request on its way to the thread, with where to put the result.
struct Submission: Sendable {
    let id: UInt64
    let request: Request
    let reply: CheckedContinuation<Result<Response, HTTPError>, Never>
}

/// A multi handle, only ever used to wake its thread.
///
/// Unchecked, because `curl_multi_wakeup` is the one call that libcurl allows from any thread.
private struct Bell: @unchecked Sendable {
    let multi: UnsafeMutableRawPointer
}

/// What callers hand to the thread, and the bell that wakes it.
final class Mailbox: Sendable {
    struct Contents {
        fileprivate(set) var submissions: [Submission] = []
        fileprivate(set) var cancelled: Set<UInt64> = []
        fileprivate(set) var isClosed = false
    }

    private struct State {
        var contents = Contents()
        var lastID: UInt64 = 0
        var inFlight = 0
        /// Nil once the thread has freed the handle: a late bell must not touch it.
        var bell: Bell?
    }

    private let state: Locked<State>
    private let capacity: Int

    init(wakes multi: UnsafeMutableRawPointer, capacity: Int) {
        state = Locked(State(bell: Bell(multi: multi)))
        self.capacity = capacity
    }

    func newID() -> UInt64 {
        state.withLock { state in
            state.inFlight += 1
            state.lastID += 1
            return state.lastID
        }
    }

    /// Ends the accounting of a request, once its result has come.
    func forget(_ id: UInt64) {
        state.withLock { state in
            state.inFlight -= 1
            _ = state.contents.cancelled.remove(id)
        }
    }

    func submit(_ submission: Submission) {
        let refusal: HTTPError? = state.withLock { state in
            if state.contents.isClosed { return .shutDown }
            // A cancellation can come before the request that it is for.
            if state.contents.cancelled.contains(submission.id) { return .cancelled }
            if state.inFlight > capacity { return .notSent("more than \(capacity) requests are in flight") }
            state.contents.submissions.append(submission)
            Self.ring(state)
            return nil
        }
        if let refusal { submission.reply.resume(returning: .failure(refusal)) }
    }

    func cancel(_ id: UInt64) {
        state.withLock { state in
            state.contents.cancelled.insert(id)
            Self.ring(state)
        }
    }

    func close() {
        state.withLock { state in
            state.contents.isClosed = true
            Self.ring(state)
        }
    }

    /// Takes the new requests; cancellations stay until their callers have gone.
    func collect() -> Contents {
        state.withLock { state in
            defer { state.contents.submissions.removeAll(keepingCapacity: true) }
            return state.contents
        }
    }

    /// After this the handle may be freed.
    func removeBell() {
        state.withLock { $0.bell = nil }
    }

    private static func ring(_ state: State) {
        if let bell = state.bell { curl_multi_wakeup(bell.multi) }
    }
}
