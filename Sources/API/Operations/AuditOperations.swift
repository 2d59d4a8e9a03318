import HTTPServer
import JSON
import RotaCore

/// The audit log, for whoever is to look at all of it.
extension Operation {
    private static let readers = [Role.audit, Role.admin]

    static let audit: [Operation] = [
        Operation(
            id: "listAudit", method: "GET", path: "/v1/audit", summary: "The audit log, the newest first",
            roles: readers,
            parameters: page + [Parameter(name: "object", schema: .text, about: "of what has this id")],
            answer: ok(.object([("entries", .list(.named("AuditEntry"))), ("next", .maybe(.text))])),
            handler: .role { try $0.listAudit($1) }),
        Operation(
            id: "exportAudit", method: "GET", path: "/v1/audit/export",
            summary: "The audit log as a file, the oldest first: each entry to the byte as it was hashed, or as CEF",
            roles: readers,
            parameters: [
                Parameter(name: "format", schema: .words(["jsonl", "cef"]), about: "jsonl"),
                Parameter(
                    name: "from", schema: .bounded(.whole, lowest: 1, highest: .max), about: "from this entry on; 1"),
                Parameter(name: "since", schema: .time, about: "entries from then on"),
            ],
            answer: ok(.any), contentTypes: ["text/plain"],
            handler: .role { api, call in
                _ = try call.instant("since")
                return try api.file("exportAudit", call)
            }),
        Operation(
            id: "showAuditEntry", method: "GET", path: "/v1/audit/entries/{number}",
            summary: "An entry with all that it holds, to the byte as it was hashed", roles: readers,
            answer: ok(.named("AuditEntry")), refusals: [404],
            handler: .role { try $0.document("showAuditEntry", $1) }),
        Operation(
            id: "proveAuditEntry", method: "GET", path: "/v1/audit/entries/{number}/proof",
            summary: "Proves that an entry is in the log that a checkpoint signed (C2SP tlog-proof)", roles: readers,
            answer: ok(.any), contentTypes: ["text/plain"], refusals: [404, 409],
            handler: .role { try $0.file("proveAuditEntry", $1) }),
        Operation(
            id: "makeCheckpoint", method: "POST", path: "/v1/audit/checkpoints",
            summary: "Signs what the audit log is now (C2SP tlog-checkpoint)", roles: readers,
            body: .optional([], required: []),
            answer: ok(
                .object([
                    ("size", .whole), ("root", .text), ("at", .time), ("note", .text), ("key", .text),
                ])), refusals: [409, 415],
            handler: .role { try $0.document("makeCheckpoint", $1) }),
        Operation(
            id: "showAuditKey", method: "GET", path: "/v1/audit/key",
            summary: "The public key that verifies checkpoints, and those before it", roles: readers,
            answer: ok(
                .object([("key", .text), ("earlier", .list(.object([("key", .text), ("since", .time)])))])),
            refusals: [409],
            handler: .role { try $0.document("showAuditKey", $1) }),
    ]
}
