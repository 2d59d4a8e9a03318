import HTTPServer
import Pages
import Reports

extension PageRoute {
    fileprivate static let lookers = [Role.audit, Role.operate, Role.issue, Role.admin]
    private static let operators = [Role.operate, Role.admin]
    /// On the object: who only issues may where the token is his own work.
    private static let hands = [Role.operate, Role.issue, Role.admin]
    private static let issuers = [Role.issue, Role.admin]
    private static let askers = [Role.issue, Role.operate, Role.admin]
    private static let auditors = [Role.audit, Role.operate, Role.admin]

    /// Every page that somebody has to be signed in for.
    static let all: [PageRoute] =
        [
            PageRoute("POST", "/admin/sign-out", lookers) { $0.signOut($1) },
            PageRoute("GET", "/admin/api-tokens", lookers) { try $0.tokenListPage($1) },
            PageRoute("POST", "/admin/api-tokens", issuers) { try $0.createFromPage($1) },
            PageRoute("GET", "/admin/api-tokens/new", issuers) { try $0.newTokenPage($1) },
            PageRoute("GET", "/admin/api-tokens/{token}", lookers) { try $0.tokenPage($1) },
            PageRoute("GET", "/admin/api-tokens/{token}/edit", issuers) { try $0.editTokenPage($1) },
            PageRoute("POST", "/admin/api-tokens/{token}/edit", issuers) { try $0.editFromPage($1) },
        ]
        + ReportKind.allCases.map { kind in
            PageRoute("GET", "/admin/reports/compliance.\(kind.ending)", auditors) { try $0.reportFile(kind, $1) }
        }
        + TokenActionPage.Kind.allCases.flatMap { kind in
            let (action, roles) = (kind.rawValue, [.rotate, .revoke].contains(kind) ? hands : operators)
            return [
                PageRoute("GET", "/admin/api-tokens/{token}/\(action)", roles) { try $0.tokenActionPage($1, action) },
                PageRoute("POST", "/admin/api-tokens/{token}/\(action)", roles) { try $0.actFromPage($1, action) },
            ]
        } + [
            PageRoute("GET", "/admin/policies", auditors) { $0.policiesPage($1) },
            PageRoute("GET", "/admin/policies/{policy}", auditors) { try $0.policyPage($1) },
            PageRoute("GET", "/admin/plans", auditors) { try $0.plansPage($1) },
            PageRoute("POST", "/admin/plans", operators) { $0.planFromPage($1) },
            PageRoute("GET", "/admin/plans/{plan}", auditors) { try $0.planPage($1) },
            PageRoute("POST", "/admin/plans/{plan}/approve", operators) { try $0.approveFromPage($1) },
            PageRoute("POST", "/admin/plans/{plan}/withdraw", operators) { try $0.withdrawFromPage($1) },
            PageRoute("POST", "/admin/plans/{plan}/apply", operators) { try $0.applyFromPage($1) },
            PageRoute("GET", "/admin/runs", auditors) { try $0.runsPage($1) },
            PageRoute("GET", "/admin/runs/{run}", auditors) { try $0.runPage($1) },
            PageRoute("GET", "/admin/waivers", lookers) { try $0.waiversPage($1) },
            PageRoute("POST", "/admin/waivers", askers) { try $0.askForWaiverFromPage($1) },
            PageRoute("GET", "/admin/waivers/new", askers) { try $0.newWaiverPage($1) },
            PageRoute("POST", "/admin/waivers/{waiver}/approve", operators) { try $0.approveWaiverFromPage($1) },
            PageRoute("POST", "/admin/waivers/{waiver}/withdraw", askers) { try $0.withdrawWaiverFromPage($1) },
            PageRoute("GET", "/admin/webhooks", auditors) { $0.webhooksPage($1) },
            PageRoute("GET", "/admin/webhooks/deliveries", auditors) { try $0.deliveriesPage($1) },
            PageRoute("POST", "/admin/webhooks/replay", operators) { try $0.replayFromPage($1) },
            PageRoute("POST", "/admin/webhooks/send", operators) { try $0.sendFromPage($1) },
            PageRoute("POST", "/admin/webhooks/{webhook}/test", operators) { try $0.testWebhookFromPage($1) },
            PageRoute("GET", "/admin/freeze", auditors) { $0.freezePage($1) },
            PageRoute("POST", "/admin/freeze", operators) { try $0.freezeFromPage($1) },
            PageRoute("POST", "/admin/freeze/end", operators) { try $0.unfreezeFromPage($1) },
            PageRoute("GET", "/admin/reports", auditors) { $0.reportsPage($1) },
            PageRoute("GET", "/admin/reports/evidence.zip", [Role.audit, Role.admin]) { try $0.evidenceFile($1) },
            PageRoute("GET", "/admin/audit", [Role.audit, Role.admin]) { try $0.auditPage($1) },
            PageRoute("GET", "/admin/audit/verification", [Role.audit, Role.admin]) { $0.verificationPage($1) },
        ]
}

extension API {
    /// An address that leads to no page: who is signed in finds his menu there.
    private func nowhere(_ request: Request, _ path: Router.Parameters) throws -> Answer {
        guard parts.hasStore(), Self.sessionName(request) != nil else { return .now(errorPage(404, request)) }
        let route = PageRoute("GET", "/admin/{...}", PageRoute.lookers) { api, visit in
            .now(api.errorPage(404, visit.call.request, visit))
        }
        return try admit(route, request, path)
    }

    func addPages(to router: inout Router) {
        for asset in PageAssets.all {
            let response = Response(
                200,
                headers: [
                    ("Content-Type", asset.contentType), ("Cache-Control", "public, max-age=31536000, immutable"),
                    ("X-Content-Type-Options", "nosniff"), ("Cross-Origin-Resource-Policy", "same-origin"),
                ], body: asset.bytes)
            router.on(["GET"], asset.path) { _, _ in .now(response) }
        }
        for path in ["/", "/admin", "/admin/"] {
            router.on(["GET"], path) { _, _ in .now(Self.redirect("/admin/api-tokens")) }
        }
        router.on(["GET"], "/admin/sign-in") { request, _ in .now(showSignIn(request)) }
        router.on(["POST"], "/admin/sign-in") { request, _ in try whileStored { .now(try signIn(request)) } }
        router.on(["GET"], "/admin/sign-in/{provider}") { request, path in
            try whileStored { try leave(for: path["provider"] ?? "", request) }
        }
        router.on(["GET"], "/admin/sign-in/{provider}/callback") { request, path in
            try whileStored { try comeBack(from: path["provider"] ?? "", request) }
        }
        for route in PageRoute.all {
            router.on([route.method], route.path) { request, path in
                try meter.counted(.pages) { try admit(route, request, path) }
            }
        }
        router.on(["GET"], "/admin/{...}") { request, path in try nowhere(request, path) }
    }
}
