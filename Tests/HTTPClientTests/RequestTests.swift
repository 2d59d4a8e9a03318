import Testing

@testable import HTTPClient

struct `A request` {
    private let address = "https://vault.example/v1/x"

    private func isInvalid(_ request: Request) async -> Bool {
        let client = HTTPClient(addressPolicy: .any)
        defer { client.shutdown() }
        do throws(HTTPError) {
            _ = try await client.send(request)
            return false
        } catch {
            if case .invalidRequest = error { return error.isSurelyUnsent }
            return false
        }
    }

    @Test(arguments: [
        ("X-A", "a\r\nX-B: b"), ("X-A", "a\n"), ("X-A", "a\u{0}b"), ("X-A", "\u{7F}"), ("X A", "b"),
        ("", "b"),
        ("X-A:", "b"), ("X-Ä", "b"), ("X-A\r\n", "b"), ("Content-Length", "5"),
        ("transfer-encoding", "chunked"),
        ("Expect", "100-continue"),
    ])
    func `with a header that would break its framing is refused`(name: String, value: String) async {
        #expect(await isInvalid(Request(url: address, headers: [(name, value)])))
    }

    @Test(arguments: [
        "", "vault.example", "file:///etc/passwd", "gopher://x/", "ftp://x/", "http:/x", "https://a b/",
        "https://ä/",
        "https://x/\r\nHost: y", "https://user:word@localhost/", "http://[::1/", "HTTPS:/x",
    ])
    func `with a URL that is not plain http or https is refused`(url: String) async {
        #expect(await isInvalid(Request(url: url)))
    }

    @Test(arguments: ["", "get", "GET /", "GET\r\n", "ABCDEFGHIJKLMNOPQ"])
    func `with a method that is not upper case letters is refused`(method: String) async {
        #expect(await isInvalid(Request(method: method, url: address)))
    }

    @Test func `with an absurd limit is refused`() async {
        var request = Request(url: address)
        request.timeout = .zero
        #expect(await isInvalid(request))
        request = Request(url: address, headers: Array(repeating: ("A", "b"), count: 101))
        #expect(await isInvalid(request))
        request = Request(url: address)
        request.unixSocket = "/run/x\u{0}y"
        #expect(await isInvalid(request))
    }

    @Test func `prints neither headers nor body nor query nor user`() {
        let request = Request(
            method: "PUT", url: "https://me:canary@vault.example/v1/x?token=canary#canary",
            headers: [("Authorization", "canary")], body: Array("canary".utf8))
        var dumped = ""
        dump([request], to: &dumped)
        for text in [
            "\(request)", "\(String(reflecting: request))", "\([request])", "\(Optional(request) as Any)",
            dumped,
        ] {
            #expect(!text.contains("canary") && !text.contains("99, 97"), "\(text)")
        }
        #expect("\(request)" == "PUT https://vault.example/v1/x")
    }

    @Test func `has a response that prints neither headers nor body`() {
        let response = Response(status: 200, headers: [("X-Key", "canary")], body: Array("canary".utf8))
        var dumped = ""
        dump(response, to: &dumped)
        #expect("\(response)" == "status 200, 6 bytes" && !dumped.contains("canary"))
        #expect(response.header("x-kEY") == "canary" && response.header("x") == nil)
    }
}
