import Crypto
import HTTPClient
import JSON
import TestSupport

@testable import Vaults

/// An endpoint that keeps values, and takes nothing but exactly the requests that it was made for: any other
/// method, address, header or body is a fault, and answered by 400.
final class StrictEndpoint: Sendable {
    private struct State {
        /// By address, as it was written.
        var values: [String: String] = [:]
        var faults: [String] = []
    }

    private let state: Locked<State>
    private let server: StubServer
    let password = "canary-" + Hex.encode(Random.bytes(12))

    /// - parameter conditional: whether it gives ETags, and takes no change without a condition.
    init(conditional: Bool) throws {
        let state = Locked(State())
        let password = password
        self.state = state
        server = try StubServer { request in
            state.withLock { state in
                guard let message = Message(request) else { return Self.fault("not a request", &state) }
                return Self.answer(message, password, conditional, &state)
            }
        }
    }

    var address: String { server.address }
    /// What it was sent that nobody should have sent.
    var faults: [String] { state.withLock { $0.faults } }
    var values: [String: String] { state.withLock { $0.values } }
    var requests: [String] { server.requests }

    private static func answer(
        _ message: Message, _ password: String, _ conditional: Bool, _ state: inout State
    ) -> StubServer.Answer {
        let changes = message.method != "GET"
        var expected: Set = ["host", "user-agent", "accept", "authorization", "x-place"]
        if message.method == "PUT" { expected.formUnion(["content-type", "content-length"]) }
        if conditional, changes { expected.insert(message.headers["if-match"] == nil ? "if-none-match" : "if-match") }
        guard Set(message.headers.keys) == expected else {
            return fault("\(message.method) with \(message.headers.keys.sorted())", &state)
        }
        guard message.headers["authorization"] == "Bearer \(password)" else { return fault("no credential", &state) }
        guard message.target.hasPrefix("/v1/items/"), message.target.contains("?key=") else {
            return fault("address \(message.target)", &state)
        }
        let value = state.values[message.target]
        let tag = value.map { "\"\(Hex.encode(SHA256.digest(of: $0)).prefix(16))\"" }
        if conditional, changes {
            let holds = message.headers["if-match"].map { $0 == tag } ?? (tag == nil)
            guard holds else { return .status("412 Precondition Failed", "") }
        }
        switch message.method {
        case "GET":
            guard let value else { return .status("404 Not Found", "{}") }
            let body: JSON = ["data": ["secret/value": .string(value)]]
            return .status("200 OK", body.serialized(), headers: conditional ? ["ETag: \(tag ?? "")"] : [])
        case "PUT":
            guard message.headers["content-type"] == "application/json",
                let body = try? JSON.parse(message.body, maximumBytes: 1 << 20).object,
                body.keys == ["secret", "note"],
                body["note"] == "by rota", let new = body["secret"]?.string
            else { return fault("body of \(message.body.utf8.count) bytes", &state) }
            state.values[message.target] = new
            return .status("201 Created", "")
        case "DELETE":
            state.values[message.target] = nil
            return .status("204 No Content", "")
        default: return fault("method \(message.method)", &state)
        }
    }

    private static func fault(_ text: String, _ state: inout State) -> StubServer.Answer {
        state.faults.append(text)
        return .status("400 Bad Request", "")
    }

    /// A request, taken apart.
    struct Message {
        var method: String
        var target: String
        /// By name in lower case.
        var headers: [String: String] = [:]
        var body: String

        init?(_ text: String) {
            guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
            let lines = text[..<end.lowerBound].split(separator: "\r\n")
            let words = lines.first?.split(separator: " ") ?? []
            guard words.count == 3 else { return nil }
            method = String(words[0])
            target = String(words[1])
            body = String(text[end.upperBound...])
            for line in lines.dropFirst() {
                guard let colon = line.firstIndex(of: ":") else { return nil }
                headers[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
            }
        }
    }
}

extension StrictEndpoint {
    /// A vault whose requests are those that this takes.
    func vault(reading: Bool, conditional: Bool, clock: ManualClock = ManualClock()) throws -> HTTPVault {
        let place = HTTPVaultConfiguration.Call.Header(name: "X-Place", value: try Template("{{path}} {{field}}"))
        let url = try URLTemplate("\(address)/v1/items/{{path}}?key={{field}}")
        let type = HTTPVaultConfiguration.Call.Header(name: "Content-Type", value: try Template("application/json"))
        var configuration = HTTPVaultConfiguration(
            name: "http",
            write: HTTPVaultConfiguration.Call(
                method: "PUT", url: url, headers: [type, place],
                body: try BodyTemplate(
                    #"{"secret": "{{value}}", "note": "by rota"}"#, type: "application/json", allowing: [.value]),
                success: [201]))
        configuration.remove = HTTPVaultConfiguration.Call(
            method: "DELETE", url: url, headers: [place], success: [204])
        if reading {
            configuration.reading = HTTPVaultConfiguration.Reading(
                HTTPVaultConfiguration.Call(method: "GET", url: url, headers: [place], success: [200]),
                pointer: try PointerTemplate("/data/secret~1value"))
        }
        configuration.credential = HTTPVaultConfiguration.CredentialHeader(name: "Authorization", prefix: "Bearer ")
        configuration.usesETag = conditional
        let password = Secret(utf8: password)
        return HTTPVault(
            configuration, credential: Credential("test") { .success(password) },
            client: HTTPClient(addressPolicy: .any), clock: clock)
    }
}
