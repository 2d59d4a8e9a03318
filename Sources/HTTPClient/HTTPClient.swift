/// Sends requests from one thread of its own, over pooled connections, under one address policy.
///
/// Fixed for every request: no redirects, proxies, cookies, `.netrc` or decompression; TLS 1.2 or later,
/// verified; HTTP/1.1, which is the faster one here and tells exactly which bytes were sent.
///
/// A connection that the server closed while it idled is only noticed when used. libcurl then sends the
/// request again on a new one, provided that no byte of a reply came, so a server may see a request twice:
/// a write that must happen once needs a condition (check-and-set) or an idempotency key.
package final class HTTPClient: Sendable {
    private let mailbox: Mailbox
    private let thread: Locked<Thread?>

    /// Starts the thread; traps where libcurl or the thread cannot start for want of memory.
    ///
    /// - Parameters:
    ///   - maximumConnectionsPerHost: requests above it wait, within their timeout.
    ///   - maximumIdleConnections: kept open for reuse, over all hosts.
    ///   - maximumRequests: in flight or waiting; one more fails as not sent.
    package init(
        addressPolicy: AddressPolicy, maximumConnectionsPerHost: Int = 16, maximumIdleConnections: Int = 128,
        maximumRequests: Int = 10_000, userAgent: String = "rota"
    ) {
        mailbox = Mailbox(capacity: maximumRequests)
        let loop = TransferLoop(
            mailbox, addressPolicy: addressPolicy, userAgent: userAgent,
            connectionsPerHost: maximumConnectionsPerHost, idleConnections: maximumIdleConnections)
        thread = Locked(Thread { loop.run() })
    }

    deinit { shutdown() }

    /// Sends a request and waits for the whole reply, whatever its status.
    package func send(_ request: Request) async throws(HTTPError) -> Response {
        try request.validate()
        return try await carry(.request(request))
    }

    /// Has the thread do it, and waits for what comes of it.
    func carry(_ errand: Errand) async throws(HTTPError) -> Response {
        let id = mailbox.newID()
        defer { mailbox.forget(id) }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { reply in
                mailbox.submit(Submission(id: id, errand: errand, reply: reply))
            }
        } onCancel: {
            mailbox.cancel(id)
        }
        return try result.get()
    }

    /// Ends all requests with `shutDown`, closes all connections and joins the thread.
    ///
    /// Idempotent; later requests fail with `shutDown`.
    package func shutdown() {
        mailbox.close()
        // Under the lock, so that a second caller returns only after the thread has ended.
        thread.withLock { thread in
            thread?.join()
            thread = nil
        }
    }
}
