import Crypto
import Engine
import HTTPServer
import Pages
import RotaCore

/// Those who have gone to a provider to say who they are, until they come back.
final class SignInAttempts: Sendable {
    struct Pending: Sendable {
        var provider: String
        var attempt: ServedConfiguration.SignIn.Attempt
        var next: String
        var begunAt: Instant
    }

    static let longest = TimeSpan.minutes(10)
    /// Of one generation: when it is full, the one before is forgotten, so that to know many costs no more than few.
    private static let most = 5_000
    static let cookie = "__Host-rota-sign-in"

    private let pending = Locked<(recent: [String: Pending], earlier: [String: Pending])>(([:], [:]))

    func begin(_ attempt: Pending) {
        pending.withLock { pending in
            if pending.recent.count >= Self.most { pending = ([:], pending.recent) }
            pending.recent[attempt.attempt.state] = attempt
        }
    }

    /// Each comes back once.
    func take(_ state: String, at now: Instant) -> Pending? {
        pending.withLock { pending in
            let known = pending.recent.removeValue(forKey: state) ?? pending.earlier.removeValue(forKey: state)
            guard let attempt = known, now - attempt.begunAt < Self.longest else { return nil }
            return attempt
        }
    }
}

/// Signing in through a provider: he says who somebody is, and what that person may do is what the token of Rota may
/// that is his.
extension API {
    func leave(for name: String, _ request: Request) throws -> Answer {
        guard let provider = parts.configuration().signIns.first(where: { $0.name == name }) else {
            return .now(errorPage(404, request))
        }
        let next = Self.next(FormFields((request.target.query ?? "").utf8)?.text(of: "next"))
        let now = parts.clock.now()
        // Each goes to the provider and is remembered: nobody is to push those of others out.
        let source = Origin(of: request, trusting: parts.trustedProxies).source ?? request.peer.description
        if let wait = leavings.wait(for: source, at: now) {
            let failure = "Too many sign-ins were begun from here: try again in \(wait.spoken)."
            return .now(signInPage(next: next, failure: failure, status: 429))
        }
        leavings.fail(source, at: now)
        let attempt = ServedConfiguration.SignIn.Attempt(
            state: Hex.encode(parts.random.bytes(32)), nonce: Hex.encode(parts.random.bytes(32)),
            verifier: Hex.encode(parts.random.bytes(32)))
        attempts.begin(SignInAttempts.Pending(provider: name, attempt: attempt, next: next, begunAt: now))
        return asking(request) {
            let address = try await provider.address(attempt)
            // He comes back from another site, which a cookie that is strict would not survive.
            let cookie =
                "\(SignInAttempts.cookie)=\(attempt.state); Path=/; Max-Age=600; Secure; HttpOnly; SameSite=Lax"
            return Self.redirect(address, [("Set-Cookie", cookie)])
        } otherwise: { [self] error in
            signInPage(next: next, failure: "\(provider.label): \(error).", status: 503)
        }
    }

    func comeBack(from name: String, _ request: Request) throws -> Answer {
        let now = parts.clock.now()
        guard let provider = parts.configuration().signIns.first(where: { $0.name == name }),
            let query = FormFields((request.target.query ?? "").utf8)
        else { return .now(errorPage(404, request)) }
        let state = query.text(of: "state") ?? ""
        // Of this very browser, and once: a link that somebody else has begun leads nowhere.
        guard Self.cookie(named: SignInAttempts.cookie, request) == state, let pending = attempts.take(state, at: now),
            pending.provider == name
        else {
            return .now(signInPage(next: Self.next(nil), failure: "That took too long. Try again.", status: 400))
        }
        guard let code = query.text(of: "code") else {
            let why = abridged(query.text(of: "error") ?? "no code came")
            return .now(
                signInPage(next: pending.next, failure: "\(provider.label) did not let you in: \(why).", status: 403))
        }
        return asking(request) { [self] in
            let owner = try await provider.identify(code, pending.attempt)
            return try await enter(as: owner, to: pending.next, request)
        } otherwise: { [self] error in
            signInPage(next: pending.next, failure: "\(provider.label): \(error).", status: 403)
        }
    }

    /// By the token with a role that a person owns: of several, the one that may do most.
    private func enter(as owner: String, to next: String, _ request: Request) async throws -> Response {
        let now = parts.clock.now()
        let found = try await parts.store.read { store -> (Token, Digest)? in
            var best: (token: Token, rank: Int)?
            try store.eachTokenWithRole(of: owner) { token in
                guard token.canAuthenticate(at: now), token.issuer == .rota, token.values.current != nil,
                    let rank = Self.signingIn.firstIndex(where: token.scopes.contains), rank < best?.rank ?? .max
                else { return true }
                best = (token, rank)
                return rank > 0
            }
            guard let token = best?.token else { return nil }
            return try store.versions(of: token.id).last { $0.state == .current }?.digest.map { (token, $0) }
        }
        guard let (token, digest) = found else {
            return signInPage(
                next: next,
                failure:
                    "No token of Rota that has a role belongs to \(abridged(owner)): ask an administrator for one.",
                status: 403)
        }
        let source = Origin(of: request, trusting: parts.trustedProxies).source ?? "unix"
        // The page is of this site, so that the cookie comes along when it goes on.
        var response = Response(200, headers: Self.pageHeaders, body: SignedInPage(next: next).render(in: frame(nil)))
        response.headers += [
            ("Set-Cookie", begin(digest, token.name, source, provenOwner: owner, request, at: now).value),
            ("Refresh", "0; url=\(next)"),
        ]
        return response
    }

    /// Has somebody outside asked.
    private func asking(
        _ request: Request, _ body: @escaping @Sendable () async throws -> Response,
        otherwise: @escaping @Sendable (any Error) -> Response
    ) -> Answer {
        // Nobody is known yet who asks this.
        entrust(upTo: Errands.forHolders) { [self] error in
            guard let refusal = (error as? Errands.Refusal)?.response else { return otherwise(error) }
            var page = errorPage(refusal.status, request, advice: Self.detail(of: refusal))
            page.headers += refusal.headers.filter { $0.name == "Retry-After" }
            return page
        } _: { _ in
            try await body()
        }
    }
}
