import Crypto
import Engine
import HTTPClient
import RotaCore
import TestSupport
import Testing
import Vaults

/// A server that logs in, renews and forgets tokens as a test wants it, and counts.
private final class StubLogin: Sendable {
    struct State {
        /// Secret ids that get a token.
        var accepted: Set<String> = ["right"]
        var lease = 30
        /// What a renewal grants; nil: it is refused.
        var renewal: Int? = 30
        /// Tokens that the server knows.
        var known: Set<String> = []
        /// Tokens that may not read.
        var denied: Set<String> = []
        var tokenType = "service"
        var counts: [String: Int] = [:]
        /// Done before a read is looked at.
        var beforeData: (@Sendable (inout State) -> Void)?
        /// What a login is answered with instead.
        var loginAnswer: StubServer.Answer?
    }

    let state: Locked<State>
    let server: StubServer

    init() throws {
        let state = Locked(State())
        self.state = state
        server = try StubServer { request in state.withLock { Self.answer(request, &$0) } }
    }

    func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }
    func count(_ what: String) -> Int { state.withLock { $0.counts[what] ?? 0 } }

    private static func answer(_ request: String, _ state: inout State) -> StubServer.Answer {
        let path = request.split(separator: " ")[1]
        let token =
            request.split(separator: "\r\n").first { $0.hasPrefix("X-Vault-Token: ") }
            .map { String($0.dropFirst(15)) } ?? ""
        let what = path.contains("/data/") ? "data" : String(path.split(separator: "/").last ?? "")
        state.counts[what, default: 0] += 1
        if what == "data" { state.beforeData?(&state) }
        let denial = StubServer.Answer.status("403 Forbidden", #"{"errors":["permission denied"]}"#)
        if what == "login" {
            if let answer = state.loginAnswer { return answer }
            guard state.accepted.contains(where: { request.hasSuffix("\"\($0)\"}") }) else {
                return .status("400 Bad Request", #"{"errors":["invalid role or secret ID"]}"#)
            }
            let name = "s.token-\(state.counts[what] ?? 0)"
            state.known.insert(name)
            return auth(name, state.lease, state.tokenType)
        }
        guard state.known.contains(token) else { return denial }
        switch what {
        case "renew-self": return state.renewal.map { auth(token, $0, state.tokenType) } ?? denial
        case "revoke-self":
            state.known.remove(token)
            return .status("204 No Content", "")
        case "lookup-self": return .status("200 OK", #"{"data":{}}"#)
        default:
            return state.denied.contains(token) ? denial : .status("404 Not Found", #"{"errors":[]}"#)
        }
    }

    private static func auth(_ token: String, _ lease: Int, _ type: String) -> StubServer.Answer {
        .status(
            "200 OK",
            #"{"auth":{"client_token":"\#(token)","lease_duration":\#(lease),"renewable":\#(type == "service"),"#
                + #""token_type":"\#(type)"}}"#)
    }
}

/// When we log in, renew and give back, told by a clock that a test moves.
@Suite struct KV2SessionTests {
    private let place = Destination(vault: "main", path: "app/db")
    private let clock = ManualClock()
    private let server: StubLogin
    private let secretID = Drawer("right")

    init() throws {
        server = try StubLogin()
    }

    private func vault(
        namespace: String? = nil, loginNamespace: String? = nil, requestsInFlight: Int = 32
    ) throws -> KV2Vault {
        try KV2Vault(
            KV2Configuration(
                name: "main", address: server.server.address, namespace: namespace, requestsInFlight: requestsInFlight),
            authentication: .login(
                .appRole(
                    roleID: Drawer("role").credential, secretID: secretID.credential, namespace: loginNamespace)),
            client: HTTPClient(addressPolicy: .any), clock: clock)
    }

    private func advance(_ seconds: Int64) { clock.advance(by: TimeSpan(seconds: seconds)) }

    private func failure(_ vault: KV2Vault) async -> VaultError? {
        do throws(VaultError) {
            _ = try await vault.probe(place)
            return nil
        } catch {
            return error
        }
    }

    @Test func `nothing is asked before the first call, and nothing given back that was not made`() async throws {
        let vault = try vault()
        await vault.close()
        #expect(server.server.requests.isEmpty)
    }

    @Test func `many callers at once share one login`() async throws {
        let vault = try vault()
        try await withThrowingTaskGroup { group in
            for number in 0..<50 {
                group.addTask { _ = try await vault.probe(Destination(vault: "main", path: "p\(number)")) }
            }
            try await group.waitForAll()
        }
        #expect(server.count("login") == 1)
        #expect(server.count("data") == 50)
    }

    @Test func `a lease is renewed after two thirds, and as often as that`() async throws {
        let vault = try vault()
        _ = try await vault.probe(place)
        advance(19)
        _ = try await vault.probe(place)
        #expect(server.count("renew-self") == 0)
        for renewals in 1...3 {
            advance(renewals == 1 ? 1 : 20)
            _ = try await vault.probe(place)
            #expect(server.count("renew-self") == renewals)
        }
        #expect(server.count("login") == 1)
    }

    @Test(arguments: [nil, 9])
    func `a renewal that is refused, or grants little, is followed by a login`(_ granted: Int?) async throws {
        let vault = try vault()
        _ = try await vault.probe(place)
        server.change { $0.renewal = granted }
        secretID.put("rotated")
        server.change { $0.accepted = ["rotated"] }
        advance(20)
        _ = try await vault.probe(place)
        #expect(server.count("login") == 2)
        // Both are given back: the old one is still good.
        await vault.close()
        #expect(server.count("revoke-self") == 2)
        #expect(server.state.withLock { $0.known.isEmpty })
    }

    @Test func `a lease that is still good survives a login that fails`() async throws {
        let vault = try vault()
        _ = try await vault.probe(place)
        server.change {
            $0.renewal = nil
            $0.accepted = []
        }
        advance(20)
        for _ in 0..<5 { #expect(await failure(vault) == nil) }
        #expect(server.count("login") == 2)
        advance(10)
        #expect(await failure(vault)?.kind == .denied)
    }

    @Test func `a lease that has ended is not used again`() async throws {
        let vault = try vault()
        _ = try await vault.probe(place)
        advance(30)
        server.change { $0.known = [] }
        _ = try await vault.probe(place)
        #expect(server.count("login") == 2)
        #expect(server.count("renew-self") == 0)
        #expect(server.count("data") == 2)
    }

    @Test func `what stood in line goes out with the lease of its turn`() async throws {
        let vault = try vault(requestsInFlight: 1)
        _ = try await vault.probe(place)
        let clock = clock
        // While the first of them is answered the lease ends, and the server forgets it.
        server.change { state in
            state.beforeData = { state in
                clock.advance(by: TimeSpan(seconds: 30))
                state.known = []
                state.beforeData = nil
            }
        }
        try await withThrowingTaskGroup { group in
            for _ in 0..<3 { group.addTask { _ = try await vault.probe(self.place) } }
            try await group.waitForAll()
        }
        // Denied were the first time of the first, and of no other.
        #expect(server.count("login") == 2)
        #expect(server.count("data") == 5)
    }

    @Test func `a lease that ends on its way is replaced, and so is its successor, but not for ever`() async throws {
        let vault = try vault()
        let clock = clock
        let endings = Locked(2)
        server.change { state in
            state.beforeData = { state in
                guard
                    endings.withLock({
                        $0 -= 1; return $0 >= 0
                    })
                else { return }
                clock.advance(by: TimeSpan(seconds: 30))
                state.known = []
            }
        }
        #expect(await failure(vault) == nil)
        #expect(server.count("login") == 3)
        endings.withLock { $0 = 1000 }
        #expect(await failure(vault)?.kind == .denied)
        #expect(server.count("login") == 5)
    }

    @Test func `a token that the server forgot is replaced once, and the call is made again`() async throws {
        let vault = try vault()
        _ = try await vault.probe(place)
        server.change { $0.known = [] }
        _ = try await vault.probe(place)
        #expect(server.count("login") == 2)
        // Whatever is denied then stands.
        server.change { $0.known = [] }
        #expect(await failure(vault)?.kind == .denied)
        #expect(server.count("login") == 2)
    }

    @Test func `what a good token may not do is denied without another login`() async throws {
        let vault = try vault()
        server.change { $0.denied = ["s.token-1"] }
        for _ in 0..<5 { #expect(await failure(vault)?.kind == .denied) }
        #expect(server.count("login") == 1)
        #expect(server.count("lookup-self") == 1)
    }

    @Test func `credentials that were refused are not sent again for a while, which doubles`() async throws {
        let vault = try vault()
        server.change { $0.accepted = [] }
        for pause in [10, 20, 40] as [Int64] {
            for _ in 0..<5 { #expect(await failure(vault)?.kind == .denied) }
            advance(pause - 1)
            let before = server.count("login")
            #expect(await failure(vault)?.kind == .denied)
            #expect(server.count("login") == before)
            advance(1)
        }
        #expect(server.count("login") == 3)
        // Others are sent at once.
        server.change { $0.accepted = ["mended"] }
        #expect(await failure(vault)?.kind == .denied)
        secretID.put("mended")
        #expect(await failure(vault) == nil)
    }

    @Test(arguments: [
        ("400 Bad Request", #"{"errors":["invalid role or secret ID"]}"#, VaultError.Kind.denied),
        ("403 Forbidden", #"{"errors":["permission denied"]}"#, .denied),
        ("404 Not Found", #"{"errors":["namespace not found"]}"#, .missing),
        ("500 Internal Server Error", #"{"errors":["oops"]}"#, .transient),
        ("502 Bad Gateway", "<html>", .transient), ("200 OK", "<html>", .garbled), ("200 OK", "{}", .garbled),
        ("200 OK", #"{"auth":{"client_token":"","lease_duration":1}}"#, .garbled),
    ])
    func `a login that fails is told as what it is, and never as the fate of a value`(
        _ status: String, _ body: String, _ kind: VaultError.Kind
    ) async throws {
        let vault = try vault()
        let seen = try await vault.probe(place)
        server.change { $0.loginAnswer = .status(status, body) }
        advance(30)
        let error = try #require(
            await #expect(throws: VaultError.self) {
                try await vault.write(Secret(utf8: "new"), to: place, over: seen)
            })
        #expect(error.kind == kind)
        #expect(error.message.hasPrefix("AppRole login at auth/approle/login: "))
    }

    @Test func `a wrapping token in place of a secret id is told`() async throws {
        secretID.put("s.NiUBUnGlhjbhrCGH0RPEemPD")
        let error = try #require(await failure(try vault()))
        #expect(error.kind == .denied)
        #expect(error.message.contains("file:drawer seems to hold a wrapping token"))
        #expect(!error.message.contains("NiUB"))
    }

    @Test func `what the server repeats of a credential is not told`() async throws {
        secretID.put("hush-hush")
        server.change { $0.loginAnswer = .status("400 Bad Request", #"{"errors":["no 'hush-hush' here"]}"#) }
        let error = try #require(await failure(try vault()))
        #expect(!error.message.contains("hush-hush"))
    }

    @Test func `a batch token is neither renewed nor given back`() async throws {
        server.change { $0.tokenType = "batch" }
        let vault = try vault()
        _ = try await vault.probe(place)
        advance(20)
        _ = try await vault.probe(place)
        await vault.close()
        #expect(server.count("renew-self") == 0 && server.count("revoke-self") == 0)
        #expect(server.count("login") == 2)
    }

    @Test func `a lease without an end is never renewed`() async throws {
        server.change { $0.lease = 0 }
        let vault = try vault()
        _ = try await vault.probe(place)
        advance(86_400 * 1000)
        _ = try await vault.probe(place)
        #expect(server.count("renew-self") == 0 && server.count("login") == 1)
    }

    @Test func `a login may be of another namespace than the secrets`() async throws {
        let vault = try vault(namespace: "team", loginNamespace: "admin")
        _ = try await vault.probe(place)
        await vault.close()
        let namespaces = server.server.requests.map { request in
            request.split(separator: "\r\n").first { $0.hasPrefix("X-Vault-Namespace: ") }?.dropFirst(19) ?? ""
        }
        #expect(namespaces == ["admin", "team", "admin"])
    }

    @Test func `when the one who logs in is cancelled, another does`() async throws {
        let vault = try vault()
        server.change { $0.loginAnswer = .nothing }
        await withTaskGroup(of: VaultError?.self) { group in
            group.addTask { await self.failure(vault) }
            while server.count("login") == 0 { await Task.yield() }
            group.cancelAll()
            #expect(await group.next()??.kind == .transient)
        }
        server.change { $0.loginAnswer = nil }
        #expect(await failure(vault) == nil)
    }

    @Test func `a token that was replaced where it is kept is found when the old one is refused`() async throws {
        let token = Drawer("s.first")
        let vault = try KV2Vault(
            KV2Configuration(name: "main", address: server.server.address),
            authentication: .token(token.credential), client: HTTPClient(addressPolicy: .any), clock: clock)
        server.change { $0.known = ["s.first"] }
        _ = try await vault.probe(place)
        token.put("s.second")
        _ = try await vault.probe(place)
        server.change { $0.known = ["s.second"] }
        #expect(await failure(vault) == nil)
        server.change { $0.known = [] }
        #expect(await failure(vault)?.kind == .denied)
        await vault.close()
        #expect(server.count("revoke-self") == 0)
    }
}
