import CMicroHTTPD
import Glibc

/// What a request is refused for before anybody looks at what it asks.
struct Refusal: Error {
    var status: Int
    var title: String
    var detail: String

    static func malformed(_ detail: String) -> Refusal {
        Refusal(status: 400, title: "Bad request", detail: detail)
    }

    /// The connection ends with it: where the next request would begin is not certain any more.
    var response: Response { Response.problem(status, title, detail: detail).closing() }
}

/// The head of a request as libmicrohttpd holds it, checked more strictly than it checks.
///
/// libmicrohttpd 0.9.75 is lenient: it takes bare line feeds, folded lines, blanks before a colon, a zero within
/// a value (where its C string ends), two lengths, and a length beside a transfer coding. It cuts the head up in
/// place, though: the method, the target, the version and every field stay where they came in, with zeros for
/// what was between them. So every byte of the head must be one that it told us of, or one zero for each byte of
/// `\r\n` between; what is left over was hidden, and is refused. An implementation that moved them would refuse
/// everything: the tests of this target would tell.
struct RequestHead {
    private let start: UnsafeRawPointer
    private let size: Int
    private var fields: [Headers.Field] = []
    /// Where the next line must begin.
    private var next: Int
    private var isWhole = true
    private var tooMany = false
    private let limits: Limits

    /// Reads the fields of a connection whose head is there.
    ///
    /// - parameters:
    ///   - method, version: as libmicrohttpd gives them.
    ///   - target: where the target began, and how long it was, when its line came.
    static func read(
        _ connection: OpaquePointer, method: UnsafePointer<CChar>, target: (start: UnsafeRawPointer, count: Int),
        version: UnsafePointer<CChar>, limits: Limits
    ) throws(Refusal) -> Headers {
        let size = rota_mhd_head_size(connection)
        guard size <= limits.headBytes else { throw tooLarge("the header is over \(limits.headBytes) bytes") }
        guard strcmp(version, "HTTP/1.1") == 0 || strcmp(version, "HTTP/1.0") == 0 else {
            throw Refusal(
                status: 505, title: "HTTP version not supported", detail: "this server speaks HTTP/1.1")
        }
        let start = UnsafeRawPointer(method)
        let afterMethod = start + strlen(method) + 1
        guard target.start == afterMethod, UnsafeRawPointer(version) == afterMethod + target.count + 1 else {
            throw .malformed("the request line is not one method, one target and one version")
        }
        let first = UnsafeRawPointer(version) + strlen(version) + 2
        var head = RequestHead(start: start, size: size, next: first - start, limits: limits)
        withUnsafeMutablePointer(to: &head) { head in
            _ = MHD_get_connection_values_n(connection, .HEADER_KIND, collectField, head)
        }
        return try head.finish(isVersion11: strcmp(version, "HTTP/1.1") == 0)
    }

    private init(start: UnsafeRawPointer, size: Int, next: Int, limits: Limits) {
        self.start = start
        self.size = size
        self.next = next
        self.limits = limits
        fields.reserveCapacity(16)
    }

    /// Takes one field; false when no more are wanted.
    fileprivate mutating func add(
        _ name: UnsafeRawPointer?, _ nameCount: Int, _ value: UnsafeRawPointer?, _ valueCount: Int
    ) -> Bool {
        guard let name, let value, fields.count < limits.headerFields else {
            tooMany = true
            return false
        }
        let nameStart = name - start
        let valueStart = value - start
        // Between name and value stand the colon and blanks, which is for libmicrohttpd to skip.
        guard nameStart == next, valueStart > nameStart + nameCount, valueStart + valueCount + 2 <= size else {
            isWhole = false
            return false
        }
        // Blanks at the end are not the value's (RFC 9112 section 5.1).
        var end = valueStart + valueCount
        while end > valueStart, [0x20, 0x09].contains(start.load(fromByteOffset: end - 1, as: UInt8.self)) { end -= 1 }
        fields.append(Headers.Field(name: nameStart..<nameStart + nameCount, value: valueStart..<end))
        next = valueStart + valueCount + 2
        return true
    }

    private static func tooLarge(_ detail: String) -> Refusal {
        Refusal(status: 431, title: "Request header fields too large", detail: detail)
    }

    private func finish(isVersion11: Bool) throws(Refusal) -> Headers {
        if tooMany { throw Self.tooLarge("there are more than \(limits.headerFields) header fields") }
        guard isWhole, next + 2 == size else {
            throw .malformed("a line of the header is folded, does not end with CR LF, or holds a zero")
        }
        let bytes = [UInt8](UnsafeRawBufferPointer(start: start, count: size))
        let span = bytes.span
        for field in fields {
            guard !field.name.isEmpty, span.extracting(field.name).areAll(in: .token) else {
                throw .malformed("a header field has a name that is none")
            }
            guard span.extracting(field.value).areAll(in: .value) else {
                throw .malformed("the value of a header field holds a control character")
            }
        }
        try check(bytes, isVersion11: isVersion11)
        return Headers(bytes: bytes, fields: fields)
    }

    /// The fields that say where a request ends, whom it is for and who asks: each must be said once.
    private struct Vital {
        var hosts = 0
        var lengths = 0
        var codings = 0
        var credentials = 0
        var kinds = 0
        var host: Range<Int>?
        var length: Range<Int>?

        mutating func count(_ field: Headers.Field, _ name: Span<UInt8>) {
            switch name.count {
            case 4 where name.holds("host", ignoringCase: true):
                hosts += 1
                host = field.value
            case 14 where name.holds("content-length", ignoringCase: true):
                lengths += 1
                length = field.value
            case 17 where name.holds("transfer-encoding", ignoringCase: true): codings += 1
            case 13 where name.holds("authorization", ignoringCase: true): credentials += 1
            case 12 where name.holds("content-type", ignoringCase: true): kinds += 1
            default: break
            }
        }
    }

    private func check(_ bytes: [UInt8], isVersion11: Bool) throws(Refusal) {
        let span = bytes.span
        var vital = Vital()
        for field in fields { vital.count(field, span.extracting(field.name)) }
        guard vital.hosts == 1 || vital.hosts == 0 && !isVersion11 else { throw .malformed("there must be one Host") }
        if let host = vital.host, !span.extracting(host).areAll(in: .host) { throw .malformed("the Host is none") }
        if vital.codings > 0 {
            if vital.lengths > 0 { throw .malformed("Content-Length and Transfer-Encoding exclude each other") }
            throw Refusal(
                status: 411, title: "Length required", detail: "send a body with Content-Length, not in chunks")
        }
        guard vital.lengths < 2 else { throw .malformed("Content-Length is repeated") }
        guard vital.credentials < 2, vital.kinds < 2 else {
            throw .malformed("Authorization or Content-Type is repeated")
        }
        if let length = vital.length { try check(length: span.extracting(length)) }
    }

    private func check(length digits: Span<UInt8>) throws(Refusal) {
        var bytes = 0
        var isNumber = !digits.isEmpty
        for index in digits.indices {
            isNumber = isNumber && (48...57).contains(digits[index])
            // Far above every limit it stays where it is.
            if isNumber, bytes <= limits.bodyBytes { bytes = bytes * 10 + Int(digits[index] - 48) }
        }
        guard isNumber else { throw .malformed("the Content-Length is no number") }
        guard bytes <= limits.bodyBytes else {
            throw Refusal(
                status: 413, title: "Content too large", detail: "a body has at most \(limits.bodyBytes) bytes here")
        }
    }
}

/// Not a closure, so that it can inherit no actor's isolation and trap on libmicrohttpd's threads.
private func collectField(
    _ context: UnsafeMutableRawPointer?, _: MHD_ValueKind, _ name: UnsafePointer<CChar>?, _ nameCount: Int,
    _ value: UnsafePointer<CChar>?, _ valueCount: Int
) -> MHD_Result {
    guard let head = context?.assumingMemoryBound(to: RequestHead.self) else { return .NO }
    return head.pointee.add(name, nameCount, value, valueCount) ? .YES : .NO
}
