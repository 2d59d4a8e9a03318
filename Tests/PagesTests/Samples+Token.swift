import Crypto
import Engine
import Pages
import RotaCore

extension Samples {
    var destinations: [Destination] {
        [
            Destination(id: 1, vault: say("main"), path: say("integrations/snowflake/export"), field: say("token")),
            Destination(id: 2, vault: say("aws-eu"), path: say("prod/snowflake-export")),
        ]
    }

    var uses: [SeenUse] {
        [
            SeenUse(
                version: 3, lastUsed: ago(.minutes(12)), uses: 41_208, addresses: [say("10.20.4.17"), "10.20.4.18"],
                agents: [say("snowflake-connector/3.12")]),
            SeenUse(
                version: 2, lastUsed: ago(.days(36)), lastRefused: ago(.days(2)), uses: 912, refusals: 14,
                addresses: [say("10.20.9.3")], agents: ["curl/8.5.0"], more: true),
        ]
    }

    var outlook: QuarantineOutlook {
        let rule = RuleReference(policy: "unused-tokens", rule: "unused-for")
        let quarantine = Quarantine(
            since: ago(.days(7)), by: "policy:unused-tokens", cause: say("not used for 97 days; the limit is 90 days"),
            rule: rule)
        return QuarantineOutlook(
            quarantine, revocation: quarantine.revocation(of: tokens[6].token, by: policies.map(\.policy)),
            refused: RefusedUses(
                count: 3, last: ago(.hours(4)), sources: [say("203.0.113.9")], agents: [say("curl/8.5")]))
    }

    private var openRotation: Rotation {
        Rotation(
            id: 9, tokenID: snowflake.id, fromVersion: 3, toVersion: 4, phase: .open, overlap: .days(2),
            claimedAt: ago(.minutes(31)),
            claim: Change(actor: "policy:production-rotation", at: now, cause: say("due")),
            trigger: RotationTrigger(
                policy: "production-rotation", rule: "max-age", reason: "max-age-due",
                message: "the value is 84 days old", deadline: now + .days(6)), failures: 2,
            nextAttemptAt: now + .minutes(9), cause: say("aws-eu answered 503 (slow down); it is tried again"))
    }

    func entry(_ number: Int64, _ ago: TimeSpan, _ actor: String, _ action: String, _ cause: String) -> AuditEntry {
        let body = isHostile ? #"{"cause":"<script>alert(1)</script>"}"# : "{\"cause\":\"\(cause)\"}"
        return AuditEntry(
            number: number, at: now - ago, actor: say(actor), action: action, object: snowflake.id.text, body: body)
    }

    var entries: [AuditEntry] {
        [
            entry(81_204, .minutes(31), "policy:production-rotation", "token.rotate", "the value is 84 days old"),
            entry(80_913, .days(2), "cli:marek", "token.edit", "owner changed after the reorganisation"),
            entry(79_112, .days(38), "policy:production-rotation", "version.retire", "its overlap is over"),
            entry(78_870, .days(40), "rota", "version.promote", "verified in both destinations"),
            entry(11_018, .days(410), "token:marek", "token.create", ""),
        ]
    }

    var tokenPage: TokenPage {
        TokenPage(
            token: snowflake, rulings: rulings,
            coming: ComingAction(
                rule: RuleReference(policy: "production-rotation", rule: "max-age"), action: .rotate,
                verdict: rulings[0].verdict, origin: nil),
            versions: [
                Version(number: 4, state: .pending, digest: nil, hint: say("p9Qz"), issuedAt: ago(.minutes(31))),
                Version(number: 3, state: .current, digest: nil, hint: "7tKe", issuedAt: ago(.days(84))),
                Version(
                    number: 2, state: .revoked, digest: nil, hint: "", issuedAt: ago(.days(172)),
                    endedAt: ago(.days(82))),
            ],
            places: [
                .init(
                    destination: destinations[0], push: Push(version: 4, destinationID: 1, state: .verified, attempt: 1)
                ),
                .init(
                    destination: destinations[1],
                    push: Push(version: 4, destinationID: 2, state: .sending, attempt: 3)),
            ], uses: uses, scopesNeverExercised: [say("glossary:read")], rotation: openRotation,
            waivers: [waivers[2].waiver], timeline: entries, hasMore: true)
    }

    func action(_ kind: TokenActionPage.Kind) -> TokenActionPage {
        TokenActionPage(
            kind: kind, token: kind == .restore ? tokens[6].token : snowflake, destinations: destinations, uses: uses,
            quarantine: kind == .restore ? outlook : nil, reason: say("Its owner has left"),
            errors: kind == .revoke ? ["name": say("That is not its name.")] : [:])
    }

    // MARK: - The form

    var catalogue: [TokenForm.Scope] {
        [
            .init(name: "export:read", description: say("Read exports"), access: .read),
            .init(name: "entities:read", description: say("Read golden records"), access: .read),
            .init(name: "streams:read", description: say("Follow streams"), access: .read),
            .init(name: "glossary:read", description: say("Read the glossary"), access: .read),
            .init(name: "ingest:write", description: say("Write into ingestion"), access: .write),
            .init(name: "entities:write", description: say("Change golden records"), access: .write),
            .init(name: "streams:write", description: say("Define streams"), access: .write),
        ]
    }

    var roles: [TokenForm.Role] {
        [
            .init(scope: "rota:introspect", description: say("Ask whether a token is valid")),
            .init(scope: "rota:audit", description: say("Read everything")),
            .init(scope: "rota:issue", description: say("Make tokens")),
            .init(
                scope: "rota:admin", description: say("Everything"), obstacle: say("Only an administrator gives it.")),
        ]
    }

    var filledForm: TokenForm {
        TokenForm(
            name: say("Integration_Snowflake_Export"), description: say("Nightly export"), owner: say("team-data"),
            integration: say("Snowflake"), labels: say("env=prod\ntier=gold"),
            ticked: ["export:read", "entities:read"],
            furtherScopes: say(""), expires: "2026-10-01T03:00", destinations: say("main:integrations/snowflake#token"),
            errors: [
                .name: say("An active token named 'Integration_Snowflake_Export' exists already."),
                .expires: say("That is in the past; give a time to come."),
            ])
    }

    var newPage: NewTokenPage {
        NewTokenPage(
            form: TokenForm(ticked: ["export:read"], expires: "2027-02-25T03:00"), catalogue: catalogue, roles: roles,
            vaults: [say("main"), "aws-eu"], owners: [say("team-data"), "team-platform"],
            integrations: [say("Snowflake")], request: "req-1")
    }
}
