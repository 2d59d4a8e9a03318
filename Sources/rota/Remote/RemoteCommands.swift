import JSON
import Reports
import RotaCore

extension RemoteCommand {
    static let all: [RemoteCommand] = (tokens + plans + waivers + others + audit + looks.map(\.printedThere)).map {
        command in
        var command = command
        switch command.name {
        case "token list": command.isMirrored = true
        case "token create", "plan", "waiver request": command.takesKey = true
        case "token revoke":
            command.question = "end it, with all its values?"
            command.document = { answer in
                [
                    "revocations": [
                        [
                            "token": answer["token"] ?? .null, "outcome": answer["outcome"] ?? .null,
                            "recorded_only": answer["recorded_only"] ?? .null,
                        ]
                    ]
                ]
            }
        case "token rotate":
            // Stalled: later runs go on with it.
            command.exit = { $0["cause"]?.string == nil ? .done : .partlyFailed }
            command.document = { answer in
                [
                    "rotations": [
                        [
                            "token_id": answer["token"]?["id"] ?? .null, "name": answer["token"]?["name"] ?? .null,
                            "outcome": answer["outcome"] ?? .null, "cause": answer["cause"] ?? .null,
                            "remark": answer["remark"] ?? .null,
                        ]
                    ]
                ]
            }
        case "run":
            command.exit = { answer in
                guard answer["held"]?.isNull ?? true else { return .refused }
                let isWhole = answer["totals"]?["failed"]?.integer == 0 && answer["needs_mending"]?.integer == 0
                return isWhole ? .done : .partlyFailed
            }
        case "vault check":
            command.exit = { $0["vault"]?["ok"]?.bool == true ? .done : .failed }
            command.document = { ["vaults": [$0["vault"] ?? .null]] }
        case "report bundle": command.usualFile = bundlePath
        case "plan show": command.longList = "actions"
        case "plan list": command.document = { ["plans": $0["plans"] ?? .array([])] }
        case "webhook test": command.exit = { $0["delivered"]?.bool == true ? .done : .failed }
        case "audit tail": (command.isPaged, command.isReversed, command.usualLimit) = (true, true, 20)
        case "webhook deliveries": (command.isPaged, command.usualLimit) = (true, 100)
        case "waiver list": command.isPaged = true
        default: break
        }
        return command
    }

    private static let tokens: [RemoteCommand] = [
        RemoteCommand(
            "token list", ["state", "owner", "scope", "limit"] + TokenFilter.searchOptions.map(\.name),
            .table(
                "tokens",
                [
                    ("name", ["name"]), ("state", ["state"]), ("owner", ["owner"]), ("scopes", ["scopes"]),
                    ("last used", ["last_used_at"]), ("ends", ["expires_at"]), ("places", ["destination_count"]),
                ]), isPaged: true
        ) { arguments, _ in
            for option in ["owner", "scope"] where (arguments.value(option) ?? "").contains(where: "*?[".contains) {
                throw Failure.usage("--\(option) is no pattern with --server", hint: "write the whole of it")
            }
            return Question(
                "GET", ["v1", "tokens"],
                query: [
                    ("state", arguments.value("state") ?? "all"), ("owner", arguments.value("owner")),
                    ("scope", arguments.value("scope")),
                ] + TokenFilter.searchOptions.map { ($0.name, arguments.value($0.name)) })
        },
        RemoteCommand("token show", [], .screen) { arguments, _ in
            Question("GET", ["v1", "tokens", arguments.operands[0]])
        },
        RemoteCommand(
            "token create",
            ["name", "description", "owner", "integration", "scope", "label", "expires", "prefix", "destination"], .made
        ) { arguments, now in
            Question("POST", ["v1", "tokens"], body: try arguments.token(at: now))
        },
        RemoteCommand(
            "token edit",
            [
                "name", "description", "owner", "integration", "scope", "no-scopes", "label", "remove-label", "expires",
                "prefix",
            ],
            .sentence { answer in
                let how = answer["changed"]?.bool == true ? "changed" : "as it was"
                return "token '\(answer["token"]?["name"]?.string ?? "")' is \(how)"
            }
        ) { arguments, now in
            Question("PATCH", ["v1", "tokens", arguments.operands[0]], body: try arguments.token(at: now))
        },
        RemoteCommand(
            "token rotate", ["overlap", "reason"],
            .sentence { answer in
                let name = answer["token"]?["name"]?.string ?? ""
                let cause = answer["cause"]?.string.map { ": \($0)" } ?? ""
                return "'\(name)': \(answer["outcome"]?.string ?? "")\(cause)"
            }
        ) { arguments, _ in
            Question("POST", try one(arguments, "rotate"), body: arguments.members(["overlap", "reason"]))
        },
        RemoteCommand(
            "token revoke", ["reason", "emergency"],
            .sentence { answer in
                let name = answer["token"]?["name"]?.string ?? ""
                return answer["outcome"]?.string == "done"
                    ? "'\(name)' is revoked; none of its values is accepted" : "'\(name)' had ended already"
            }
        ) { arguments, _ in
            var body = arguments.members(["reason"]).object ?? [:]
            if arguments.has("emergency") { body["emergency"] = true }
            return Question("POST", try one(arguments, "revoke"), body: .object(body))
        },
        RemoteCommand("token quarantine", ["reason"], .sentence { state(of: $0) }) { arguments, _ in
            Question("POST", try one(arguments, "quarantine"), body: arguments.members(["reason"]))
        },
        RemoteCommand("token restore", ["reason"], .sentence { state(of: $0) }) { arguments, _ in
            Question("POST", try one(arguments, "restore"), body: arguments.members(["reason"]))
        },
    ]

    /// With --server a command is for one token at a time: each answer is one person's doing.
    private static func one(_ arguments: Arguments, _ action: String) throws -> [String] {
        guard arguments.operands.count == 1 else {
            throw Failure.usage("with --server it is one token at a time", hint: "give it once for each")
        }
        return ["v1", "tokens", arguments.operands[0], action]
    }

    private static func state(of answer: JSON) -> String {
        "'\(answer["token"]?["name"]?.string ?? "")' is \(answer["token"]?["state"]?.string ?? "")"
    }

    private static func approved(_ answer: JSON) -> String {
        let (plan, approval) = (answer["plan"]?["id"]?.string ?? "", answer["plan"]?["approval"])
        return "approved by \(approval?["approver"]?.string ?? "") until \(approval?["expires_at"]?.string ?? ""); "
            + "apply it: rota run --plan \(plan)"
    }

    private static func rejected(_ answer: JSON) -> String {
        let plan = answer["plan"]
        return "withdrawn by \(plan?["ended"]?["by"]?.string ?? ""); \(plan?["id"]?.string ?? "") is never applied"
    }

    private static func inForce(_ answer: JSON) -> String {
        let waiver = answer["waiver"]
        return "approved by \(waiver?["approved_by"]?.string ?? ""); in force until \(waiver?["ends_at"]?.string ?? "")"
    }

    private static let plans: [RemoteCommand] = [
        RemoteCommand("plan", ["save", "expires", "at"], .screen) { arguments, _ in
            guard arguments.has("save") else {
                if arguments.has("expires") {
                    throw Failure.usage("--expires goes with --save", hint: "write rota plan --save --expires ...")
                }
                var question = Question("GET", ["v1", "preview"], query: [("at", arguments.value("at"))])
                question.isDocument = true
                return question
            }
            if arguments.has("at") {
                throw Failure.usage(
                    "a plan as of another time cannot be saved, since it cannot be applied",
                    hint: "leave --at or --save out")
            }
            return Question("POST", ["v1", "plans"], body: arguments.members(["expires": "expires_in"]))
        },
        RemoteCommand("plan list", ["limit"], .screen) { arguments, _ in
            Question("GET", ["v1", "plans"], query: [("limit", arguments.value("limit"))])
        },
        RemoteCommand("plan show", [], .screen) { arguments, _ in
            Question("GET", ["v1", "plans", arguments.operands[0]])
        },
        RemoteCommand("approve", ["expires", "comment"], .sentence { approved($0) }) { arguments, _ in
            Question(
                "POST", ["v1", "plans", arguments.operands[0], "approve"],
                body: arguments.members(["expires": "expires_in", "comment": "comment"]))
        },
        RemoteCommand("reject", ["comment"], .sentence { rejected($0) }) { arguments, _ in
            Question("POST", ["v1", "plans", arguments.operands[0], "withdraw"], body: arguments.members(["comment"]))
        },
        RemoteCommand("run", ["plan"], .screen) { arguments, _ in
            let path = arguments.value("plan").map { ["v1", "plans", $0, "apply"] } ?? ["v1", "runs"]
            return Question("POST", path, body: [:])
        },
    ]

    private static let reportOptions = [
        "format", "output", "at", "as-of", "period", "owner", "redact", "exit-code",
    ]

    private static let waiverColumns: [(heading: String, path: [String])] = [
        ("waiver", ["id"]), ("state", ["state"]), ("policy", ["policy"]), ("rule", ["rule"]), ("token", ["name"]),
        ("ends", ["ends_at"]), ("reason", ["reason"]),
    ]

    private static let waivers: [RemoteCommand] = [
        RemoteCommand("waiver list", ["state"], .table("waivers", waiverColumns)) { arguments, _ in
            Question("GET", ["v1", "waivers"], query: [("state", arguments.value("state"))])
        },
        RemoteCommand("waiver show", [], .fields(["waiver"])) { arguments, _ in
            Question("GET", ["v1", "waivers", arguments.operands[0]])
        },
        RemoteCommand(
            "waiver request", ["token", "policy", "rule", "reason", "for", "until"], .fields(["waiver"])
        ) { arguments, now in
            var body = arguments.members(["token", "policy", "rule", "reason"]).object ?? [:]
            let end = try arguments.span("for").map { now + $0 } ?? arguments.instant("until")
            body["ends_at"] = end.map { .string($0.description) }
            return Question("POST", ["v1", "waivers"], body: .object(body))
        },
        RemoteCommand("waiver approve", ["comment"], .sentence { inForce($0) }) { arguments, _ in
            Question("POST", ["v1", "waivers", arguments.operands[0], "approve"], body: arguments.members(["comment"]))
        },
        RemoteCommand("waiver withdraw", ["reason"], .fields(["waiver"])) { arguments, _ in
            Question("POST", ["v1", "waivers", arguments.operands[0], "withdraw"], body: arguments.members(["reason"]))
        },
    ]

    private static let others: [RemoteCommand] = [
        RemoteCommand("policy explain", ["at"], .screen) { arguments, now in
            Question(
                "GET", ["v1", "tokens", arguments.operands[0], "explain"],
                query: [("at", try arguments.instant("at", orSpanFrom: now)?.description)])
        },
        RemoteCommand("report", reportOptions, .file) { arguments, now in
            let at = try arguments.instant("at", orSpanFrom: now)
            try requireNotPast(at, now)
            let asOf = try pastInstant(arguments, now)
            let kind = try reportKind(arguments, isRead: Terminal.isRead)
            return Question(
                "GET", ["v1", "reports", "compliance"],
                query: [
                    ("format", kind.rawValue), ("period", arguments.value("period")),
                    ("at", at?.description), ("as_of", asOf?.description),
                    ("owner", arguments.value("owner")), ("redact", arguments.has("redact") ? "true" : nil),
                ])
        },
        RemoteCommand("report bundle", ["output", "period"], .file) { arguments, now in
            _ = try bundlePath(arguments, now)
            return Question("GET", ["v1", "reports", "bundle"], query: [("period", arguments.value("period"))])
        },
        RemoteCommand(
            "vault list", [],
            .table(
                "vaults",
                [("name", ["name"]), ("kind", ["kind"]), ("place", ["place"]), ("destinations", ["destinations"])])
        ) { _, _ in Question("GET", ["v1", "vaults"]) },
        RemoteCommand("vault check", [], .screen) { arguments, _ in
            guard let name = arguments.operands.first else {
                throw Failure.usage("with --server it is one vault at a time", hint: "see 'rota vault list'")
            }
            return Question("POST", ["v1", "vaults", name, "check"], body: [:])
        },
        RemoteCommand(
            "webhook list", [],
            .table("webhooks", [("name", ["name"]), ("url", ["url"]), ("events", ["events"]), ("format", ["format"])])
        ) { _, _ in Question("GET", ["v1", "webhooks"]) },
        RemoteCommand(
            "webhook deliveries", ["state", "webhook", "limit"],
            .table(
                "deliveries",
                [
                    ("event", ["event"]), ("type", ["type"]), ("time", ["at"]), ("webhook", ["webhook"]),
                    ("state", ["state"]), ("attempts", ["attempts"]), ("cause", ["cause"]),
                ])
        ) { arguments, _ in
            Question(
                "GET", ["v1", "deliveries"],
                query: [
                    ("state", arguments.value("state")), ("webhook", arguments.value("webhook")),
                ])
        },
        RemoteCommand(
            "webhook replay", ["dead", "webhook"],
            .sentence { "\($0["replayed"]?.integer ?? 0) dead letters wait again" }
        ) { arguments, _ in
            guard arguments.operands.isEmpty == arguments.has("dead"),
                arguments.operands.isEmpty || !arguments.has("webhook")
            else {
                throw Failure.usage(
                    "give the id of an event, or --dead for all dead letters", hint: "see 'rota webhook deliveries'")
            }
            var body = arguments.members(["webhook"]).object ?? [:]
            if let event = arguments.operands.first { body["event"] = .string(event) }
            return Question("POST", ["v1", "deliveries", "replay"], body: .object(body))
        },
        RemoteCommand(
            "webhook test", [],
            .sentence {
                $0["delivered"]?.bool == true ? "it was taken" : "it was not taken: \($0["cause"]?.string ?? "")"
            }
        ) { arguments, _ in Question("POST", ["v1", "webhooks", arguments.operands[0], "test"], body: [:]) },
        RemoteCommand("freeze", ["reason", "for", "until", "replace"], .fields(["held"])) { arguments, now in
            var body = arguments.members(["reason"]).object ?? [:]
            if arguments.has("replace") { body["replace"] = true }
            let end = try arguments.span("for").map { now + $0 } ?? arguments.instant("until")
            body["ends_at"] = end.map { .string($0.description) }
            return Question("PUT", ["v1", "freeze"], body: .object(body))
        },
        RemoteCommand(
            "unfreeze", ["reason"],
            .sentence { $0["unfrozen"]?.bool == true ? "not frozen any more" : "it was not frozen" }
        ) { arguments, _ in Question("DELETE", ["v1", "freeze"], query: [("reason", arguments.value("reason"))]) },
    ]
}

extension Arguments {
    /// Options as members of the same names; none where they are not given.
    func members(_ names: [String]) -> JSON {
        members(Dictionary(uniqueKeysWithValues: names.map { ($0, $0) }))
    }

    fileprivate func members(_ names: [String: String]) -> JSON {
        var object = JSON.Object([])
        for (option, member) in names.sorted(by: { $0.key < $1.key }) {
            object[member] = value(option).map { .string($0) }
        }
        return .object(object)
    }

    /// What of a token is given.
    fileprivate func token(at now: Instant) throws -> JSON {
        var object = members(["name", "description", "owner", "integration", "prefix"]).object ?? [:]
        if has("scope") { object["scopes"] = .array(all("scope").map { .string($0) }) }
        if has("no-scopes") { object["scopes"] = [] }
        if has("destination") { object["destinations"] = .array(all("destination").map { .string($0) }) }
        if has("label") || has("remove-label") {
            var labels = JSON.Object([])
            for (key, value) in try pairs("label").sorted(by: { $0.key < $1.key }) { labels[key] = .string(value) }
            for key in all("remove-label") { labels[key] = .null }
            object["labels"] = .object(labels)
        }
        if value("expires") == "never" {
            object["expires_at"] = .null
        } else if let end = try instant("expires", orSpanFrom: now) {
            object["expires_at"] = .string(end.description)
        }
        return .object(object)
    }
}
