import Engine
import HTTPServer
import Pages
import RotaCore

extension API {
    static let signingIn = [Role.admin, Role.operate, Role.audit, Role.issue]

    func showSignIn(_ request: Request) -> Response {
        signInPage(next: Self.next(FormFields((request.target.query ?? "").utf8)?.text(of: "next")))
    }

    func signInPage(next: String, failure: String? = nil, status: Int = 200) -> Response {
        let providers = parts.configuration().signIns.map { SignInPage.Provider(name: $0.name, label: $0.label) }
        return Response(
            status, headers: Self.pageHeaders,
            body: SignInPage(next: next, providers: providers, failure: failure).render(in: frame(nil)))
    }

    /// Takes the value of a token that has a role. A new session each time; none is taken over.
    func signIn(_ request: Request) throws -> Response {
        let now = parts.clock.now()
        let origin = Origin(of: request, trusting: parts.trustedProxies)
        let source = origin.source ?? "unix"
        if let wait = guesses.wait(for: source, at: now) {
            var response = signInPage(
                next: Self.next(nil), failure: "Too many tries from here. Wait \(wait.seconds) seconds.", status: 429)
            response.headers.append(("Retry-After", "\(wait.seconds)"))
            return response
        }
        guard Self.isOurs(request), let form = Self.postedForm(request) else { return errorPage(403, request) }
        let next = Self.next(form.text(of: "next"))
        let digest = form.withValue(of: "token") { TokenValue.digestUnlessMistyped($0) } ?? nil
        guard let digest, let value = try parts.readers.value(with: digest) else {
            return refuse(source, nil, next, request, at: now)
        }
        guard value.authenticates(at: now), Self.signingIn.contains(where: value.has) else {
            note(value, .refused, origin, at: now)
            return refuse(source, value, next, request, at: now)
        }
        note(value, .accepted, origin, at: now)
        return Self.redirect(next, [begin(digest, value.name, source, request, at: now)])
    }

    /// A new session, whoever had one before, and the cookie for it.
    func begin(
        _ digest: Digest, _ name: String, _ source: String, _ request: Request, at now: Instant
    ) -> (name: String, value: String) {
        if let old = Self.sessionName(request) { sessions.end(old) }
        parts.tell(
            "somebody signed in",
            [LogField("request_id", request.id), LogField("caller", name), LogField("from", source)])
        return Self.cookie(sessions.begin(digest, at: now), for: Sessions.longest)
    }

    private func refuse(
        _ source: String, _ value: KnownValue?, _ next: String, _ request: Request, at now: Instant
    ) -> Response {
        guesses.fail(source, at: now)
        _ = told(
            OAuthError(status: 401, code: "sign_in_refused", description: "the token is not accepted here"), of: value,
            request)
        return signInPage(
            next: next, failure: "That is no token that may sign in here: it is not accepted, or has no role of Rota.",
            status: 401)
    }

    func signOut(_ visit: Visit) -> Answer {
        sessions.end(visit.sessionName)
        return .now(Self.redirect("/admin/sign-in", [Self.cookie("", for: .zero)]))
    }

    private static func cookie(_ name: String, for time: TimeSpan) -> (name: String, value: String) {
        (
            "Set-Cookie",
            "\(Sessions.cookie)=\(name); Path=/; Max-Age=\(time.seconds); Secure; HttpOnly; SameSite=Strict"
        )
    }

    /// A page of ours, whatever was asked for.
    static func next(_ text: String?) -> String {
        guard let text, text.hasPrefix("/admin/"), !text.hasPrefix("/admin/sign"), Target(text) != nil else {
            return "/admin/api-tokens"
        }
        return text
    }
}
