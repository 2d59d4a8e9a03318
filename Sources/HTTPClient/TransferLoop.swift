import CCurl

/// Owns the libcurl multi handle and all transfers in it.
///
/// Unchecked, because after `init` everything but the constant `multi` is touched by the one thread in `run`.
final class TransferLoop: @unchecked Sendable {
    let multi: UnsafeMutableRawPointer
    private let addressPolicy: AddressPolicy
    private let userAgent: String
    /// Keeps each transfer alive while libcurl holds pointers into it.
    private var active: [UnsafeMutableRawPointer: Transfer] = [:]
    private var handles: [UInt64: UnsafeMutableRawPointer] = [:]
    private var idle: [UnsafeMutableRawPointer] = []

    /// Once in the process, and before any thread uses it.
    private static let isLibraryReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    init(addressPolicy: AddressPolicy, userAgent: String, connectionsPerHost: Int, idleConnections: Int) {
        guard Self.isLibraryReady, let multi = curl_multi_init() else {
            preconditionFailure("cannot start libcurl: out of memory")
        }
        self.multi = multi
        self.addressPolicy = addressPolicy
        self.userAgent = userAgent
        rota_curl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, connectionsPerHost)
        // The default, four times the transfers of the moment, would close connections still wanted.
        rota_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, idleConnections)
    }

    /// Serves the mailbox until it is closed, then fails what is left and frees everything.
    func run(_ mailbox: Mailbox) {
        while true {
            let mail = mailbox.collect()
            for submission in mail.submissions { start(submission) }
            for id in mail.cancelled {
                if let handle = handles[id] { finish(handle, .failure(.cancelled)) }
            }
            if mail.isClosed { break }
            var running: Int32 = 0
            curl_multi_perform(multi, &running)
            // A finished transfer may make room for one that waits, which then needs a turn at once.
            if finishCompleted() == 0 { curl_multi_poll(multi, nil, 0, 1000, nil) }
        }
        for handle in Array(active.keys) { finish(handle, .failure(.shutDown)) }
        for handle in idle { curl_easy_cleanup(handle) }
        mailbox.removeBell()
        curl_multi_cleanup(multi)
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

    private func finishCompleted() -> Int {
        var completed = 0
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle,
                let transfer = active[handle]
            else { continue }
            // Copied before the handle goes, which frees the message.
            let code = message.pointee.data.result
            finish(handle, transfer.result(code, handle))
            completed += 1
        }
        return completed
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
