import CCurl

/// Owns the libcurl multi handle and all transfers in it.
///
/// Unchecked, because after `init` everything but the mailbox is touched by the one thread in `run`.
final class TransferLoop: @unchecked Sendable {
    private let multi: UnsafeMutableRawPointer
    private let mailbox: Mailbox
    private let watch: SocketWatch
    private let addressPolicy: AddressPolicy
    private let userAgent: String
    /// Keeps each transfer alive while libcurl holds pointers into it.
    private var active: [UnsafeMutableRawPointer: Transfer] = [:]
    private var handles: [UInt64: UnsafeMutableRawPointer] = [:]
    private var idle: [UnsafeMutableRawPointer] = []

    private static let longestWait = 1000
    /// Once in the process, and before any thread uses it.
    private static let isLibraryReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    init(
        _ mailbox: Mailbox, addressPolicy: AddressPolicy, userAgent: String, connectionsPerHost: Int,
        idleConnections: Int
    ) {
        guard Self.isLibraryReady, let multi = curl_multi_init() else {
            preconditionFailure("cannot start libcurl: out of memory")
        }
        self.multi = multi
        self.mailbox = mailbox
        watch = SocketWatch(bell: mailbox.bell)
        self.addressPolicy = addressPolicy
        self.userAgent = userAgent
        rota_curl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, connectionsPerHost)
        // The default, four times the transfers of the moment, would close connections still wanted.
        rota_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, idleConnections)
        // Not retained: the multi handle is freed before the loop ends, and this with it.
        let context = Unmanaged.passUnretained(watch).toOpaque()
        rota_curl_multi_set_socket(multi, watchSocket, context)
    }

    /// Serves the mailbox until it is closed, then fails what is left and frees everything.
    func run() {
        while true {
            let mail = mailbox.collect()
            for submission in mail.submissions { start(submission) }
            for id in mail.cancelled {
                if let handle = handles[id] { finish(handle, .failure(.cancelled)) }
            }
            if mail.isClosed { break }
            if timeLeft() == 0 { turn(CURL_SOCKET_TIMEOUT, 0) }
            finishCompleted()
            for (socket, ready) in watch.wait(atMost: timeLeft()) { turn(socket, ready) }
            finishCompleted()
        }
        for handle in Array(active.keys) { finish(handle, .failure(.shutDown)) }
        for handle in idle { curl_easy_cleanup(handle) }
        curl_multi_cleanup(multi)
    }

    /// In how many milliseconds libcurl wants a turn although no socket is ready: at the most a second.
    private func timeLeft() -> Int {
        var milliseconds = -1
        curl_multi_timeout(multi, &milliseconds)
        return milliseconds < 0 ? Self.longestWait : min(milliseconds, Self.longestWait)
    }

    /// Lets libcurl go on with what one socket is ready for, or with what its time has come for.
    private func turn(_ socket: curl_socket_t, _ ready: Int32) {
        var running: Int32 = 0
        curl_multi_socket_action(multi, socket, ready, &running)
    }

    private func start(_ submission: Submission) {
        guard let handle = idle.popLast() ?? curl_easy_init() else {
            submission.reply.resume(returning: .failure(.notSent("out of memory")))
            return
        }
        let transfer = Transfer(submission, policy: addressPolicy)
        active[handle] = transfer
        handles[submission.id] = handle
        if let fault = transfer.configure(handle, userAgent: userAgent) {
            finish(handle, .failure(fault))
        } else if curl_multi_add_handle(multi, handle) != CURLM_OK {
            finish(handle, .failure(.notSent("out of memory")))
        }
    }

    private func finishCompleted() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle,
                let transfer = active[handle]
            else { continue }
            // Copied before the handle goes, which frees the message.
            let code = message.pointee.data.result
            finish(handle, transfer.result(code, handle))
        }
    }

    private func finish(_ handle: UnsafeMutableRawPointer, _ result: Result<Response, HTTPError>) {
        guard let transfer = active.removeValue(forKey: handle) else { return }
        handles[transfer.id] = nil
        curl_multi_remove_handle(multi, handle)
        // Before the transfer's buffers go: the handle points into them.
        curl_easy_reset(handle)
        if idle.count < 64 { idle.append(handle) } else { curl_easy_cleanup(handle) }
        transfer.reply.resume(returning: result)
    }
}

// The callback is a function and not a closure, which could inherit an actor's isolation and trap here.

private func watchSocket(
    _ handle: UnsafeMutableRawPointer?, _ socket: curl_socket_t, _ what: Int32, _ context: UnsafeMutableRawPointer?,
    _ of: UnsafeMutableRawPointer?
) -> Int32 {
    if let context { Unmanaged<SocketWatch>.fromOpaque(context).takeUnretainedValue().watch(socket, for: what) }
    return 0
}
