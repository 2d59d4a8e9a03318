import Crypto
import Engine
import HTTPServer
import JSON
import Pages
import RotaCore

/// A request to a page by somebody who is signed in, and may see it.
struct Visit: Sendable {
    var call: Call
    /// Of the cookie.
    var session: Sessions.Session
    var sessionName: String
    /// What was filled in; empty for a page that is only looked at.
    var form: FormFields
    /// What keeps anything destructive from being done, as of this moment.
    var brake: Brake?

    func field(_ name: StaticString) -> String { form.text(of: name) ?? "" }

    /// Words of the query.
    func asked(_ name: StaticString) -> String { call.text(name) ?? "" }

    /// A time that was filled in, in UTC; nil where it is none.
    func instant(_ name: StaticString) -> Instant? { Self.instant(of: field(name)) }

    static func instant(of text: String) -> Instant? {
        // A browser leaves the seconds out.
        Instant(text.count == 16 ? "\(text):00Z" : "\(text)Z")
    }

    var now: Instant { call.now }
}

/// One page, or one thing that is done from a page: where, and for whom.
struct PageRoute: Sendable {
    var method: String
    var path: String
    var roles: [String]
    var handler: @Sendable (API, Visit) throws -> Answer

    init(
        _ method: String, _ path: String, _ roles: [String],
        _ handler: @escaping @Sendable (API, Visit) throws -> Answer
    ) {
        self.method = method
        self.path = path
        self.roles = roles
        self.handler = handler
    }
}

extension API {
    /// All that is said of how a page may be used: nothing but its own style and script, in nobody else's frame, kept
    /// nowhere.
    static let pageHeaders: [(name: String, value: String)] = [
        ("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store"),
        (
            "Content-Security-Policy",
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
                + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
        ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "same-origin"), ("X-Frame-Options", "DENY"),
        ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
    ]

    /// Lets in who is signed in and has one of the roles, and whose form is one of ours.
    func admit(_ route: PageRoute, _ request: Request, _ path: Router.Parameters) throws -> Answer {
        guard parts.hasStore() else { return .now(errorPage(503, request)) }
        let now = parts.clock.now()
        guard let name = Self.sessionName(request),
            let session = sessions.find(name, at: now, takingNotice: route.method == "GET"),
            let value = try parts.readers.value(with: session.value), value.authenticates(at: now)
        else { return .now(toSignIn(request)) }
        if let owner = session.provenOwner {
            // It is the person who was proven, and not the value, of which none of this is a use.
            guard value.owner == owner else { return .now(toSignIn(request)) }
        }
        let form = route.method == "GET" ? FormFields([]) : Self.postedForm(request)
        guard let form, let query = FormFields((request.target.query ?? "").utf8) else {
            return .now(errorPage(400, request))
        }
        if route.method != "GET" {
            guard Self.isOurs(request), Self.bears(session.csrf, form) else {
                return .now(errorPage(403, request, advice: "The form is not one of this page. Load it again."))
            }
        }
        let origin = Origin(of: request, trusting: parts.trustedProxies)
        let isLetIn = route.roles.contains(where: value.has)
        if session.provenOwner == nil { note(value, isLetIn ? .accepted : .refused, origin, at: now) }
        let visit = Visit(
            call: Call(
                request: request, path: path, query: query,
                standing: Standing(digest: session.value, value: value, roles: route.roles),
                address: origin.source, now: now, clock: parts.clock, isOfPage: true),
            session: session, sessionName: name, form: form, brake: try brakeNow(at: now))
        guard isLetIn else {
            return .now(errorPage(403, request, advice: "This needs \(route.roles[0]).", visit))
        }
        do {
            return try route.handler(self, visit)
        } catch {
            return .now(page(for: error, visit))
        }
    }

    /// What the daemon saw at its last look, and what somebody has said of a freeze since: who has just frozen or
    /// unfrozen sees it on the next page.
    private func brakeNow(at now: Instant) throws -> Brake? {
        let watched = parts.brake()
        switch watched {
        case nil, .frozen: return try parts.readers.read { try $0.freeze(at: now) }.map(Brake.frozen)
        case .frozenByCalendar, .unreconciled, .suspectClock: return watched
        }
    }

    // MARK: - What is answered

    func frame(_ visit: Visit?) -> Frame {
        guard let visit else {
            return Frame(person: nil, csrf: "", brake: parts.brake(), now: parts.clock.now(), version: parts.version)
        }
        let roles = visit.call.caller.scope.split(separator: " ").map(String.init).filter { $0.hasPrefix("rota:") }
        return Frame(
            person: Frame.Person(
                name: visit.call.principal.name, roles: roles, may: Self.powers(roles), sees: Self.sections(roles)),
            csrf: visit.session.csrf, brake: visit.brake, advice: visit.brake.map { Face.pages.worded($0.hint) },
            notice: visit.session.notice, now: visit.now,
            version: parts.version)
    }

    private static func powers(_ roles: [String]) -> Set<Frame.Power> {
        var powers: Set<Frame.Power> = []
        if roles.contains(Role.admin) { return Set(Frame.Power.allCases) }
        if roles.contains(Role.issue) { powers.formUnion([.issue, .edit, .askWaiver]) }
        if roles.contains(Role.operate) {
            powers.formUnion([
                .rotate, .revoke, .emergency, .quarantine, .plan, .approve, .apply, .askWaiver, .waive, .replay,
                .freeze,
            ])
        }
        return powers
    }

    /// Who only issues has no business elsewhere.
    private static func sections(_ roles: [String]) -> Set<Section> {
        if roles.contains(Role.admin) || roles.contains(Role.audit) { return Set(Section.allCases) }
        return roles.contains(Role.operate) ? Set(Section.allCases).subtracting([.audit]) : [.apiTokens, .waivers]
    }

    /// - parameters:
    ///   - notice: where he is told nothing else.
    ///   - hasHand: whether he may revoke and rotate the token that the page is about.
    func show(
        _ page: some Page, _ visit: Visit, status: Int = 200, notice: Frame.Notice? = nil, hasHand: Bool = false
    ) -> Response {
        var frame = frame(visit)
        if hasHand { frame.person?.may.formUnion([.rotate, .revoke]) }
        frame.notice = frame.notice ?? notice
        return Response(status, headers: Self.pageHeaders, body: page.render(in: frame))
    }

    /// Shows a page that is made from the store.
    func look(_ visit: Visit, _ body: @escaping @Sendable (any StoreReads) throws -> Response) -> Answer {
        workers.answer { [self] in
            do { return try parts.readers.read { try body($0) } } catch { return page(for: error, visit) }
        }
    }

    /// Does something in one transaction, and goes on to another page.
    func change<R: Sendable>(
        _ visit: Visit, _ body: @escaping @Sendable (any Store) throws -> R,
        then next: @escaping @Sendable (R) -> Response, otherwise: (@Sendable (any Error) -> Response?)? = nil
    ) -> Answer {
        .later { [self] respond in
            parts.store.write { store in
                try visit.call.requireStanding(in: store)
                return try body(store)
            } then: { result in
                switch result {
                case .success(let done):
                    postures.forget()
                    respond(next(done))
                case .failure(let error as Standing.Loss): respond(page(for: error, visit))
                case .failure(let error): respond(otherwise?(error) ?? page(for: error, visit))
                }
            }
        }
    }

    /// Has something done that takes its time, and goes on to another page.
    func undertake(
        _ visit: Visit, _ body: @escaping @Sendable (ServedConfiguration) async throws -> Response
    ) -> Answer {
        entrust({ [self] in page(for: $0, visit) }) { [self] configuration in
            let response = try await whileStanding(visit.call) { try await body(configuration) }
            postures.forget()
            return response
        }
    }

    /// On to another page, where he is told how it went.
    func go(_ path: String, _ visit: Visit, _ kind: Frame.Notice.Kind, _ text: String) -> Response {
        sessions.tell(visit.sessionName, Frame.Notice(kind: kind, text: text))
        return Self.redirect(path)
    }

    static func redirect(_ path: String, _ headers: [(name: String, value: String)] = []) -> Response {
        Response(303, headers: [("Location", path), ("Cache-Control", "no-store")] + headers)
    }

    /// What went wrong, as a page.
    func page(for error: any Error, _ visit: Visit) -> Response {
        let request = visit.call.request
        let response = answer(visit.call) { throw error }
        if response.status == 401 { return signedOut(request) }
        var page = errorPage(response.status, request, advice: Self.detail(of: response), visit)
        page.headers += response.headers.filter { $0.name == "Retry-After" }
        return page
    }

    /// The sentence of a problem.
    static func detail(of response: Response) -> String? {
        guard let document = try? JSON.parse(response.body, maximumBytes: 1 << 20) else { return nil }
        return [document["detail"]?.string, document["hint"]?.string].compactMap(\.self).joined(separator: "; ")
    }

    func errorPage(_ status: Int, _ request: Request, advice: String? = nil, _ visit: Visit? = nil) -> Response {
        let known: [Int: (String, String)] = [
            400: ("Bad request", "What was sent cannot be read. Go back and try again."),
            403: ("Not allowed", "Your token does not have the scope that this needs."),
            404: ("Not found", "There is none, or none that you may know of."),
            409: ("Not as it is now", "Somebody else may have changed it. Look at it again."),
            422: ("It makes no sense", "Go back and set right what is said here."),
            503: ("Not now", "Try again in a moment."),
        ]
        let (title, usual) =
            known[status] ?? ("Something went wrong", "The log has more, under this id.")
        let page = ErrorPage(
            status: status, title: title, advice: advice.flatMap { $0.isEmpty ? nil : $0 } ?? usual,
            requestID: request.id)
        return Response(status, headers: Self.pageHeaders, body: page.render(in: frame(visit)))
    }

    // MARK: - Cookies and forms

    static func sessionName(_ request: Request) -> String? { cookie(named: Sessions.cookie, request) }

    static func cookie(named name: String, _ request: Request) -> String? {
        for pair in request.headers.all("cookie").joined(separator: ";").split(separator: ";") {
            let trimmed = pair.drop { $0 == " " }
            guard trimmed.hasPrefix("\(name)=") else { continue }
            return String(trimmed.dropFirst(name.utf8.count + 1))
        }
        return nil
    }

    static func postedForm(_ request: Request) -> FormFields? {
        let type = request.headers["content-type"]?.lowercased() ?? ""
        guard type == "application/x-www-form-urlencoded" || type.hasPrefix("application/x-www-form-urlencoded;") else {
            return nil
        }
        return FormFields(request.body)
    }

    private static func bears(_ mark: String, _ form: FormFields) -> Bool {
        guard let given = form.text(of: "csrf") else { return false }
        return SHA256.digest(of: given) == SHA256.digest(of: mark)
    }

    /// What is shown of a form whose session has ended meanwhile: nothing of it is done, and nothing is lost unsaid.
    /// Values of tokens are in none of these.
    private static let kept: [(label: String, field: StaticString)] = [
        ("Name", "name"), ("Description", "description"), ("Owner", "owner"), ("Integration", "integration"),
        ("Labels", "labels"), ("Scopes", "scope"), ("Further scopes", "scopes"), ("Expires", "expires"),
        ("Destinations", "destinations"), ("Overlap", "overlap"), ("Rule", "rule"), ("Reason", "reason"),
        ("Ends", "ends"), ("Comment", "comment"),
    ]

    private func signedOut(_ request: Request) -> Response {
        var page = ErrorPage(
            status: 401, title: "You are signed out",
            advice: "Your session has ended, and nothing was done. Sign in, and fill the form in again.",
            requestID: request.id)
        page.comesBackTo = Self.next(Self.origin(of: request))
        // What another site sends is not shown as ours.
        if Self.isOurs(request), let form = Self.postedForm(request) {
            page.filled = Self.kept.compactMap { label, field in
                let text = form.texts(of: field).filter { !$0.isEmpty }.joined(separator: " ")
                return text.isEmpty ? nil : (label, text)
            }
        }
        return Response(401, headers: Self.pageHeaders, body: page.render(in: frame(nil)))
    }

    /// The page that a form stood on, as the browser says.
    private static func origin(of request: Request) -> String? {
        guard let host = request.headers["host"], let referrer = request.headers["referer"] else { return nil }
        for scheme in ["https", "http"] where referrer.hasPrefix("\(scheme)://\(host)/") {
            return String(referrer.dropFirst("\(scheme)://\(host)".count))
        }
        return nil
    }

    private func toSignIn(_ request: Request) -> Response {
        guard request.method == "GET" || request.method == "HEAD" else { return signedOut(request) }
        let path = request.target.path + (request.target.query.map { "?\($0)" } ?? "")
        return Self.redirect("/admin/sign-in?next=\(PercentEncoding.encode(path))")
    }
}
