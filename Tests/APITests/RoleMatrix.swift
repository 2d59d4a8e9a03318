/// Who may ask for what, written down by hand: what the routes say of themselves is held against it.
enum RoleMatrix {
    /// Whoever asks, and whoever holds a value of any token.
    static let anybody: Set<String> = ["anybody"]
    static let holder: Set<String> = ["holder"]

    /// By method and path.
    static let all: [String: Set<String>] = {
        var all: [String: Set<String>] = [:]
        for line in (operations + pages + besides).split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            let name = "\(words[0]) \(words[1])"
            precondition(all[name] == nil, "\(name) is there twice")
            all[name] = Set(words.dropFirst(2).map { roles[$0] ?? $0 })
        }
        return all
    }()

    private static let roles = [
        "admin": "rota:admin", "operate": "rota:operate", "issue": "rota:issue", "audit": "rota:audit",
        "introspect": "rota:introspect",
    ]

    private static let operations = """
        GET /v1/tokens admin operate issue audit
        POST /v1/tokens admin issue
        GET /v1/tokens/{token} admin operate issue audit
        PATCH /v1/tokens/{token} admin issue
        GET /v1/tokens/{token}/explain admin operate issue audit
        POST /v1/tokens/{token}/rotate admin operate issue
        POST /v1/tokens/{token}/revoke admin operate issue
        POST /v1/tokens/{token}/quarantine admin operate
        POST /v1/tokens/{token}/restore admin operate
        GET /v1/scopes admin operate issue audit
        GET /v1/plans admin operate audit
        POST /v1/plans admin operate
        GET /v1/plans/{plan} admin operate audit
        POST /v1/plans/{plan}/approve admin operate
        POST /v1/plans/{plan}/withdraw admin operate
        POST /v1/plans/{plan}/apply admin operate
        GET /v1/runs admin operate audit
        POST /v1/runs admin operate
        GET /v1/runs/{run} admin operate audit
        GET /v1/waivers admin operate audit issue
        POST /v1/waivers admin operate issue
        GET /v1/waivers/{waiver} admin operate audit issue
        POST /v1/waivers/{waiver}/approve admin operate
        POST /v1/waivers/{waiver}/withdraw admin operate issue
        GET /v1/vaults admin operate audit
        POST /v1/vaults/{vault}/check admin operate
        GET /v1/webhooks admin operate audit
        POST /v1/webhooks/{webhook}/test admin operate
        GET /v1/deliveries admin operate audit
        POST /v1/deliveries/replay admin operate
        POST /v1/deliveries/send admin operate
        GET /v1/freeze admin operate audit
        PUT /v1/freeze admin operate
        DELETE /v1/freeze admin operate
        GET /v1/policies admin operate audit
        GET /v1/policies/{policy} admin operate audit
        GET /v1/reports/compliance admin operate audit
        GET /v1/reports/bundle admin audit
        GET /v1/audit admin audit
        GET /v1/audit/export admin audit
        GET /v1/audit/entries/{number} admin audit
        GET /v1/audit/entries/{number}/proof admin audit
        POST /v1/audit/checkpoints admin audit
        GET /v1/audit/key admin audit
        GET /v1/status admin operate audit
        GET /v1/preview admin operate audit
        GET /v1/calendar admin operate audit
        POST /v1/simulation admin operate audit
        POST /v1/comparison admin operate audit
        POST /v1/drift admin operate
        POST /v1/import admin
        POST /v1/adoption admin operate
        POST /v1/introspect admin introspect
        POST /v1/revoke admin operate
        GET /metrics admin audit
        * /v1/authorize holder
        GET /v1/self holder
        POST /v1/self/rotate holder
        GET /healthz anybody
        GET /readyz anybody

        """

    private static let pages = """
        POST /admin/sign-out admin operate issue audit
        GET /admin/api-tokens admin operate issue audit
        POST /admin/api-tokens admin issue
        GET /admin/api-tokens/new admin issue
        GET /admin/api-tokens/{token} admin operate issue audit
        GET /admin/api-tokens/{token}/edit admin issue
        POST /admin/api-tokens/{token}/edit admin issue
        GET /admin/api-tokens/{token}/rotate admin operate issue
        POST /admin/api-tokens/{token}/rotate admin operate issue
        GET /admin/api-tokens/{token}/revoke admin operate issue
        POST /admin/api-tokens/{token}/revoke admin operate issue
        GET /admin/api-tokens/{token}/quarantine admin operate
        POST /admin/api-tokens/{token}/quarantine admin operate
        GET /admin/api-tokens/{token}/restore admin operate
        POST /admin/api-tokens/{token}/restore admin operate
        GET /admin/api-tokens/{token}/emergency admin operate
        POST /admin/api-tokens/{token}/emergency admin operate
        GET /admin/reports/compliance.html admin operate audit
        GET /admin/reports/compliance.json admin operate audit
        GET /admin/reports/compliance.csv admin operate audit
        GET /admin/reports/compliance.md admin operate audit
        GET /admin/reports/compliance.junit.xml admin operate audit
        GET /admin/reports/compliance.oscal.json admin operate audit
        GET /admin/reports/compliance.inventory.csv admin operate audit
        GET /admin/reports/evidence.zip admin audit
        GET /admin/policies admin operate audit
        GET /admin/policies/{policy} admin operate audit
        GET /admin/plans admin operate audit
        POST /admin/plans admin operate
        GET /admin/plans/{plan} admin operate audit
        POST /admin/plans/{plan}/approve admin operate
        POST /admin/plans/{plan}/withdraw admin operate
        POST /admin/plans/{plan}/apply admin operate
        GET /admin/runs admin operate audit
        GET /admin/runs/{run} admin operate audit
        GET /admin/waivers admin operate audit issue
        POST /admin/waivers admin operate issue
        GET /admin/waivers/new admin operate issue
        POST /admin/waivers/{waiver}/approve admin operate
        POST /admin/waivers/{waiver}/withdraw admin operate issue
        GET /admin/webhooks admin operate audit
        GET /admin/webhooks/deliveries admin operate audit
        POST /admin/webhooks/replay admin operate
        POST /admin/webhooks/send admin operate
        POST /admin/webhooks/{webhook}/test admin operate
        GET /admin/freeze admin operate audit
        POST /admin/freeze admin operate
        POST /admin/freeze/end admin operate
        GET /admin/reports admin operate audit
        GET /admin/audit admin audit
        GET /admin/audit/verification admin audit

        """

    /// What is neither described nor a page that somebody has to be signed in for.
    private static let besides = """
        GET / anybody
        GET /admin anybody
        GET /admin/ anybody
        GET /admin/sign-in anybody
        POST /admin/sign-in anybody
        GET /admin/sign-in/{provider} anybody
        GET /admin/sign-in/{provider}/callback anybody
        GET /admin/{...} anybody
        GET /openapi.json anybody
        * /v1/authorize/{...} holder
        * /v1/authorize-for/{scopes}/{...} holder
        """
}
