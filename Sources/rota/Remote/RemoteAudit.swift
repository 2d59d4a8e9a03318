import JSON
import RotaCore

extension RemoteCommand {
    /// The audit log of a server: read there, signed there, and verified at home.
    static let audit: [RemoteCommand] = [
        RemoteCommand(
            "audit tail", ["limit", "token"],
            .table(
                "entries",
                [
                    ("number", ["number"]), ("time", ["entry", "at"]), ("actor", ["entry", "actor"]),
                    ("action", ["entry", "action"]), ("object", ["entry", "object"]), ("cause", ["entry", "cause"]),
                ])
        ) { arguments, _ in
            Question(
                "GET", ["v1", "audit"],
                query: [("object", arguments.value("token"))])
        },
        RemoteCommand("audit show", [], .screen) { arguments, _ in
            Question("GET", ["v1", "audit", "entries", String(try arguments.entryNumber())])
        }.printedThere,
        RemoteCommand("audit export", ["format", "from", "since", "output"], .file) { arguments, now in
            Question(
                "GET", ["v1", "audit", "export"],
                query: [
                    ("format", arguments.value("format")), ("from", arguments.value("from")),
                    ("since", try exportedSince(arguments, now)?.description),
                ])
        },
        RemoteCommand("audit prove", ["output"], .file) { arguments, _ in
            Question("GET", ["v1", "audit", "entries", String(try arguments.entryNumber()), "proof"])
        },
        RemoteCommand("audit checkpoint", [], .screen) { _, _ in
            Question("POST", ["v1", "audit", "checkpoints"], body: [:])
        }.printedThere,
        RemoteCommand("audit key", [], .screen) { _, _ in Question("GET", ["v1", "audit", "key"]) }.printedThere,
    ]
}
