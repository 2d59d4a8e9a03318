import Engine
import RotaCore

/// The shapes of what is answered. Members that may come later are no break: clients ignore what they do not know.
enum Schemas {
    static let all: [(String, Schema)] = [
        ("Problem", problem), ("Token", token), ("TokenDetails", tokenDetails), ("Rotation", rotation), ("Plan", plan),
        ("PlannedAction", plannedAction), ("Run", run), ("Action", action), ("Totals", totals), ("Waiver", waiver),
        ("Policy", policy), ("Counts", counts), ("Delivery", delivery), ("Webhook", webhook), ("Held", held),
        ("AuditEntry", auditEntry), ("OAuthError", .object([("error", .text), ("error_description", .text)])),
        ("Holding", holding),
    ]

    static let problem = Schema.object([("title", .text), ("status", .whole)])
    static let token = Schema.object([
        ("id", .text), ("name", .text), ("description", .text), ("owner", .text), ("integration", .text),
        ("scopes", .list(.text)), ("labels", .map(.text)), ("prefix", .text), ("issuer", .text),
        ("external_id", .maybe(.text)), ("state", .words(TokenState.allCases.map(\.rawValue))), ("active", .truth),
        ("revision", .whole), ("created_at", .maybe(.time)), ("created_by", .text), ("expires_at", .maybe(.time)),
        ("last_used_at", .maybe(.text)), ("tracked_since", .maybe(.time)), ("version", .maybe(.whole)),
        ("value_issued_at", .maybe(.time)), ("rotation_open", .truth), ("destination_count", .whole),
        ("provenance", .text), ("end", .maybe(.object([("at", .time), ("by", .text), ("cause", .text)]))),
    ])
    static let version = Schema.object([
        ("number", .whole), ("state", .words(VersionState.allCases.map(\.rawValue))), ("valid", .truth),
        ("hint", .text),
        ("issued_at", .maybe(.time)), ("ends_at", .maybe(.time)), ("ended_at", .maybe(.time)),
    ])
    static let rotation = Schema.object([
        ("phase", .text), ("from_version", .whole), ("to_version", .maybe(.whole)), ("claimed_at", .time),
        ("policy", .maybe(.text)), ("overlap_seconds", .whole), ("promoted_at", .maybe(.time)), ("failures", .whole),
        ("next_attempt_at", .maybe(.time)), ("cause", .maybe(.text)),
    ])
    static let destination = Schema.object([
        ("destination", .text), ("vault", .text), ("path", .text), ("field", .maybe(.text)), ("caveat", .maybe(.text)),
        ("drift", .maybe(.object([("finding", .text), ("seen_at", .time)]))),
        ("pushes", .list(.object([("version", .whole), ("state", .text), ("attempts", .whole)]))),
    ])
    static let finding = Schema.object([
        ("policy", .text), ("rule", .text), ("reason", .text), ("message", .text), ("opened_at", .time),
        ("closed_at", .maybe(.time)),
    ])
    static let notice = Schema.object([
        ("policy", .text), ("rule", .text), ("action", actionWord), ("first_sent_at", .time), ("sent_at", .time),
        ("before", .text), ("start", .maybe(.time)), ("not_before", .maybe(.time)),
    ])
    static let quarantine = Schema.maybe(
        .object([
            ("since", .time), ("by", .text), ("cause", .text), ("policy", .maybe(.text)), ("rule", .maybe(.text)),
            ("revoke_at", .maybe(.time)),
            (
                "refused_uses",
                .maybe(
                    .object([
                        ("count", .whole), ("last_at", .maybe(.time)), ("sources", .list(.text)),
                        ("agents", .list(.text)),
                    ]))
            ),
        ]))
    static let failedAttempts = Schema.maybe(
        .object([
            ("policy", .text), ("failures", .whole), ("since", .time), ("next_attempt_at", .maybe(.time)),
            ("alarmed_at", .maybe(.time)), ("cause", .text),
        ]))
    static let usage = Schema.object([
        ("idle_seconds", .maybe(.whole)), ("period_days", .whole), ("count", .whole), ("refused", .whole),
        ("sources", .list(.text)), ("agents", .list(.text)),
        ("versions", .list(.object([("version", .maybe(.whole)), ("count", .whole), ("refused", .whole)]))),
    ])
    /// A use of a value that had ended.
    static let reuse = Schema.object([
        ("version", .whole), ("source", .maybe(.text)), ("first_seen_at", .time), ("revoked_at", .maybe(.time)),
    ])
    static let approval = Schema.maybe(
        .object([
            ("approver", .text), ("at", .time), ("expires_at", .time), ("digest", .text), ("comment", .text),
        ]))
    static let tokenDetails = Schema.object([
        ("token", .named("Token")), ("versions", .list(version)), ("destinations", .list(destination)),
        ("rotation", .maybe(.named("Rotation"))), ("failed_attempts", failedAttempts),
        (
            "last_failure",
            .maybe(
                .object([("at", .time), ("actor", .text), ("cause", .text), ("next_attempt_at", .maybe(.time))]))
        ),
        ("findings", .list(finding)), ("notices", .list(notice)), ("usage", usage),
        ("quarantine", quarantine),
        ("missing", .maybe(.object([("since", .time), ("file", .text)]))), ("reuse", .list(reuse)),
    ])
    static let plan = Schema.object([
        ("id", .text), ("digest", .text), ("at", .time), ("policies_digest", .text), ("policy", .maybe(.text)),
        ("status", .words(["ready", "awaiting-approval", "approved", "applied", "withdrawn", "expired", "stale"])),
        ("actions", .whole), ("requester", .text), ("account", .text), ("expires_at", .time),
        ("needs_approval", .truth), ("approval", approval),
        (
            "ended",
            .maybe(
                .object([
                    ("as", .text), ("at", .time), ("by", .text), ("cause", .text), ("run", .maybe(.text)),
                ]))
        ),
    ])
    static let plannedAction = Schema.object([
        ("token_id", .text), ("name", .text), ("owner", .text), ("revision", .whole), ("action", actionWord),
        ("policy", .text), ("rule", .text), ("reason", .text), ("message", .text), ("deadline", .maybe(.time)),
        ("new_end", .maybe(.time)),
    ])
    static let run = Schema.object([
        ("id", .text), ("plan", .maybe(.text)), ("actor", .text), ("started", .time), ("finished", .maybe(.time)),
        ("aborted", .maybe(.text)),
    ])
    static let action = Schema.object([
        ("token_id", .text), ("name", .text), ("action", actionWord), ("policy", .text), ("rule", .text),
        ("reason", .text), ("message", .text), ("deadline", .maybe(.time)),
        ("outcome", .words(Outcome.allCases.map(\.rawValue))), ("blocked", .maybe(.text)), ("cause", .maybe(.text)),
        ("at", .time),
    ])
    static let totals = Schema.object(Outcome.allCases.map { ($0.rawValue, .whole) })
    static let waiver = Schema.object([
        ("id", .text), ("state", .words(Waiver.State.allCases.map(\.rawValue))), ("policy", .text),
        ("rule", .maybe(.text)), ("reason", .text),
    ])
    static let counts = Schema.object([
        ("compliant", .whole), ("due", .whole), ("violating", .whole), ("waived", .whole), ("unknown", .whole),
    ])
    static let policy = Schema.object([
        ("name", .text), ("description", .text), ("basis", .text), ("mode", .words(Mode.allCases.map(\.rawValue))),
        ("schedule", .text), ("next_run", .time), ("needs_approval", .truth), ("tokens", .named("Counts")),
        ("controls", .map(.list(.text))),
        ("rules", .list(.object([("rule", .text), ("action", actionWord), ("tokens", .named("Counts"))]))),
    ])
    static let delivery = Schema.object([
        ("event", .text), ("type", .text), ("at", .time), ("webhook", .text),
        ("state", .words(DeliveryRecord.State.allCases.map(\.rawValue))), ("attempts", .whole),
        ("next_attempt_at", .maybe(.time)), ("status", .maybe(.whole)), ("cause", .maybe(.text)),
    ])
    static let webhook = Schema.object([
        ("name", .text), ("url", .text), ("events", .list(.text)), ("format", .text), ("disabled", .maybe(.object([]))),
    ])
    static let held = Schema.maybe(.object([("code", .text), ("message", .text), ("hint", .text)]))
    /// What the holder of a value is told of it.
    static let holding = Schema.object([
        ("active", .truth),
        (
            "token",
            .object([
                ("id", .text), ("name", .text), ("description", .text), ("owner", .text), ("integration", .text),
                ("scopes", .list(.text)), ("created_at", .time), ("expires_at", .maybe(.time)),
            ])
        ), ("standing", .words(["valid", "replaced"])), ("since", .maybe(.time)),
        ("version", .object([("number", .whole), ("issued_at", .maybe(.time)), ("ends_at", .maybe(.time))])),
        ("successor", .maybe(.object([("number", .whole), ("issued_at", .maybe(.time))]))),
    ])
    static let auditEntry = Schema.object([
        ("number", .whole),
        ("entry", .object([("at", .time), ("actor", .text), ("action", .text), ("object", .text), ("cause", .text)])),
    ])

    static let actionWord = Schema.words(Action.allCases.map(\.rawValue))
}
