import CCurl
import Glibc

/// What the thread can be asked for.
enum Errand: Sendable {
    case request(Request)
    case mail(Mail)
}

/// An errand on its way to the thread, with where to put the result.
struct Submission: Sendable {
    let id: UInt64
    let errand: Errand
    let reply: CheckedContinuation<Result<Response, HTTPError>, Never>
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
        var hasRung = false
    }

    /// Readable while there is something to collect (eventfd(2)).
    let bell: Int32
    private let state = Locked(State())
    private let capacity: Int

    init(capacity: Int) {
        bell = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        precondition(bell >= 0, "cannot start the HTTP client: no file descriptor is left (errno \(errno))")
        self.capacity = capacity
    }

    deinit { Glibc.close(bell) }

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
            ring(&state)
            return nil
        }
        if let refusal { submission.reply.resume(returning: .failure(refusal)) }
    }

    func cancel(_ id: UInt64) {
        state.withLock { state in
            state.contents.cancelled.insert(id)
            ring(&state)
        }
    }

    func close() {
        state.withLock { state in
            state.contents.isClosed = true
            ring(&state)
        }
    }

    /// Takes the new requests; cancellations stay until their callers have gone.
    func collect() -> Contents {
        state.withLock { state in
            if state.hasRung {
                var count: eventfd_t = 0
                eventfd_read(bell, &count)
                state.hasRung = false
            }
            defer { state.contents.submissions.removeAll(keepingCapacity: true) }
            return state.contents
        }
    }

    /// Once, however much comes before it is heard.
    private func ring(_ state: inout State) {
        guard !state.hasRung else { return }
        state.hasRung = true
        eventfd_write(bell, 1)
    }
}
