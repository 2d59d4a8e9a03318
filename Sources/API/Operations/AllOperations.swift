import Engine
import HTTPServer
import Reports
import RotaCore

/// Everything that can be asked for under `/v1` by whoever has a role.
extension Operation {
    static let all: [Operation] = tokens + plans + waivers + surroundings + evidence + audit + commands
    /// All that is described: what is served beside the pages and is not among these is none of a client's business.
    static let described: [Operation] = all + open

    private static let lookers = [Role.audit, Role.operate, Role.issue, Role.admin]
    static let operators = [Role.operate, Role.admin]
    private static let issuers = [Role.issue, Role.admin]
    /// Who ends or rotates a token; which one is looked at with the token.
    private static let enders = [Role.operate, Role.issue, Role.admin]
    static let auditors = [Role.audit, Role.operate, Role.admin]

    static let page: [Parameter] = [
        Parameter(name: "limit", schema: .bounded(.whole, lowest: 1, highest: 500), about: "how many; 50"),
        Parameter(name: "cursor", schema: .text, about: "'next' of the page before"),
    ]
    private static let nothing = Schema.optional([], required: [])
    private static let remark = Schema.maybe(.text)

    private static let draft: [(String, Schema)] = [
        ("name", .maybe(.text)), ("description", .maybe(.text)), ("owner", .maybe(.text)),
        ("integration", .maybe(.text)), ("scopes", .maybe(.list(.text))), ("labels", .maybe(.map(.text))),
        ("prefix", .maybe(.text)),
        ("expires_at", .maybe(.time)), ("destinations", .maybe(.list(.text))),
    ]

    private static let tokens: [Operation] = [
        Operation(
            id: "listTokens", method: "GET", path: "/v1/tokens", summary: "Tokens, a page at a time", roles: lookers,
            parameters: page + [
                Parameter(
                    name: "state", schema: .words(TokenState.allCases.map(\.rawValue) + ["all"]), about: "active"),
                Parameter(name: "search", schema: .text, about: "a part of the name, or the whole id"),
                Parameter(name: "owner", schema: .text, about: "of this owner"),
                Parameter(name: "scope", schema: .text, about: "with this scope"),
                Parameter(
                    name: "status", schema: .words(TokenListing.Status.allCases.map(\.rawValue)),
                    about: "as of the last run, which the answer has as judged_at; clean: it violates nothing"),
                Parameter(name: "policy", schema: .text, about: "violating this one"),
                Parameter(name: "expires-within", schema: .text, about: "such as 30d"),
                Parameter(name: "idle-for", schema: .text, about: "such as 90d"),
                Parameter(name: "sort", schema: .words(TokenListing.Order.allCases.map(\.rawValue)), about: "name"),
            ],
            answer: ok(
                .object(
                    [
                        ("tokens", .list(.named("Token"))), ("next", .maybe(.text)), ("cut_short", .truth),
                        ("judged_at", .maybe(.time)),
                    ])),
            handler: .role { try $0.listTokens($1) }),
        Operation(
            id: "createToken", method: "POST", path: "/v1/tokens",
            summary:
                "Makes a token. Its value is in this answer alone; with destinations it is pushed there and not shown",
            roles: issuers, body: .optional(draft, required: ["name"]), takesKey: true,
            answer: ok(
                .object(
                    [("token", .named("Token")), ("value", .maybe(.text)), ("pushed", .truth)],
                    optional: [("cause", .maybe(.text)), ("hint", .maybe(.text))]), 201),
            refusals: [409, 415], handler: .role { try $0.createToken($1) }),
        Operation(
            id: "showToken", method: "GET", path: "/v1/tokens/{token}",
            summary: "A token with its versions, places, uses and rotation", roles: lookers,
            conditions: ["If-None-Match"], answer: ok(.named("TokenDetails")), refusals: [404],
            handler: .role { try $0.showToken($1) }),
        Operation(
            id: "editToken", method: "PATCH", path: "/v1/tokens/{token}",
            summary: "Changes what is known of a token; If-Match with its ETag keeps two from undoing one another",
            roles: issuers, body: .optional(draft, required: []), conditions: ["If-Match"],
            answer: ok(.object([("token", .named("Token")), ("changed", .truth)])), refusals: [404, 409, 412, 415],
            handler: .role { try $0.editToken($1) }),
        Operation(
            id: "explainToken", method: "GET", path: "/v1/tokens/{token}/explain",
            summary: "What each policy says of a token, and when what would be done", roles: lookers,
            parameters: [Parameter(name: "at", schema: .time, about: "as if it were then")],
            answer: ok(Schemas.explanation), refusals: [404],
            handler: .role { try $0.explainToken($1) }),
        Operation(
            id: "rotateToken", method: "POST", path: "/v1/tokens/{token}/rotate",
            summary: "Gives a token a new value in all its places; with rota:issue one that you made", roles: enders,
            body: .optional([("reason", remark), ("overlap", remark)], required: []),
            takesKey: true,
            answer: ok(
                .object([
                    ("token", .named("Token")), ("outcome", .text), ("rotation", .maybe(.named("Rotation"))),
                    ("cause", .maybe(.text)), ("remark", .maybe(.text)),
                ])),
            refusals: [404, 409, 415], handler: .role { try $0.rotateToken($1) }),
        Operation(
            id: "revokeToken", method: "POST", path: "/v1/tokens/{token}/revoke",
            summary: "Ends a token at once, and all its values; with rota:issue one that you made", roles: enders,
            body: .optional([("reason", remark), ("emergency", .maybe(.truth))], required: []),
            takesKey: true,
            answer: ok(
                .object([
                    ("token", .named("Token")), ("outcome", .words(["done", "already-ended"])),
                    ("recorded_only", .truth),
                ])),
            refusals: [404, 409, 415], handler: .role { try $0.revokeToken($1) }),
        Operation(
            id: "quarantineToken", method: "POST", path: "/v1/tokens/{token}/quarantine",
            summary: "Keeps a token from being accepted, until it is restored", roles: operators,
            body: .optional([("reason", remark)], required: ["reason"]),
            takesKey: true, answer: ok(.object([("token", .named("Token")), ("changed", .truth)])),
            refusals: [404, 409, 415],
            handler: .role { try $0.quarantineToken($1) }),
        Operation(
            id: "restoreToken", method: "POST", path: "/v1/tokens/{token}/restore",
            summary: "Lets a quarantined token be accepted again", roles: operators,
            body: .optional([("reason", remark)], required: ["reason"]),
            takesKey: true, answer: ok(.object([("token", .named("Token")), ("changed", .truth)])),
            refusals: [404, 409, 415],
            handler: .role { try $0.restoreToken($1) }),
        Operation(
            id: "listScopes", method: "GET", path: "/v1/scopes", summary: "The catalogue of scopes", roles: lookers,
            answer: ok(
                .object([
                    (
                        "scopes",
                        .list(
                            .object([
                                ("name", .text), ("description", .text), ("access", .maybe(.text)),
                                ("grantable", .truth),
                            ]))
                    ), ("open", .truth),
                ])), handler: .role { try $0.listScopes($1) }),
    ]

    private static let planAnswer = Schema.object([("plan", .named("Plan"))])
    private static let runAnswer = Schema.object([
        ("run", .object([("id", .text), ("plan", .text), ("started", .time), ("finished", .time)])),
        ("totals", .named("Totals")), ("needs_mending", .whole), ("held", .named("Held")),
    ])

    private static let plans: [Operation] = [
        Operation(
            id: "listPlans", method: "GET", path: "/v1/plans", summary: "Saved plans, the latest first",
            roles: auditors, parameters: page,
            answer: ok(.object([("plans", .list(.named("Plan"))), ("next", .maybe(.text))])),
            handler: .role { try $0.listPlans($1) }),
        Operation(
            id: "makePlan", method: "POST", path: "/v1/plans", summary: "Saves a plan of all that is called for now",
            roles: operators, body: .optional([("expires_in", remark)], required: []), takesKey: true,
            answer: ok(planAnswer, 201), refusals: [409, 415], handler: .role { try $0.makePlan($1) }),
        Operation(
            id: "showPlan", method: "GET", path: "/v1/plans/{plan}", summary: "A saved plan with its actions",
            roles: auditors, parameters: page,
            answer: ok(
                .object([
                    ("plan", .named("Plan")), ("actions", .list(.named("PlannedAction"))), ("next", .maybe(.text)),
                ])),
            refusals: [404], handler: .role { try $0.showPlan($1) }),
        Operation(
            id: "approvePlan", method: "POST", path: "/v1/plans/{plan}/approve",
            summary: "Approves a plan that somebody else asked for", roles: operators,
            body: .optional([("comment", remark), ("expires_in", remark)], required: []), takesKey: true,
            answer: ok(planAnswer),
            refusals: [404, 409, 415], handler: .role { try $0.approvePlan($1) }),
        Operation(
            id: "withdrawPlan", method: "POST", path: "/v1/plans/{plan}/withdraw",
            summary: "Has a plan never be applied", roles: operators,
            body: .optional([("comment", remark)], required: []), takesKey: true, answer: ok(planAnswer),
            refusals: [404, 409, 415],
            handler: .role { try $0.withdrawPlan($1) }),
        Operation(
            id: "applyPlan", method: "POST", path: "/v1/plans/{plan}/apply",
            summary: "Takes exactly the actions of a plan, once; answers when it is done", roles: operators,
            body: nothing, takesKey: true, answer: ok(runAnswer), refusals: [404, 409, 415],
            handler: .role { try $0.applyPlan($1) }),
        Operation(
            id: "listRuns", method: "GET", path: "/v1/runs", summary: "Runs, the latest first", roles: auditors,
            parameters: page, answer: ok(.object([("runs", .list(.named("Run"))), ("next", .maybe(.text))])),
            handler: .role { try $0.listRuns($1) }),
        Operation(
            id: "startRun", method: "POST", path: "/v1/runs",
            summary: "Does what the policies call for now; answers when it is done", roles: operators, body: nothing,
            takesKey: true, answer: ok(runAnswer), refusals: [409, 415], handler: .role { try $0.startRun($1) }),
        Operation(
            id: "showRun", method: "GET", path: "/v1/runs/{run}", summary: "A run with what it did", roles: auditors,
            parameters: page,
            answer: ok(
                .object([
                    ("run", .named("Run")), ("totals", .named("Totals")), ("actions", .list(.named("Action"))),
                    ("next", .maybe(.text)),
                ])), refusals: [404], handler: .role { try $0.showRun($1) }),
    ]

    private static let waiverAnswer = Schema.object([("waiver", .named("Waiver"))])

    private static let waivers: [Operation] = [
        Operation(
            id: "listWaivers", method: "GET", path: "/v1/waivers", summary: "Dated exceptions, the newest first",
            roles: lookers,
            parameters: page + [
                Parameter(name: "state", schema: .words(Waiver.State.allCases.map(\.rawValue)), about: "all")
            ], answer: ok(.object([("waivers", .list(.named("Waiver"))), ("next", .maybe(.text))])),
            handler: .role { try $0.listWaivers($1) }),
        Operation(
            id: "requestWaiver", method: "POST", path: "/v1/waivers",
            summary: "Asks for an exception of a token; nothing is waived before somebody else approves",
            roles: [Role.issue, Role.operate, Role.admin],
            body: .optional(
                [
                    ("token", remark), ("policy", remark), ("rule", remark), ("reason", remark),
                    ("ends_at", .maybe(.time)),
                ], required: ["token", "policy", "reason", "ends_at"]), takesKey: true,
            answer: ok(waiverAnswer, 201), refusals: [404, 409, 415], handler: .role { try $0.requestWaiver($1) }),
        Operation(
            id: "showWaiver", method: "GET", path: "/v1/waivers/{waiver}", summary: "An exception", roles: lookers,
            answer: ok(waiverAnswer), refusals: [404], handler: .role { try $0.showWaiver($1) }),
        Operation(
            id: "approveWaiver", method: "POST", path: "/v1/waivers/{waiver}/approve",
            summary: "Approves an exception that somebody else asked for", roles: operators,
            body: .optional([("comment", remark)], required: []), takesKey: true, answer: ok(waiverAnswer),
            refusals: [404, 409, 415], handler: .role { try $0.approveWaiver($1) }),
        Operation(
            id: "withdrawWaiver", method: "POST", path: "/v1/waivers/{waiver}/withdraw",
            summary: "Ends an exception before its time; with rota:issue one that you asked for", roles: enders,
            body: .optional([("reason", remark)], required: []), takesKey: true, answer: ok(waiverAnswer),
            refusals: [404, 409, 415],
            handler: .role { try $0.withdrawWaiver($1) }),
    ]

    private static let freezeAnswer = Schema.object([("held", .named("Held")), ("freeze", Schemas.freeze)])

    private static let surroundings: [Operation] = [
        Operation(
            id: "listVaults", method: "GET", path: "/v1/vaults", summary: "The configured vaults", roles: auditors,
            answer: ok(
                .object([
                    (
                        "vaults",
                        .list(
                            .object([("name", .text), ("kind", .text), ("place", .text), ("destinations", .whole)]))
                    )
                ])), handler: .role { try $0.listVaults($1) }),
        Operation(
            id: "checkVault", method: "POST", path: "/v1/vaults/{vault}/check",
            summary: "Tries a vault in a place that is left as it was", roles: operators, body: nothing,
            answer: ok(.object([("vault", Schemas.vaultCheck)])),
            refusals: [404, 415], handler: .role { try $0.checkVault($1) }),
        Operation(
            id: "listWebhooks", method: "GET", path: "/v1/webhooks", summary: "The configured webhooks",
            roles: auditors, answer: ok(.object([("webhooks", .list(.named("Webhook")))])),
            handler: .role { try $0.listWebhooks($1) }),
        Operation(
            id: "testWebhook", method: "POST", path: "/v1/webhooks/{webhook}/test",
            summary: "Sends a test event to a webhook", roles: operators, body: nothing,
            answer: ok(.object([("webhook", .text), ("delivered", .truth)])), refusals: [404, 415],
            handler: .role { try $0.testWebhook($1) }),
        Operation(
            id: "listDeliveries", method: "GET", path: "/v1/deliveries", summary: "Events on their way to webhooks",
            roles: auditors,
            parameters: page + [
                Parameter(
                    name: "state", schema: .words(DeliveryRecord.State.allCases.map(\.rawValue)), about: "all"),
                Parameter(name: "webhook", schema: .text, about: "for this one"),
            ],
            answer: ok(
                .object([("deliveries", .list(.named("Delivery"))), ("more", .truth), ("next", .maybe(.text))])),
            handler: .role { try $0.listDeliveries($1) }),
        Operation(
            id: "replayDeliveries", method: "POST", path: "/v1/deliveries/replay",
            summary: "Has dead letters wait again: of an event, of a webhook, or all", roles: operators,
            body: .optional([("event", .maybe(.text)), ("webhook", .maybe(.text))], required: []),
            takesKey: true,
            answer: ok(.object([("replayed", .whole), ("enabled_again", .list(.text)), ("unknown", .list(.text))])),
            refusals: [409, 415], handler: .role { try $0.replayDeliveries($1) }),
        Operation(
            id: "sendDeliveries", method: "POST", path: "/v1/deliveries/send",
            summary: "Has what waits for a webhook sent now, instead of at its next attempt", roles: operators,
            body: .optional([("webhook", .text)], required: ["webhook"]), takesKey: true,
            answer: ok(.object([("hastened", .whole)])), refusals: [404, 409, 415],
            handler: .role { try $0.sendDeliveries($1) }),
        Operation(
            id: "showFreeze", method: "GET", path: "/v1/freeze", summary: "What keeps anything from being done",
            roles: auditors, answer: ok(freezeAnswer), handler: .role { try $0.showFreeze($1) }),
        Operation(
            id: "freeze", method: "PUT", path: "/v1/freeze",
            summary: "Has nothing destructive done, for a time; in place of another freeze only with 'replace'",
            roles: operators,
            body: .optional(
                [("reason", remark), ("ends_at", .maybe(.time)), ("replace", .maybe(.truth))], required: ["reason"]),
            answer: ok(freezeAnswer), refusals: [409, 415], handler: .role { try $0.freeze($1) }),
        Operation(
            id: "unfreeze", method: "DELETE", path: "/v1/freeze", summary: "Lets everything go on after a freeze",
            roles: operators, parameters: [Parameter(name: "reason", schema: .text, about: "why, for the audit log")],
            answer: ok(.object([("unfrozen", .truth), ("held", .named("Held"))])),
            refusals: [409], handler: .role { try $0.unfreeze($1) }),
    ]

    private static let evidence: [Operation] = [
        Operation(
            id: "listPolicies", method: "GET", path: "/v1/policies",
            summary: "The policies, and how the tokens stand to them", roles: auditors,
            answer: ok(.object([("digest", .text), ("as_of", .time), ("policies", .list(.named("Policy")))])),
            handler: .role { try $0.listPolicies($1) }),
        Operation(
            id: "showPolicy", method: "GET", path: "/v1/policies/{policy}", summary: "A policy", roles: auditors,
            answer: ok(.object([("policy", .named("Policy"))])), refusals: [404],
            handler: .role { try $0.showPolicy($1) }),
        Operation(
            id: "makeReport", method: "GET", path: "/v1/reports/compliance", summary: "The compliance report",
            roles: auditors,
            parameters: [
                Parameter(
                    name: "format", schema: .words(ReportKind.allCases.map(\.rawValue)), about: "json"),
                Parameter(name: "at", schema: .time, about: "judge the present inventory as if it were then"),
                Parameter(
                    name: "as_of", schema: .time, about: "everything as it was then, rebuilt from the audit log"),
                Parameter(name: "period", schema: .text, about: "how far back actions are told; 30d"),
                Parameter(name: "owner", schema: .text, about: "only the tokens of owners that match; team-*"),
                Parameter(
                    name: "redact", schema: .words(["true", "false"]),
                    about: "pseudonyms for names, and no free text but that of policies"),
                Parameter(
                    name: "signed", schema: .words(["true", "false"]),
                    about: "in a ZIP archive, with the signature that 'rota report verify' takes"),
            ],
            answer: ok(Schemas.report),
            contentTypes: ReportKind.contentTypes + ["application/zip"], refusals: [409],
            handler: .role { try $0.makeReport($1) }),
        Operation(
            id: "makeBundle", method: "GET", path: "/v1/reports/bundle",
            summary: "One archive with all that an auditor asks for", roles: [Role.audit, Role.admin],
            parameters: [
                Parameter(
                    name: "period", schema: .text, about: "how far back actions and entries of the log are told; 30d")
            ],
            answer: ok(.any), contentTypes: ["application/zip"], handler: .role { try $0.makeBundle($1) }),
    ]
}
