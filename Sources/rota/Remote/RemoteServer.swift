import Addresses
import Crypto
import Engine
import HTTPClient
import JSON
import RotaCore

/// A running `rota serve`, asked in the name of whose token it is.
struct RemoteServer {
    private let address: String
    /// Where it listens there instead.
    private let socket: String?
    private let token: Secret
    private let authorities: String?
    /// Where the token is, for whoever has to mend it; nil: it came from standard input.
    private let file: String?
    private let client = HTTPClient(addressPolicy: .any)

    /// - throws: `Failure` for an address that is none, or that would carry the token over a network in the clear.
    init(_ arguments: Arguments) throws(Failure) {
        let given = arguments.value("server") ?? ""
        file = arguments.value("token-file")
        authorities = arguments.value("server-ca")
        if given.hasPrefix("unix:") {
            (address, socket) = ("http://localhost", String(given.dropFirst("unix:".count)))
            token = try Self.token(arguments)
            return
        }
        socket = nil
        let text = given.hasSuffix("/") ? String(given.dropLast()) : given
        guard text.hasPrefix("https://") || text.hasPrefix("http://"), !text.contains("@"),
            text.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).count == 3
        else {
            throw .usage(
                "--server: '\(printable(given))' is no address",
                hint: "write https://rota.internal:8470, or unix:/run/rota/rota.sock")
        }
        guard text.hasPrefix("https://") || Self.isLoopback(text.dropFirst("http://".count)) else {
            throw .usage(
                "--server: over http the token could be read on the way",
                hint: "write https://; http is for an address of this machine only")
        }
        address = text
        token = try Self.token(arguments)
    }

    private static func token(_ arguments: Arguments) throws(Failure) -> Secret {
        try readTokenValue(
            arguments.value("token-file"), hint: "give your token: --token-file FILE, or standard input")
    }

    private static func isLoopback(_ authority: Substring) -> Bool {
        if authority.hasPrefix("[") { return authority.hasPrefix("[::1]") }
        let host = authority.prefix { $0 != ":" }
        return host == "localhost" || host.hasPrefix("127.") && IPAddress(String(host)) != nil
    }

    /// - throws: `Failure` with what the server says, where it refuses.
    func ask(_ question: RemoteCommand.Question, key: String?) async throws(Failure) -> [UInt8] {
        try await send(question, key: key).body
    }

    /// - parameters:
    ///   - accept: in which form it is to be answered; nil: as programs read it.
    ///   - file: what a body of any length is written into as it comes; nil: it is in the response.
    func send(
        _ question: RemoteCommand.Question, key: String? = nil, accept: String? = nil, into file: Int32? = nil
    ) async throws(Failure) -> Response {
        let response = try await exchange(
            question, key: key, accept: accept, into: file, most: file == nil ? 1 << 30 : .max)
        if response.status == 401 { throw await refusedToken() }
        guard (200..<300).contains(response.status) else { throw Self.failure(response) }
        return response
    }

    private func exchange(
        _ question: RemoteCommand.Question, key: String? = nil, accept: String? = nil, into file: Int32? = nil,
        most: Int
    ) async throws(Failure) -> Response {
        var request = Request(
            method: question.method, url: address + Self.path(question),
            headers: [
                ("Authorization", "Bearer \(String(decoding: token.copyBytes(), as: UTF8.self))"),
                // What to do is told in commands, and not in requests.
                ("User-Agent", "rota/\(Program.version)"),
            ],
            body: question.body.map { Array($0.serialized().utf8) } ?? [])
        if let path = question.file {
            request.body = try File(reading: path).readAll(most: Self.longestFile)
            request.headers.append(("Content-Type", "application/octet-stream"))
        }
        if question.body != nil { request.headers.append(("Content-Type", "application/json")) }
        if let key { request.headers.append(("Idempotency-Key", key)) }
        if let accept { request.headers.append(("Accept", accept)) }
        // A run answers when it is done, and says nothing before.
        request.timeout = .seconds(3_600)
        request.longestSilence = request.timeout
        request.maximumResponseBytes = most
        request.bodyFile = file
        request.certificateAuthorityFile = authorities
        request.unixSocket = socket
        do throws(HTTPError) {
            return try await client.send(request)
        } catch .responseLost(let why) {
            throw Failure("what \(socket ?? address) sent cannot be written: \(why)", hint: "look for room on the disk")
        } catch {
            throw Failure("\(socket ?? address): \(error)", hint: "is 'rota serve' there? see its log")
        }
    }

    /// What has become of the token, which its holder is told and nobody else, and what to do about which file.
    private func refusedToken() async -> Failure {
        let told = try? await exchange(RemoteCommand.Question("GET", ["v1", "self"]), most: 1 << 20)
        let document = told.flatMap { try? JSON.parse($0.body, maximumBytes: 1 << 20) }
        let place = file.map { "'\($0)'" } ?? "standard input"
        let into = file.map { "write its value into '\($0)'" } ?? "give its value on standard input"
        let (why, hint) =
            switch document?["reason"]?.string {
            case "rotated": ("", "read the new value from where the token's values are brought, and \(into)")
            case "expired": ("", "have another one made: rota token create --owner YOU --scope ROLE; then \(into)")
            case "revoked": ("", "ask who operates Rota why; with another token, \(into)")
            case "quarantined":
                ("", "once it is restored, it is accepted as it is in \(place): rota token restore NAME")
            default:
                (
                    "it is no value of a token there",
                    "see that \(place) holds a whole value, alone, of a token of \(address); else \(into)"
                )
            }
        let cause = why.isEmpty ? document?["detail"]?.string ?? "it has ended" : why
        return Failure(printable("the token from \(place) is not accepted: \(cause)"), hint: printable(hint))
    }

    /// What a server takes at the most.
    private static let longestFile = 64 << 20

    private static func path(_ question: RemoteCommand.Question) -> String {
        let path = question.path.map { "/" + PercentEncoding.encode($0) }.joined()
        guard !question.query.isEmpty else { return path }
        return path + "?"
            + question.query.map { "\($0.name)=\(PercentEncoding.encode($0.value))" }.joined(separator: "&")
    }

    /// As at home: 4 where a limit, a brake or a missing approval forbids it, 5 where something has to be mended first.
    private static func code(ofRefusal reason: String) -> ExitCode {
        if Brake.codes.contains(reason) || ["limit", "refused"].contains(reason) { return .refused }
        let hasEnded = reason == "expired" || TokenState(rawValue: reason) != nil
        return hasEnded || reason == "failed" || BlockedReason(rawValue: reason) != nil ? .partlyFailed : .failed
    }

    private static func failure(_ response: Response) -> Failure {
        let document = try? JSON.parse(response.body, maximumBytes: 1 << 20)
        let what = document?["detail"]?.string ?? document?["title"]?.string ?? "it answered \(response.status)"
        let usual: String? =
            switch response.status {
            case 403: "ask somebody who has that scope"
            case 429, 503: response.header("Retry-After").map { "try again in \($0) seconds" }
            default: nil
            }
        let code: ExitCode =
            switch response.status {
            case 400, 415, 422: .usage
            case 409: Self.code(ofRefusal: document?["reason"]?.string ?? "")
            default: .failed
            }
        return Failure(
            printable(what), hint: (document?["hint"]?.string ?? usual).map { printable($0) }, code: code,
            details: document?["faults"]?.array?.compactMap { $0.string.map { printable($0) } } ?? [])
    }
}
