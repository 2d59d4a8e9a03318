import Crypto
import Engine
import Pages
import RotaCore

/// What the pages are tried with: an ordinary company, or one whose every text is an attack.
struct Samples {
    var isHostile = false
    let now = Instant("2026-11-27T09:30:00Z") ?? Instant(seconds: 0)

    /// The text, or something that would break out of wherever it is put.
    func say(_ text: String) -> String {
        isHostile ? "\"><script>alert(1)</script><img src=x onerror=alert(1)> ' onload='x" : text
    }

    func ago(_ span: TimeSpan) -> Instant { now - span }

    var frame: Frame {
        Frame(
            person: Frame.Person(
                name: say("amelie.laurent"), roles: [say("rota:operate"), "rota:issue"],
                may: Set(Frame.Power.allCases)),
            csrf: "c5rf-of-this-session", now: now, version: "1.4.0")
    }

    // MARK: - Tokens

    func token(
        _ number: Int, _ name: String, owner: String = "team-data", integration: String = "Snowflake",
        scopes: [String] = ["export:read"], state: TokenState = .active, expires: TimeSpan? = .days(52),
        usage: Usage? = nil, age: TimeSpan = .days(38), issuer: Issuer = .rota, labels: [String: String] = [:]
    ) -> Token {
        Token(
            id: TokenID("tok_00112233445566778" + "\(100 + number)"), revision: 7, name: say(name),
            description: say("Nightly export of golden records into the warehouse."), owner: say(owner),
            integration: say(integration), scopes: scopes.map(say), labels: labels, issuer: issuer, state: state,
            createdAt: ago(.days(410)), createdBy: say("token:marek"), expiresAt: expires.map { now + $0 },
            usage: usage ?? .lastUsed(ago(.minutes(12))), watchedSince: ago(.days(400)),
            values: ValueSummary(current: 3, currentIssuedAt: ago(age)), destinationCount: 2)
    }

    var snowflake: Token {
        token(
            1, "Integration_Snowflake_Export",
            scopes: ["export:read", "entities:read", "streams:read", "glossary:read"],
            age: .days(84), labels: ["env": say("prod"), "tier": say("gold")])
    }

    var tokens: [TokenListPage.Row] {
        [
            .init(token: snowflake, status: .due),
            .init(
                token: token(
                    2, "Integration_PowerBI_Dashboards", owner: "team-analytics", integration: "Power BI", expires: nil,
                    usage: .lastUsed(ago(.days(3))), age: .days(412)), status: .violating, violations: 2),
            .init(
                token: token(
                    3, "ci-deploy-pipeline", owner: "team-platform", integration: "GitHub Actions",
                    scopes: ["ingest:write", "streams:write"], expires: .days(6), usage: .lastUsed(ago(.hours(2))),
                    age: .days(24)), status: .compliant),
            .init(
                token: token(
                    4, "Legacy_SAP_Import", owner: "", integration: "SAP", scopes: ["ingest:write"],
                    expires: .days(301),
                    usage: .neverUsed(since: ago(.days(196))), age: .days(196)), status: .violating, violations: 3),
            .init(
                token: token(
                    5, "crm-sync-eu", owner: "team-sales-ops", integration: "Dynamics 365",
                    scopes: ["entities:read", "entities:write"], expires: .days(88), usage: .lastUsed(ago(.hours(9))),
                    age: .days(2)), status: .waived),
            .init(
                token: token(
                    6, "aws-reporting-user", owner: "team-finance", integration: "QuickSight", expires: nil,
                    usage: .unknown, age: .days(77), issuer: .external(kind: "aws-iam")), status: .unknown),
            .init(
                token: token(
                    7, "partner-feed-acme", owner: "team-partners", integration: "ACME feed", state: .quarantined,
                    expires: .days(19), usage: .lastUsed(ago(.days(97))), age: .days(120)), status: nil),
        ]
    }

    // MARK: - Verdicts

    func count(_ compliant: Int, _ due: Int, _ violating: Int, _ waived: Int, _ unknown: Int) -> StatusCounts {
        var counts = StatusCounts()
        let parts: [(Verdict.Status, Int)] = [
            (.compliant, compliant), (.due, due), (.violating, violating), (.waived, waived), (.unknown, unknown),
        ]
        for (status, count) in parts { for _ in 0..<count { counts.add(status) } }
        return counts
    }

    var policies: [PoliciesPage.Row] {
        [
            .init(policy: rotation, tokens: count(214, 18, 7, 3, 0), nextRun: now + .hours(16)),
            .init(
                policy: Policy(
                    name: "unused-tokens", description: say("What nobody uses is put aside, then revoked."),
                    mode: .enforce, selector: Selector(except: [Selector(labels: ["tier": [Glob("break-glass")]])]),
                    rules: [Rule(.unusedFor(.days(90)), action: .quarantine, revokeAfter: .days(30))]),
                tokens: count(301, 4, 11, 1, 9), nextRun: now + .hours(16)),
            .init(
                policy: Policy(
                    name: "required-expiry", description: say("Nothing lives for ever."), mode: .warn,
                    rules: [Rule(.expiry(required: true, maxLifetime: .days(366), maxRemaining: nil))]),
                tokens: count(240, 0, 86, 0, 0)),
            .init(
                policy: Policy(
                    name: "least-privilege", mode: .observe, selector: Selector(owners: [Glob("team-*")]),
                    rules: [Rule(.scopes(deny: [Glob("*:*")], max: 8))]), tokens: count(322, 0, 0, 0, 0)),
        ]
    }

    var rotation: Policy {
        Policy(
            name: "production-rotation", description: say("Values in production are replaced every 90 days."),
            basis: say("OWASP: rotate long-lived secrets; 90 days is the cadence that our auditors agreed to in 2025."),
            mode: .enforce, selector: Selector(labels: ["env": [Glob("prod")]], owners: [Glob("team-*")]),
            rules: [
                Rule(.maxAge(.days(90)), action: .rotate, startBefore: .days(7), overlap: .days(2)),
                Rule(.destination), Rule(.owner([])),
            ], notifyBefore: [.days(14), .days(1)], pace: 25, needsApproval: true,
            controls: ["pci-dss-4.0.1": [say("8.6.3")], "iso-27001": ["A.5.17", "A.8.24"]])
    }

    var rulings: [TokenPage.Ruling] {
        [
            .init(
                policy: "production-rotation", mode: .enforce, rule: "max-age", action: .rotate,
                verdict: Verdict(
                    .due, .maxAgeDue(age: .days(84), limit: .days(90)), deadline: now + .days(6),
                    start: ago(.days(1)))),
            .init(
                policy: "required-expiry", mode: .warn, rule: "expiry", action: .notify,
                verdict: Verdict(.violating, .lifetimeTooLong(lifetime: .days(462), limit: .days(366)))),
            .init(
                policy: "unused-tokens", mode: .enforce, rule: "unused-for", action: .quarantine,
                verdict: Verdict(
                    .compliant, .usedRecently(idle: Idleness(time: .minutes(12)), limit: .days(90)),
                    deadline: now + .days(90))),
            .init(
                policy: "least-privilege", mode: .observe, rule: "scopes", action: .notify,
                verdict: Verdict(.compliant, .asRequired)),
        ]
    }

    // MARK: - People

    var marek: Principal {
        Principal(name: say("marek"), account: "cli:marek", tokenID: TokenID("tok_a"), tokenName: say("marek-admin"))
    }

    var waivers: [WaiversPage.Row] {
        let approval = Waiver.Approval(approver: marek, at: ago(.days(9)), comment: say("Until the vendor’s release."))
        return [
            .init(
                waiver: Waiver(
                    id: "wvr_31", subject: .token(snowflake.id), policy: "required-expiry", rule: "expiry",
                    reason: say("The partner pins the value in firmware; the next release reads it from a vault."),
                    requester: marek, requestedAt: ago(.hours(5)), endsAt: now + .days(60)),
                tokenName: snowflake.name, obstacle: say("it was asked for by you; an approval is somebody else's")),
            .init(
                waiver: Waiver(
                    id: "wvr_30", subject: .matching(Selector(owners: [Glob("team-sales-ops")])),
                    policy: "production-rotation", reason: say("Migration of the CRM to another tenant."),
                    requester: marek, requestedAt: ago(.days(1)), endsAt: now + .days(20))),
            .init(
                waiver: Waiver(
                    id: "wvr_27", subject: .token(TokenID("tok_b")), policy: "unused-tokens",
                    reason: say("Used once a quarter, for the closing of the books."), requester: marek,
                    requestedAt: ago(.days(10)), endsAt: now + .days(111), state: .active, approval: approval),
                tokenName: say("quarterly-closing")),
            .init(
                waiver: Waiver(
                    id: "wvr_12", subject: .token(TokenID("tok_c")), policy: "unused-tokens", reason: say("Trial"),
                    requester: marek, requestedAt: ago(.days(90)), endsAt: ago(.days(30)), state: .withdrawn,
                    approval: approval,
                    ending: Waiver.Ending(at: ago(.days(40)), by: say("marek"), cause: say("not needed any more"))),
                tokenName: say("trial")),
        ]
    }
}
