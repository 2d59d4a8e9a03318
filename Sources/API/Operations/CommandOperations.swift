import HTTPServer
import JSON
import RotaCore

/// Operations that are done as the command of the same name does them, and answer with its document.
extension Operation {
    static let commands: [Operation] = [
        Operation(
            id: "showStatus", method: "GET", path: "/v1/status",
            summary: "The store, the last run, open rotations, findings, drift and deliveries", roles: auditors,
            answer: ok(
                .object([
                    ("instance", .text), ("generation", .whole), ("active_tokens", .whole), ("open_findings", .whole),
                    ("held", .named("Held")),
                ])), handler: .role { try $0.document("showStatus", $1) }),
        Operation(
            id: "previewRun", method: "GET", path: "/v1/preview",
            summary: "The exact actions that a run would take now, or at another time; nothing is changed or kept",
            roles: auditors,
            parameters: [
                Parameter(name: "at", schema: .text, about: "as if it were then: a time, or a span from now")
            ],
            answer: ok(Schemas.preview), handler: .role { try $0.document("previewRun", $1) }),
        Operation(
            id: "showCalendar", method: "GET", path: "/v1/calendar",
            summary: "The coming runs of each policy, and the freezes of the calendar", roles: auditors,
            parameters: [
                Parameter(name: "days", schema: .bounded(.whole, lowest: 1, highest: 366), about: "how many; 14"),
                Parameter(name: "at", schema: .text, about: "the days from then on: a time, or a span from now"),
            ], answer: ok(Schemas.calendar),
            handler: .role { try $0.document("showCalendar", $1) }),
        Operation(
            id: "simulatePolicies", method: "POST", path: "/v1/simulation",
            summary: "How many actions the policies, or others, would take on each of the coming days",
            roles: auditors,
            body: .optional(
                [
                    ("days", .maybe(.bounded(.whole, lowest: 1, highest: 366))), ("enforced", .maybe(.truth)),
                    ("candidate", .maybe(candidate)),
                ], required: []), answer: ok(Schemas.simulation), refusals: [409, 413, 415],
            handler: .role { try $0.document("simulatePolicies", $1) }),
        Operation(
            id: "comparePolicies", method: "POST", path: "/v1/comparison",
            summary: "What other policies would do differently to the tokens", roles: auditors,
            body: .optional([("at", .maybe(.time)), ("candidate", candidate)], required: ["candidate"]),
            answer: ok(Schemas.comparison),
            refusals: [409, 413, 415], handler: .role { try $0.document("comparePolicies", $1) }),
        Operation(
            id: "findDrift", method: "POST", path: "/v1/drift",
            summary: "Reads places back, and tells those that are not as they were left", roles: operators,
            body: .optional([("token", .maybe(.text)), ("vault", .maybe(.text))], required: []),
            answer: ok(Schemas.drift),
            refusals: [409, 415], handler: .role { try $0.document("findDrift", $1) }),
        Operation(
            id: "importInventory", method: "POST", path: "/v1/import",
            summary: "Takes an inventory of tokens, or a log of uses, into the store: all of it or nothing",
            // Whoever imports gives tokens any scope and any value.
            roles: [Role.admin],
            parameters: [
                Parameter(name: "name", schema: .text, about: "what the file is called; inventory"),
                Parameter(name: "format", schema: .text, about: "as 'rota import --format'; else by the file"),
                Parameter(name: "issuer", schema: .text, about: "for rows without one"),
                Parameter(name: "map", schema: .text, about: "theirs=ours, separated by commas"),
                Parameter(name: "ignore", schema: .text, about: "columns to leave out, separated by commas"),
                Parameter(
                    name: "written-at", schema: .time,
                    about: "when the list was made, up to which it knows of uses; without it, it knows of none"),
            ]
                + importFlags.map {
                    Parameter(name: $0, schema: .words(["true", "false"]), about: "as 'rota import --\($0)'")
                },
            body: .any, bodyType: "application/octet-stream",
            answer: ok(.object([])), refusals: [409, 413, 415, 507],
            handler: .role { try $0.document("importInventory", $1) }),
        Operation(
            id: "adoptValues", method: "POST", path: "/v1/adoption",
            summary: "Takes over what places hold already, so that a rotation may replace it", roles: operators,
            body: .optional(
                [
                    ("token", .maybe(.text)), ("all", .maybe(.truth)), ("vault", .maybe(.text)),
                    ("dry_run", .maybe(.truth)),
                ], required: []),
            answer: ok(Schemas.adoption),
            refusals: [409, 415], handler: .role { try $0.document("adoptValues", $1) }),
    ]

    static let importFlags: [StaticString] = [
        "ignore-columns", "complete", "partial", "dry-run", "usage", "strict",
    ]

    private static let candidate = Schema.optional(
        [
            (
                "files",
                .list(.optional([("name", .text), ("text", .text)], required: ["name", "text"]))
            ), ("replaces_all", .truth),
        ], required: ["files"])
}
