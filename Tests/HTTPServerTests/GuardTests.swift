import Crypto
import HTTPServer
import Testing

/// A request as raw bytes, and the status that it must be refused with.
struct BadRequest: CustomTestStringConvertible {
    let name: String
    let text: String
    var status = 400

    var testDescription: String { name }

    static let all: [BadRequest] = [
        // Smuggling: what one side takes for the end of a request and the other does not.
        .init(
            name: "a length beside a transfer coding",
            text: "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        .init(
            name: "a transfer coding beside a length",
            text: "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"),
        .init(
            name: "chunks", text: "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            status: 411),
        .init(
            name: "an unknown transfer coding",
            text: "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", status: 411),
        .init(
            name: "two lengths",
            text: "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabc"),
        .init(
            name: "the same length twice",
            text: "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
        .init(name: "a list of lengths", text: "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3, 3\r\n\r\nabc"),
        .init(name: "a length with a sign", text: "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc"),
        .init(name: "a negative length", text: "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: -3\r\n\r\nabc"),
        .init(name: "a hexadecimal length", text: "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 0x3\r\n\r\nabc"),
        .init(name: "an empty length", text: "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n"),
        .init(name: "no host", text: "GET /a HTTP/1.1\r\n\r\n"),
        .init(name: "two hosts", text: "GET /a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"),
        .init(name: "two hosts in version 1.0", text: "GET /a HTTP/1.0\r\nHost: x\r\nHost: x\r\n\r\n"),
        .init(name: "a host that is none", text: "GET /a HTTP/1.1\r\nHost: x, y\r\n\r\n"),
        .init(
            name: "two authorizations",
            text: "GET /a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n"),
        // Lines that end where others do not see an end.
        .init(name: "bare line feeds", text: "GET /a HTTP/1.1\nHost: x\n\n"),
        .init(name: "a bare line feed after the request line", text: "GET /a HTTP/1.1\nHost: x\r\n\r\n"),
        .init(name: "a bare line feed after a field", text: "GET /a HTTP/1.1\r\nHost: x\nX: y\r\n\r\n"),
        .init(name: "a bare line feed at the end", text: "GET /a HTTP/1.1\r\nHost: x\r\n\n"),
        .init(name: "a bare carriage return in a value", text: "GET /a HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n"),
        .init(name: "a carriage return at the end of a value", text: "GET /a HTTP/1.1\r\nHost: x\r\nX: a\r\r\n\r\n"),
        .init(name: "a folded line", text: "GET /a HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n"),
        .init(name: "a folded line after a tab", text: "GET /a HTTP/1.1\r\nHost: x\r\nX: a\r\n\tb\r\n\r\n"),
        .init(name: "a first line that is folded", text: "GET /a HTTP/1.1\r\n X: a\r\nHost: x\r\n\r\n"),
        .init(name: "a zero in a value", text: "GET /a HTTP/1.1\r\nHost: x\r\nX: a\u{0}b\r\n\r\n"),
        .init(name: "a zero at the end of a value", text: "GET /a HTTP/1.1\r\nHost: x\r\nX: a\u{0}\r\n\r\n"),
        .init(name: "a zero in the last value", text: "GET /a HTTP/1.1\r\nX: y\r\nHost: x\u{0}z\r\n\r\n"),
        .init(name: "a zero in a name", text: "GET /a HTTP/1.1\r\nHost: x\r\nX\u{0}Y: a\r\n\r\n"),
        .init(
            name: "a line that begins with a zero",
            text: "GET /a HTTP/1.1\r\nHost: x\r\n\u{0}X: a\r\nContent-Length: 3\r\n\r\nabc"),
        .init(name: "a control character in a value", text: "GET /a HTTP/1.1\r\nHost: x\r\nX: a\u{1}b\r\n\r\n"),
        .init(name: "a blank before the colon", text: "GET /a HTTP/1.1\r\nHost: x\r\nX : a\r\n\r\n"),
        .init(name: "a tab before the colon", text: "GET /a HTTP/1.1\r\nHost : x\r\nX: a\r\n\r\n"),
        .init(name: "a field without a name", text: "GET /a HTTP/1.1\r\nHost: x\r\n: a\r\n\r\n"),
        .init(name: "a field without a colon", text: "GET /a HTTP/1.1\r\nHost: x\r\nX\r\n\r\n"),
        // Targets.
        .init(name: "a zero in the path", text: "GET /hello%00x HTTP/1.1\r\nHost: x\r\n\r\n"),
        .init(name: "a raw zero in the path", text: "GET /hello\u{0}x HTTP/1.1\r\nHost: x\r\n\r\n"),
        .init(name: "a raw zero in the query", text: "GET /hello?a\u{0}x HTTP/1.1\r\nHost: x\r\n\r\n"),
        .init(name: "a raw zero after the method", text: "GET\u{0}x /a HTTP/1.1\r\nHost: x\r\n\r\n"),
        .init(name: "a line end in the path", text: "GET /a%0d%0aX:%20y HTTP/1.1\r\nHost: x\r\n\r\n"),
        .init(name: "half an escape", text: "GET /a%4 HTTP/1.1\r\nHost: x\r\n\r\n"),
        .init(name: "an escape that is none", text: "GET /a%zz HTTP/1.1\r\nHost: x\r\n\r\n"),
        .init(name: "a path that is no UTF-8", text: "GET /a%ff HTTP/1.1\r\nHost: x\r\n\r\n"),
        .init(name: "a path that goes up", text: "GET /a/%2e%2e/b HTTP/1.1\r\nHost: x\r\n\r\n"),
        .init(name: "a target with a host", text: "GET http://x/a HTTP/1.1\r\nHost: x\r\n\r\n"),
        .init(name: "two blanks in the request line", text: "GET  /a HTTP/1.1\r\nHost: x\r\n\r\n"),
        .init(name: "two blanks before the version", text: "GET /a  HTTP/1.1\r\nHost: x\r\n\r\n"),
        // Sizes.
        .init(
            name: "too many fields",
            text: "GET /a HTTP/1.1\r\nHost: x\r\n" + String(repeating: "A: b\r\n", count: 200) + "\r\n", status: 431),
        .init(
            name: "a head over the limit",
            text: "GET /a HTTP/1.1\r\nHost: x\r\nX: " + String(repeating: "x", count: 17 << 10) + "\r\n\r\n",
            status: 431),
        .init(
            name: "a head far over the limit",
            text: "GET /a HTTP/1.1\r\nHost: x\r\nX: " + String(repeating: "x", count: 200 << 10) + "\r\n\r\n",
            status: 431),
        .init(
            name: "a body over the limit",
            text: "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 10485760\r\n\r\nabc", status: 413),
        .init(
            name: "a body beyond all numbers",
            text: "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\nabc", status: 413),
        .init(name: "a version that there is not", text: "GET /a HTTP/3.7\r\nHost: x\r\n\r\n", status: 505),
    ]
}

struct `A server` {
    @Test(arguments: BadRequest.all)
    func `refuses and closes`(_ bad: BadRequest) async throws {
        try await RunningServer.use { server in
            // What a lenient server would take for the next request.
            let smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
            let (answer, isClosed) = try server.exchange(Array((bad.text + smuggled).utf8))
            // libmicrohttpd 0.9.75 sends the head of its own refusals twice, and closes then.
            let statusLines = answer.split(separator: "\r\n").filter { $0.hasPrefix("HTTP/1.") }
            #expect(isClosed, "the connection stays open")
            #expect(
                !statusLines.isEmpty && statusLines.allSatisfy { $0.hasPrefix("HTTP/1.1 \(bad.status) ") }, "\(answer)")
            #expect(server.seen.withLock { $0 }.isEmpty, "it reached the handler")
        }
    }
}
