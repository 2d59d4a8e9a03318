import RotaCore

/// The shapes of documents that the commands of the command line print, too.
extension Schemas {
    static let preview = Schema.object([
        (
            "plan",
            .object([
                ("id", .text), ("digest", .text), ("at", .time), ("policies_digest", .text), ("generation", .whole),
            ])
        ),
        (
            "actions",
            .list(
                .object([
                    ("token_id", .text), ("name", .text), ("owner", .text), ("action", actionWord), ("policy", .text),
                    ("rule", .text), ("reason", .text), ("message", .text), ("deadline", .maybe(.time)),
                    ("blocked", .maybe(.text)), ("waiting", .truth), ("may_begin", .maybe(.time)),
                    ("new_end", .maybe(.time)), ("covers", .list(.object([("policy", .text), ("rule", .text)]))),
                ]))
        ),
        (
            "totals",
            .object([("candidates", .whole), ("actions", .whole), ("waiting", .whole), ("blocked", .whole)])
        ), ("refusal", .maybe(.text)), ("held", .named("Held")),
    ])
    static let explanation = Schema.object([
        ("token_id", .text), ("name", .text), ("at", .time),
        (
            "policies",
            .list(
                .object([
                    ("policy", .text), ("mode", .words(Mode.allCases.map(\.rawValue))), ("selected", .truth),
                    ("mismatch", .maybe(.text)), ("next_run", .maybe(.time)),
                    (
                        "rules",
                        .list(
                            .object([
                                ("rule", .text), ("action", actionWord), ("status", verdictWord), ("reason", .text),
                                ("message", .text), ("blocked", .maybe(.text)), ("start", .maybe(.time)),
                                ("deadline", .maybe(.time)), ("may_begin", .maybe(.time)),
                                ("new_end", .maybe(.time)), ("needs_approval", .truth),
                            ]))
                    ),
                ]))
        ),
    ])
    static let calendar = Schema.object([
        ("from", .time), ("until", .time),
        (
            "policies",
            .list(
                .object([
                    ("policy", .text), ("mode", .words(Mode.allCases.map(\.rawValue))), ("schedule", .text),
                    ("zone", .text), ("acts_next", .maybe(.time)),
                    (
                        "days",
                        .list(
                            .object([
                                ("day", .text), ("runs", .whole), ("first", .maybe(.time)), ("last", .maybe(.time)),
                                ("frozen", .whole), ("partly_frozen", .whole),
                            ]))
                    ),
                ]))
        ), ("freezes", .list(.object([]))),
    ])
    static let simulation: Schema = {
        let actions: [(String, Schema)] = [("total", .whole), ("actions", .map(.whole))]
        let counted = actions + [("policies", .list(.object([("policy", .text)] + actions)))]
        return .object([
            ("from", .time), ("until", .time), ("tokens", .whole),
            ("days", .list(.object([("day", .text)] + counted))), ("totals", .object(counted)),
        ])
    }()
    static let comparison = Schema.object([
        ("at", .time), ("policies", .list(.object([]))), ("tokens", .list(.object([("name", .text)]))),
        ("totals", .object([("judged", .whole), ("tokens", .whole), ("verdicts", .whole)])),
    ])
    static let drift = Schema.object([
        ("drift", .list(place)), ("unreadable", .list(place)),
        (
            "totals",
            .object([
                ("destinations", .whole), ("as_expected", .whole), ("drifted", .whole), ("unreadable", .whole),
                ("not_known", .whole), ("write_only", .whole),
            ])
        ),
    ])
    static let adoption = Schema.object([
        ("dry_run", .truth),
        (
            "places",
            .list(
                .object([
                    ("token_id", .text), ("name", .text), ("destination", .text), ("holds", .maybe(.text)),
                    ("detail", .maybe(.text)), ("outcome", .text),
                ]))
        ),
        (
            "totals",
            .object([
                ("adopted", .whole), ("nothing_to_do", .whole), ("refused", .whole), ("unreadable", .whole),
                ("overtaken", .whole),
            ])
        ),
    ])
    static let freeze = Schema.maybe(
        .object([("reason", .text), ("by", .text), ("since", .time), ("ends_at", .maybe(.time))]))
    static let vaultCheck = Schema.object([
        ("name", .text), ("ok", .truth),
        (
            "steps",
            .list(
                .object([
                    ("step", .text), ("ok", .truth), ("left_out", .maybe(.text)), ("error", .maybe(.text)),
                    ("hint", .maybe(.text)),
                ]))
        ),
    ])
    static let report = Schema.object([
        (
            "report",
            .object([
                ("generator", .text), ("instance", .text), ("generation", .whole), ("policies_digest", .text),
                ("at", .time), ("hypothetical", .truth), ("made_at", .time), ("period_from", .time), ("actor", .text),
                ("owner", .maybe(.text)), ("redacted", .truth),
            ])
        ), ("totals", .object([])),
        (
            "verdicts",
            .list(
                .object([
                    ("token_id", .text), ("name", .text), ("policy", .text), ("rule", .text), ("status", verdictWord),
                    ("reason", .text), ("message", .text), ("deadline", .maybe(.time)),
                    ("facts", .maybe(.text)),
                ]))
        ),
    ])

    private static let place = Schema.object([("token_id", .text), ("name", .text), ("destination", .text)])
    private static let verdictWord = Schema.words(["compliant", "due", "violating", "waived", "unknown"])
}
