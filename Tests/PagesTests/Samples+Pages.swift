import Crypto
import Engine
import Pages
import RotaCore

/// A page with a name for a file, and what is around it.
struct SamplePage: Sendable {
    var name: String
    var page: any Page
    var frame: Frame

    var bytes: [UInt8] { page.render(in: frame) }
    var markings: Markings { Markings(bytes) }
}

extension Samples {
    var plan: SavedPlan {
        SavedPlan(
            id: "plan_7f3a90c2", policy: "production-rotation", digest: "sha256:" + String(repeating: "9c", count: 32),
            policiesDigest: "sha256:" + String(repeating: "4e", count: 32), instance: "i", generation: 1,
            generationID: "", at: ago(.hours(3)), expiresAt: now + .days(4), requester: marek, actions: 27,
            needsApproval: true)
    }

    private var approvedPlan: SavedPlan {
        var plan = plan
        plan.id = "plan_11aa22bb"
        plan.policy = nil
        plan.approval = SavedPlan.Approval(
            approver: say("amelie.laurent"), at: ago(.hours(1)), expiresAt: now + .hours(23), digest: plan.digest,
            comment: say("Checked with the owners."))
        return plan
    }

    private var appliedPlan: SavedPlan {
        var plan = plan
        plan.id = "plan_0c0ffee0"
        plan.end = SavedPlan.End(
            .applied, at: ago(.days(2)), by: say("marek"), cause: say("as approved"), run: "run_88")
        return plan
    }

    private var savedActions: [SavedAction] {
        tokens.prefix(4).enumerated().map { index, row in
            SavedAction(
                tokenID: row.token.id, name: row.token.name, owner: row.token.owner, revision: 3,
                action: index == 3 ? .revoke : .rotate, policy: "production-rotation", rule: "max-age",
                parameters: "{}",
                reason: "max-age-exceeded", message: say("the value is 97 days old; the limit is 90 days"),
                deadline: ago(.days(Int64(7 - index * 3))))
        }
    }

    private var run: RunRecord {
        RunRecord(
            id: "run_20261127", plan: plan.digest, planned: 41, acting: ["production-rotation", "unused-tokens"],
            actor: AuditActor(say("rota")), startedAt: ago(.hours(6)), finishedAt: ago(.hours(6)) + .minutes(2))
    }

    private var outcomes: [Outcome: Int] {
        [.done: 22, .started: 9, .blocked: 4, .failed: 2, .waiting: 3, .skipped: 1]
    }

    private var recorded: [RecordedAction] {
        let kinds: [(Outcome, String?)] = [
            (.started, "in its overlap until tomorrow"), (.failed, "aws-eu answered 403 (access denied)"), (.done, nil),
            (.blocked, nil),
        ]
        return zip(tokens, kinds).map { row, kind in
            RecordedAction(
                run: run.id, tokenID: row.token.id, name: row.token.name, action: .rotate,
                policy: "production-rotation",
                rule: "max-age", reason: "max-age-due", message: say("the value is 84 days old; the limit is 90 days"),
                deadline: now, outcome: kind.0, blocked: kind.0 == .blocked ? .noDestination : nil,
                cause: kind.1.map(say), at: ago(.hours(6)))
        }
    }

    private var deliveries: [DeliveryRecord] {
        (1...4).map { number -> DeliveryRecord in
            let type = number % 2 == 0 ? "token.rotated" : "policy.violated"
            let age = TimeSpan.hours(Int64(20 + number * 7))
            return DeliveryRecord(
                event: "evt_01hq\(number)", type: type, at: ago(age), endpoint: say("security"), state: .dead,
                attempts: 10, nextAttemptAt: now, status: number == 2 ? nil : 503,
                cause: say("no answer within 15 seconds"))
        }
    }

    private var endpoints: [WebhooksPage.Row] {
        [
            WebhooksPage.Row(
                name: say("security"), events: [say("token.*"), "policy.violated"],
                counts: DeliveryCounts(waiting: 2, delivered: 18_440, dead: 4),
                trouble: WebhooksPage.Trouble(at: ago(.hours(20)), status: 503, cause: say("Service Unavailable"))),
            WebhooksPage.Row(
                name: "slack-platform", events: ["token.rotation_stuck"],
                counts: DeliveryCounts(waiting: 0, delivered: 212, dead: 0)),
            WebhooksPage.Row(
                name: "old-siem", events: ["*"], counts: DeliveryCounts(waiting: 918, delivered: 4410, dead: 0),
                disabled: DisabledEndpoint(
                    name: "old-siem", place: "", at: ago(.days(12)), status: 410, cause: say("410 Gone"))),
        ]
    }

    /// Every page, in its usual states.
    var pages: [SamplePage] {
        var pages: [SamplePage] = []
        func add(_ name: String, _ page: any Page, _ change: (inout Frame) -> Void = { _ in }) {
            var frame = frame
            change(&frame)
            pages.append(SamplePage(name: name, page: page, frame: frame))
        }
        addTokenPages(add)
        addOtherPages(add)
        return pages
    }

    typealias Add = (_ name: String, _ page: any Page, _ change: (inout Frame) -> Void) -> Void

    private func addTokenPages(_ add: Add) {
        let providers = [SignInPage.Provider(name: say("corp"), label: say("Corporate sign-in"))]
        add("sign-in", SignInPage(next: "/admin/plans", providers: providers)) { $0.person = nil }
        add("sign-in-failed", SignInPage(next: say("/"), failure: say("That token is not accepted: it was revoked."))) {
            $0.person = nil
        }
        let names = tokens.map(\.token.name)
        add(
            "api-tokens",
            TokenListPage(
                query: TokenQuery(), rows: tokens, active: 1284, next: "c2", owners: names, scopes: ["export:read"],
                policies: ["production-rotation", say("unused-tokens")])
        ) { _ in }
        let narrow = TokenQuery(
            q: say("sap & co"), state: .all, owner: say("team-data"), scope: say("x"), policy: say("p"),
            status: .violating, expiring: .month, idle: .never, sort: .expires)
        add(
            "api-tokens-narrow",
            TokenListPage(
                query: narrow, rows: Array(tokens.prefix(2)), active: 1284, next: say("c3"), isContinued: true,
                lookedAt: 20_000)
        ) { frame in
            frame.brake = .frozen(
                Freeze(
                    reason: say("release week"), actor: say("cli:marek"), begunAt: ago(.days(1)),
                    endsAt: now + .days(2)))
            frame.notice = .init(kind: .done, text: say("The token ‘crm-sync-us’ was revoked."))
        }
        add(
            "api-tokens-unsorted",
            TokenListPage(query: TokenQuery(owner: "x"), rows: tokens, active: nil, sorts: [.name, .used])
        ) { _ in }
        add("api-tokens-empty", TokenListPage(query: TokenQuery(), rows: [], active: 0)) { _ in }
        add("new", newPage) { _ in }
        add(
            "new-errors",
            NewTokenPage(form: filledForm, catalogue: catalogue, roles: roles, vaults: ["main"], request: say("r"))
        ) { _ in }
        add("edit", EditTokenPage(token: snowflake, form: filledForm, catalogue: catalogue)) { _ in }
        let secret = Secret(utf8: "rota_5H8kQm2ZpX9vTgB4nLrWcY7sDfJ0aE3uKqN1o")
        add("created", TokenCreatedPage(token: snowflake, delivery: .shown(secret))) { _ in }
        add("created-pushed", TokenCreatedPage(token: snowflake, delivery: .pushed(destinations))) { _ in }
        add("token", tokenPage) { _ in }
        add("token-quarantined", TokenPage(token: tokens[6].token, quarantine: outlook)) { frame in
            frame.notice = .init(kind: .warning, text: say("It was quarantined, and is still being presented."))
        }
        for kind in TokenActionPage.Kind.allCases { add(kind.rawValue, action(kind)) { _ in } }
        add("rotate-refused", TokenActionPage(kind: .rotate, token: tokens[5].token, obstacle: say("aws-iam makes it")))
        {
            _ in
        }
    }

    private func addHolds(_ add: Add) {
        let choices: [NewWaiverPage.Choice] = [
            .init(policy: say("terms"), rule: "max-age"), .init(policy: say("terms")),
        ]
        add(
            "waiver-new",
            NewWaiverPage(
                token: snowflake, choices: choices, longest: .days(90), reason: say("The vendor is late."),
                ends: "2027-01-01T00:00", errors: ["reason": say("Say why."), "ends": say("Too far off.")])
        ) { _ in }
        add("waiver-new-for-none", NewWaiverPage(longest: .days(90), errors: ["token": say("None.")])) { _ in }
        let freeze = Freeze(reason: say("release 4.2"), actor: say("cli:marek"), begunAt: ago(.hours(2)), endsAt: nil)
        add(
            "freeze-on",
            FreezePage(
                freeze: freeze, past: [PastFreeze(freeze, endedAt: ago(.hours(1)))], errors: ["reason": "Say why."])
        ) { $0.brake = .frozen(freeze) }
        add("freeze-off", FreezePage()) { _ in }
    }

    private func addOtherPages(_ add: Add) {
        add("policies", PoliciesPage(rows: policies, uncovered: 12)) { _ in }
        let violations = tokens.prefix(3).map { row in
            PolicyPage.Violation(
                tokenID: row.token.id, name: row.token.name, owner: row.token.owner, rule: "max-age",
                message: say("the value is 97 days old; the limit is 90 days"), deadline: ago(.days(7)))
        }
        let rules = [count(214, 18, 5, 3, 0), count(238, 0, 2, 2, 0), count(242, 0, 0, 0, 0)]
        add("policy", PolicyPage(row: policies[0], rules: rules, violations: violations)) { _ in }
        add("plans", PlansPage(open: [plan, approvedPlan], closed: [appliedPlan])) { _ in }
        add("plans-empty", PlansPage(open: [])) { _ in }
        let totals: [Action: Int] = [.rotate: 24, .revoke: 1, .quarantine: 2]
        add("plan", PlanPage(plan: plan, actions: savedActions, totals: totals, next: say("c"))) { _ in }
        add(
            "plan-own",
            PlanPage(
                plan: plan, actions: savedActions, totals: totals,
                obstacle: say("it was asked for by you; an approval is somebody else’s"))
        ) { _ in }
        add("plan-approved", PlanPage(plan: approvedPlan, actions: savedActions, totals: totals)) { _ in }
        add("plan-applied", PlanPage(plan: appliedPlan, actions: savedActions, totals: totals)) { _ in }
        let aborted = RunRecord(
            id: "run_1", actor: "cli:marek", startedAt: ago(.days(3)), finishedAt: ago(.days(3)),
            aborted: say("the plan has 41 actions; the limit is 20"))
        add(
            "runs",
            RunsPage(rows: [.init(run: run, outcomes: outcomes), .init(run: aborted, outcomes: [:])], next: "c")
        ) {
            _ in
        }
        add("run", RunPage(run: run, savedPlan: plan, outcomes: outcomes, actions: recorded)) { _ in }
        add("run-aborted", RunPage(run: aborted, outcomes: [:], actions: [])) { _ in }
        add("waivers", WaiversPage(rows: waivers)) { _ in }
        addHolds(add)
        add("webhooks", WebhooksPage(rows: endpoints)) { _ in }
        add("deliveries", DeliveriesPage(state: .dead, endpoint: say("security"), deliveries: deliveries)) { _ in }
        add("deliveries-waiting", DeliveriesPage(state: .waiting, deliveries: [])) { _ in }
        add(
            "reports",
            ReportsPage(
                states: [.active: 1284, .quarantined: 6, .revoked: 311, .expired: 42],
                tokens: count(1014, 41, 86, 12, 19),
                uncovered: 112, withoutOwner: 8, neverExpiring: 214, endingSoon: 37, neverUsed: 29, rotating: 3)
        ) { _ in }
        add("audit", AuditPage(object: say(snowflake.id.text), entries: entries, next: "81", isContinued: true)) { _ in
        }
        add("audit-empty", AuditPage(entries: [])) { _ in }
        addVerifications(add)
        add(
            "error",
            ErrorPage(
                status: 403, title: say("That is not yours to do"),
                advice: say("Your token has no role that allows it. Ask somebody who administers Rota."),
                requestID: say("req_8f2c"), section: .plans)
        ) { _ in }
    }
}
