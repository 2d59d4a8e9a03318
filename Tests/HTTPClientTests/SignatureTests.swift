import Crypto
import Testing

@testable import HTTPClient

struct `A signature for AWS` {
    private let client = HTTPClient(addressPolicy: .any)
    private let key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

    private func signature(token: String? = nil) -> AWSSignature {
        AWSSignature(
            region: "eu-west-1", service: "secretsmanager", accessKeyID: "AKIDEXAMPLE",
            secretAccessKey: Secret(utf8: key), sessionToken: token.map { Secret(utf8: $0) })
    }

    private func request(_ url: String, token: String? = nil, body: String = "{}") -> Request {
        var request = Request(
            method: "POST", url: url,
            headers: [
                ("X-Amz-Target", "secretsmanager.GetSecretValue"), ("Content-Type", "application/x-amz-json-1.1"),
            ], body: Array(body.utf8))
        request.signature = signature(token: token)
        return request
    }

    @Test(arguments: [
        ("/", "{}", nil), ("/?a=1&b=%2F&b=2", #"{"SecretId":"ä/ö"}"#, nil), ("/a/b", "", "FwoGZXIvYXdzE+/=="),
        ("/", String(repeating: "x", count: 1_000_000), "token"),
    ])
    func `covers the request as it arrives`(path: String, body: String, token: String?) async throws {
        let server = RawServer { $0.echo() }
        defer { server.stop() }
        var request = request(server.url + path, token: token, body: body)
        request.maximumResponseBytes = 2 << 20
        // Twice, because the second one takes the connection of the first.
        for _ in 0..<2 { #expect(try await client.send(request).status == 200) }
        #expect(server.requests.count == 2)
        for received in server.requests {
            let verifier = try #require(SignatureVerifier(received))
            #expect(verifier.headers["x-amz-security-token"] == token)
            #expect(!received.head.contains(key) && !received.head.contains("Expect:"))
            let names = ["content-type", "host", "x-amz-date", "x-amz-target"]
            #expect(Set(names + (token == nil ? [] : ["x-amz-security-token"])).isSubset(of: verifier.signedHeaders))
            #expect(verifier.given == verifier.expected(key, "eu-west-1", "secretsmanager"))
        }
    }

    @Test func `leaves the next request on the connection unsigned`() async throws {
        let server = RawServer { $0.echo() }
        defer { server.stop() }
        _ = try await client.send(request(server.url))
        _ = try await client.send(Request(method: "POST", url: server.url))
        #expect(server.accepted == 1 && server.requests.count == 2)
        #expect(server.requests.last?.head.contains("Authorization") == false)
    }

    @Test func `is refused where libcurl would sign something else than is sent`() async {
        let unsorted = request("https://vault.example/?b=1&a=2")
        let large = request("https://vault.example/", body: String(repeating: "x", count: 1 << 20))
        var untyped = request("https://vault.example/")
        untyped.headers.removeLast()
        var named = request("https://vault.example/")
        named.signature?.region = "eu:west"
        var empty = request("https://vault.example/")
        empty.signature?.secretAccessKey = Secret(utf8: "")
        let broken = request("https://vault.example/", token: "a\r\nHost: b")
        for request in [unsorted, large, untyped, named, empty, broken] {
            let error = await #expect(throws: HTTPError.self) { try await client.send(request) }
            #expect(error?.isSurelyUnsent == true)
        }
    }
}

/// Computes the signature of what arrived, by the text of the specification and without libcurl.
private struct SignatureVerifier {
    let headers: [String: String]
    let signedHeaders: [String]
    /// What the request says that its signature is.
    let given: String
    private let received: RawServer.Received
    private let date: String

    init?(_ received: RawServer.Received) {
        self.received = received
        var headers: [String: String] = [:]
        for line in received.head.split(separator: "\r\n").dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            headers[line[..<colon].lowercased()] = String(value)
        }
        self.headers = headers
        func part(_ name: String) -> String? {
            headers["authorization"]?.firstRange(of: name + "=").map { range in
                String((headers["authorization"] ?? "")[range.upperBound...].prefix { $0 != "," })
            }
        }
        guard let given = part("Signature"), let names = part("SignedHeaders"), let date = headers["x-amz-date"] else {
            return nil
        }
        self.given = given
        self.date = date
        signedHeaders = names.split(separator: ";").map(String.init)
        // A header that is signed and not sent is no signature for AWS.
        guard signedHeaders.allSatisfy({ headers[$0] != nil }) else { return nil }
    }

    func expected(_ key: String, _ region: String, _ service: String) -> String {
        let line = received.head.prefix { $0 != "\r\n" }.split(separator: " ")
        let target = line[1].split(separator: "?", maxSplits: 1)
        let canonical = [
            String(line[0]), String(target[0]), target.count > 1 ? String(target[1]) : "",
            signedHeaders.map { "\($0):\(headers[$0] ?? "")\n" }.joined(), signedHeaders.joined(separator: ";"),
            Hex.encode(SHA256.digest(of: received.body)),
        ].joined(separator: "\n")
        let scope = "\(date.prefix(8))/\(region)/\(service)/aws4_request"
        let text = "AWS4-HMAC-SHA256\n\(date)\n\(scope)\n\(Hex.encode(SHA256.digest(of: canonical)))"
        let signingKey = scope.split(separator: "/").reduce(Array("AWS4\(key)".utf8)) { key, part in
            HMAC.sha256(key: key, message: Array(part.utf8))
        }
        return Hex.encode(HMAC.sha256(key: signingKey, message: Array(text.utf8)))
    }
}
