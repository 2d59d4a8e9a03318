import Addresses
import CCurl
import Crypto
import Glibc

/// One request or mail in libcurl's hands; its buffers live and are wiped with it.
///
/// Confined to the client's thread. What libcurl copies into its own send buffers cannot be wiped.
final class Transfer {
    let id: UInt64
    let reply: CheckedContinuation<Result<Response, HTTPError>, Never>
    private let errand: Errand
    private let policy: AddressPolicy
    private let body: UnsafeMutablePointer<UInt8>
    private let bodyCount: Int
    /// How much of a mail has been read.
    private var readCount = 0
    private let errorText: UnsafeMutablePointer<CChar>
    /// Header lines, or who a mail is for.
    private var lines: UnsafeMutablePointer<curl_slist>?
    private var collected: ResponseCollector
    /// The last address that the policy refused; other addresses of the same name may still serve.
    private var refusedAddress: String?

    init(_ submission: Submission, policy: AddressPolicy) {
        id = submission.id
        reply = submission.reply
        errand = submission.errand
        self.policy = policy
        let (bytes, limit, file): ([UInt8], Int, Int32?) =
            switch submission.errand {
            case .request(let request): (request.body, request.maximumResponseBytes, request.bodyFile)
            case .mail(let mail): (mail.message, 0, nil)
            }
        collected = ResponseCollector(maximumBodyBytes: limit, file: file)
        // Never empty: for libcurl a null body means to read one from standard input.
        body = .allocate(capacity: bytes.count + 1)
        body.initialize(repeating: 0, count: bytes.count + 1)
        body.update(from: bytes, count: bytes.count)
        bodyCount = bytes.count
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        explicit_bzero(body, bodyCount)
        body.deallocate()
        errorText.deallocate()
        var line = lines
        while let entry = line {
            if let text = entry.pointee.data { explicit_bzero(text, strlen(text)) }
            line = entry.pointee.next
        }
        curl_slist_free_all(lines)
    }

    /// Sets every option on a fresh handle; the fault, if one was refused.
    func configure(_ handle: UnsafeMutableRawPointer, userAgent: String) -> HTTPError? {
        var options = EasyOptions(handle)
        options.setHardening()
        switch errand {
        case .request(let request):
            guard append(Self.headerLines(of: request)) else { return .notSent("out of memory") }
            options.setDeadlines(of: request)
            options.setTrust(of: request)
            options.setSignature(of: request)
            options.set(CURLOPT_URL, request.url)
            options.set(CURLOPT_USERAGENT, userAgent)
            options.set(CURLOPT_HTTPHEADER, lines)
            options.setMethod(request.method, body: body, count: bodyCount)
            if let path = request.unixSocket { options.set(CURLOPT_UNIX_SOCKET_PATH, path) }
        case .mail(let mail):
            guard append(mail.to) else { return .notSent("out of memory") }
            options.setTrust(mail.certificateAuthorityFile)
            options.setMail(mail, recipients: lines)
        }
        options.set(CURLOPT_ERRORBUFFER, UnsafeMutableRawPointer(errorText))
        // Not retained: the loop's `active` keeps the transfer until the handle has been reset.
        let context = Unmanaged.passUnretained(self).toOpaque()
        options.check(rota_curl_set_write(handle, receiveBody, context))
        options.check(rota_curl_set_header(handle, receiveHeader, context))
        if case .mail = errand { options.check(rota_curl_set_read(handle, readMail, context)) }
        options.check(rota_curl_set_opensocket(handle, openAllowedSocket, context))
        guard let fault = options.fault else { return nil }
        return .notSent("libcurl refused an option: \(String(cString: curl_easy_strerror(fault)))")
    }

    /// What a finished transfer means.
    func result(_ code: CURLcode, _ handle: UnsafeMutableRawPointer) -> Result<Response, HTTPError> {
        guard code == CURLE_OK else {
            if case .mail = errand { return .failure(mailFailure(code)) }
            return .failure(failure(code, bytesSent: bytesSent(handle)))
        }
        var status = 0
        guard rota_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK, status > 0 else {
            return .failure(.unknownOutcome("the reply has no status"))
        }
        return .success(Response(status: status, headers: collected.headers, body: collected.body))
    }

    /// Bytes of requests written to sockets, earlier attempts of libcurl included; nil if it does not tell.
    private func bytesSent(_ handle: UnsafeMutableRawPointer) -> Int? {
        var count = 0
        return rota_curl_get_long(handle, CURLINFO_REQUEST_SIZE, &count) == CURLE_OK ? count : nil
    }

    private func failure(_ code: CURLcode, bytesSent: Int?) -> HTTPError {
        if let excess = collected.excess { return .responseTooLarge(excess) }
        if let fault = collected.fault { return .responseLost(fault) }
        let reason = reason(code)
        // A refused connection proves nothing by itself: libcurl may have sent the request on a pooled
        // connection that then died, and been refused when it tried again.
        guard bytesSent == 0 else {
            // What libcurl calls out of memory is, after sending, a line over its own limit.
            let isLineTooLong = code == CURLE_OUT_OF_MEMORY
            return .unknownOutcome(isLineTooLong ? "a header line of the reply is over 100 KiB" : reason)
        }
        switch code {
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_LOGIN_DENIED:
            return .invalidRequest(reason)
        case CURLE_COULDNT_CONNECT:
            return .notSent(refusedAddress.map { "address \($0) is not allowed" } ?? reason)
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_OPERATION_TIMEDOUT, CURLE_SSL_CONNECT_ERROR,
            CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_ISSUER_ERROR, CURLE_OUT_OF_MEMORY:
            return .notSent(reason)
        default:
            return .unknownOutcome(reason)
        }
    }

    /// Until all of the text was read the server cannot have taken the mail.
    private func mailFailure(_ code: CURLcode) -> HTTPError {
        let reason = refusedAddress.map { "address \($0) is not allowed" } ?? reason(code)
        let isRefused = code == CURLE_LOGIN_DENIED || code == CURLE_URL_MALFORMAT || code == CURLE_WEIRD_SERVER_REPLY
        return readCount < bodyCount || isRefused ? .notSent(reason) : .unknownOutcome(reason)
    }

    private func reason(_ code: CURLcode) -> String {
        let text = String(cString: errorText)
        return text.isEmpty ? String(cString: curl_easy_strerror(code)) : text
    }

    private static func headerLines(of request: Request) -> [String] {
        // An empty value needs a semicolon; a colon with nothing after it removes libcurl's own header.
        var lines = request.headers.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        if let token = request.signature?.sessionToken {
            lines.append("X-Amz-Security-Token: " + String(decoding: token.copyBytes(), as: UTF8.self))
        }
        // No pause before large bodies, and no form type for bodies that are none. libcurl signs these lines
        // too, although it does not send them.
        if request.signature == nil { lines.append("Expect:") }
        if !request.headers.contains(where: { $0.name.lowercased() == "content-type" }) {
            lines.append("Content-Type:")
        }
        return lines
    }

    private func append(_ texts: [String]) -> Bool {
        for text in texts {
            guard let longer = curl_slist_append(lines, text) else { return false }
            lines = longer
        }
        return true
    }

    /// The next bytes of a mail; none at its end.
    fileprivate func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, bodyCount - readCount)
        buffer.copyMemory(from: UnsafeRawBufferPointer(start: body + readCount, count: count))
        readCount += count
        return count
    }

    fileprivate func receive(body bytes: UnsafeRawBufferPointer) -> Bool { collected.append(body: bytes) }

    fileprivate func receive(header bytes: UnsafeRawBufferPointer) -> Bool { collected.append(header: bytes) }

    /// Opens a socket for an address that the policy allows; -1 for all others and unknown families.
    fileprivate func openSocket(for target: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
        let family = target.pointee.family
        let kind = target.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
        if family == AF_UNIX, case .request(let request) = errand, request.unixSocket != nil {
            guard policy.allowsUnixSockets else {
                refusedAddress = "of a unix socket"
                return -1
            }
            return socket(family, kind, target.pointee.protocol)
        }
        guard let offset = MemoryLayout<curl_sockaddr>.offset(of: \.addr) else { return -1 }
        // libcurl's own structure is larger than the declared one: the length says how far it goes.
        let bytes = UnsafeRawBufferPointer(
            start: UnsafeRawPointer(target) + offset, count: Int(target.pointee.addrlen))
        let address = IPAddress(family: family, socketAddress: bytes)
        guard let address, policy.allows(address) else {
            refusedAddress = address?.description ?? "of an unknown family"
            return -1
        }
        return socket(family, kind, target.pointee.protocol)
    }
}

// The callbacks are functions and not closures, which could inherit an actor's isolation and trap here.

private func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer? {
    context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
}

/// Any other count than the one given ends the transfer.
private func taken(_ isTaken: Bool?, _ count: Int) -> Int { isTaken == true ? count : -1 }

private func receiveBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    let bytes = UnsafeRawBufferPointer(start: bytes, count: size * count)
    return taken(transfer(context)?.receive(body: bytes), bytes.count)
}

private func receiveHeader(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    let bytes = UnsafeRawBufferPointer(start: bytes, count: size * count)
    return taken(transfer(context)?.receive(header: bytes), bytes.count)
}

/// A count above what was asked for ends the transfer.
private func readMail(
    _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let transfer = transfer(context) else { return Int(CURL_READFUNC_ABORT) }
    return transfer.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: size * count))
}

private func openAllowedSocket(
    _ context: UnsafeMutableRawPointer?, _ purpose: curlsocktype,
    _ target: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard let target, let transfer = transfer(context) else { return -1 }
    return transfer.openSocket(for: target)
}
