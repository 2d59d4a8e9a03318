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
        let headers = Headers(bytes: bytes, fields: fields)
        for field in fields {
            guard !field.name.isEmpty, headers.name(field).allSatisfy(isTokenByte) else {
                throw .malformed("a header field has a name that is none")
            }
            guard headers.value(field).allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
                throw .malformed("the value of a header field holds a control character")
            }
        }
        try check(headers, isVersion11: isVersion11)
        return headers
    }

    /// What says where a request ends and whom it is for must be said once.
    private func check(_ headers: Headers, isVersion11: Bool) throws(Refusal) {
        func count(_ name: StaticString) -> Int { fields.count { headers.matches($0, name) } }
        let hosts = count("host")
        guard hosts == 1 || hosts == 0 && !isVersion11 else { throw .malformed("there must be one Host") }
        guard headers["host"]?.utf8.allSatisfy(isHostByte) ?? true else { throw .malformed("the Host is none") }
        let lengths = count("content-length")
        if count("transfer-encoding") > 0 {
            if lengths > 0 { throw .malformed("Content-Length and Transfer-Encoding exclude each other") }
            throw Refusal(
                status: 411, title: "Length required", detail: "send a body with Content-Length, not in chunks")
        }
        guard lengths < 2 else { throw .malformed("Content-Length is repeated") }
        guard count("authorization") < 2, count("content-type") < 2 else {
            throw .malformed("Authorization or Content-Type is repeated")
        }
        guard let length = headers["content-length"] else { return }
        guard !length.isEmpty, length.utf8.allSatisfy({ (48...57).contains($0) }) else {
            throw .malformed("the Content-Length is no number")
        }
        guard let bytes = Int(length), bytes <= limits.bodyBytes else {
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

/// RFC 9110 section 5.6.2.
private func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122: true
    case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E...0x60, 0x7C, 0x7E: true
    default: false
    }
}

/// A name, an address in brackets, and a port.
private func isHostByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122: true
    case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "["),
        UInt8(ascii: "]"), UInt8(ascii: "~"), UInt8(ascii: "%"):
        true
    default: false
    }
}
