import CCurl
import Crypto
import Glibc

/// Sets the options of one easy handle and remembers the first that libcurl refused.
struct EasyOptions {
    private let handle: UnsafeMutableRawPointer
    private(set) var fault: CURLcode?

    init(_ handle: UnsafeMutableRawPointer) {
        self.handle = handle
    }

    mutating func check(_ code: CURLcode) {
        if code != CURLE_OK, fault == nil { fault = code }
    }

    mutating func set(_ option: CURLoption, _ value: Int) {
        check(rota_curl_set_long(handle, option, value))
    }

    mutating func set(_ option: CURLoption, _ value: String) {
        check(rota_curl_set_string(handle, option, value))
    }

    /// libcurl's own copy cannot be wiped.
    mutating func set(_ option: CURLoption, _ secret: Secret) {
        let text = UnsafeMutablePointer<CChar>.allocate(capacity: secret.count + 1)
        defer {
            explicit_bzero(text, secret.count)
            text.deallocate()
        }
        let buffer = UnsafeMutableRawBufferPointer(start: text, count: secret.count)
        secret.withBytes { buffer.copyMemory(from: $0) }
        text[secret.count] = 0
        check(rota_curl_set_string(handle, option, text))
    }

    mutating func set(_ option: CURLoption, _ value: UnsafeMutableRawPointer) {
        check(rota_curl_set_pointer(handle, option, value))
    }

    mutating func set(_ option: CURLoption, _ list: UnsafeMutablePointer<curl_slist>?) {
        check(rota_curl_set_list(handle, option, list))
    }

    /// What holds for every request, defaults included where a later libcurl might change them.
    mutating func setHardening() {
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
        // Both, else the environment's http_proxy would resolve the name and void the address check.
        set(CURLOPT_PROXY, "")
        set(CURLOPT_NOPROXY, "*")
        set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        // Signatures cover the path as it was written.
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        set(CURLOPT_HTTP_CONTENT_DECODING, 0)
        set(CURLOPT_NOSIGNAL, 1)
        // Without it, giving up on a name waits for the resolver and with it stalls every other request.
        set(CURLOPT_QUICK_EXIT, 1)
        set(CURLOPT_TCP_NODELAY, 1)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_TCP_KEEPIDLE, 30)
        set(CURLOPT_TCP_KEEPINTVL, 10)
        set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
    }

    mutating func setDeadlines(of request: Request) {
        set(CURLOPT_TIMEOUT_MS, Self.milliseconds(request.timeout))
        set(CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(request.connectTimeout))
        set(CURLOPT_LOW_SPEED_LIMIT, 10)
        set(CURLOPT_LOW_SPEED_TIME, Self.milliseconds(request.longestSilence) / 1000)
    }

    /// - parameter file: of the only authorities to trust; the system's if nil.
    mutating func setTrust(_ file: String?) {
        guard let file else { return }
        set(CURLOPT_CAINFO, file)
        // Else the system's directory would be trusted beside the file.
        check(rota_curl_set_string(handle, CURLOPT_CAPATH, nil))
    }

    mutating func setTrust(of request: Request) {
        setTrust(request.certificateAuthorityFile)
        if let files = request.clientCertificate {
            set(CURLOPT_SSLCERT, files.certificateFile)
            set(CURLOPT_SSLKEY, files.keyFile)
        }
    }

    mutating func setSignature(of request: Request) {
        guard let signature = request.signature else { return }
        set(CURLOPT_AWS_SIGV4, signature.scope)
        set(CURLOPT_USERNAME, signature.accessKeyID)
        set(CURLOPT_PASSWORD, signature.secretAccessKey)
    }

    /// The method and a body that stays where it is: libcurl keeps the pointer.
    mutating func setMethod(_ method: String, body: UnsafeMutablePointer<UInt8>, count: Int) {
        if method == "HEAD" {
            set(CURLOPT_NOBODY, 1)
            return
        }
        // These announce a body even when it is empty; some servers answer 411 otherwise.
        if count > 0 || ["POST", "PUT", "PATCH"].contains(method) {
            set(CURLOPT_POST, 1)
            check(rota_curl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(count)))
            set(CURLOPT_POSTFIELDS, UnsafeMutableRawPointer(body))
        } else {
            set(CURLOPT_HTTPGET, 1)
        }
        set(CURLOPT_CUSTOMREQUEST, method)
    }

    /// Envelope, server and security of a mail; its text is read by the transfer.
    mutating func setMail(_ mail: Mail, recipients: UnsafeMutablePointer<curl_slist>?) {
        set(CURLOPT_PROTOCOLS_STR, "smtp,smtps")
        set(CURLOPT_URL, mail.url)
        set(CURLOPT_USE_SSL, Int(mail.security == .none ? CURLUSESSL_NONE.rawValue : CURLUSESSL_ALL.rawValue))
        set(CURLOPT_TIMEOUT_MS, Self.milliseconds(mail.timeout))
        set(CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(min(mail.timeout, .seconds(10))))
        // The next mail comes a day later: what idles until then is closed by whoever is tired of it.
        set(CURLOPT_FORBID_REUSE, 1)
        set(CURLOPT_MAIL_FROM, mail.from)
        set(CURLOPT_MAIL_RCPT, recipients)
        if let user = mail.user { set(CURLOPT_USERNAME, user) }
        if let password = mail.password { set(CURLOPT_PASSWORD, password) }
        set(CURLOPT_UPLOAD, 1)
        check(rota_curl_set_offset(handle, CURLOPT_INFILESIZE_LARGE, curl_off_t(mail.message.count)))
    }

    /// Rounded up, for zero would mean no limit; at most a day.
    private static func milliseconds(_ duration: Duration) -> Int {
        let parts = min(duration, .seconds(86_400)).components
        return Int(parts.seconds) * 1000
            + Int((parts.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
