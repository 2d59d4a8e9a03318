import CMicroHTTPD
import Crypto

/// Where a handler that said `later` gives its answer, once, from any thread.
package struct Responder: Sendable {
    private let give: @Sendable (Response) -> Void

    /// - parameter give: takes the answer.
    package init(_ give: @escaping @Sendable (Response) -> Void) { self.give = give }

    /// Sends the answer; what comes after the first is dropped.
    package func callAsFunction(_ response: Response) { give(response) }
}

/// A connection that stands still until its answer is there.
///
/// Its pointer is used between the suspending and the first answer only; until then libmicrohttpd keeps it.
final class PendingAnswer: Sendable {
    private struct State {
        var response: Response?
    }

    /// Carries libmicrohttpd's connection to whoever has the answer.
    // Unchecked: `MHD_resume_connection` may be called on any thread, and nothing else is.
    private struct Suspended: @unchecked Sendable {
        let connection: OpaquePointer
    }

    private let suspended: Suspended
    private let state = Locked(State())

    init(_ connection: OpaquePointer) {
        suspended = Suspended(connection: connection)
    }

    func give(_ response: Response) {
        state.withLock { state in
            guard state.response == nil else { return }
            state.response = response
            MHD_resume_connection(suspended.connection)
        }
    }

    var response: Response? { state.withLock { $0.response } }
}

/// The connections that stand still, so that none does when the server stops: libmicrohttpd would end the process.
final class PendingAnswers: Sendable {
    private struct State {
        var waiting: [ObjectIdentifier: PendingAnswer] = [:]
        /// What everybody is answered from now on.
        var last: Response?
    }

    private let state = Locked(State())

    /// Makes a connection stand still; or tells what to answer at once.
    func suspend(_ connection: OpaquePointer) -> Result<PendingAnswer, LastAnswer> {
        state.withLock { state in
            if let last = state.last { return .failure(LastAnswer(response: last)) }
            let pending = PendingAnswer(connection)
            MHD_suspend_connection(connection)
            state.waiting[ObjectIdentifier(pending)] = pending
            return .success(pending)
        }
    }

    func remove(_ pending: PendingAnswer) {
        state.withLock { $0.waiting[ObjectIdentifier(pending)] = nil }
    }

    /// Answers all whose answer did not come in time, and lets nobody wait any more.
    func close(with response: Response) {
        let left = state.withLock { state in
            state.last = response
            return Array(state.waiting.values)
        }
        for pending in left { pending.give(response) }
    }

    /// Why nobody may wait.
    struct LastAnswer: Error {
        let response: Response
    }
}
