import Crypto
import Documents
import Engine
import JSON
import RotaCore

extension Command {
    static let auditExport = Command(
        words: ["audit", "export"],
        summary: "write the audit log out, for archives and for systems that collect events",
        discussion: """
            As JSON lines each entry comes to the byte as it was hashed, behind its number; as CEF (Common Event
            Format, version 0) what a SIEM wants of it: who, what, when, why.
            """,
        options: [
            Option("format", "FORMAT", help: "jsonl or cef; jsonl"),
            Option("from", "NUMBER", help: "from this entry on; 1"),
            Option("since", "TIME|SPAN", help: "entries from then on: 2027-01-31, or 30d back"),
            Option("output", "FILE", help: "write it here; else to standard output"),
        ],
        examples: [
            "rota audit export --output audit.jsonl",
            "rota audit export --format cef --since 1d | logger -n siem -P 514",
        ],
        run: export)
}

private enum AuditFormat: String, CaseIterable {
    case jsonl, cef

    func line(_ entry: AuditEntry) throws -> String {
        switch self {
        case .jsonl: "{\"number\":\(entry.number),\"entry\":\(entry.body)}\n"
        case .cef: try CommonEvent(entry).line
        }
    }
}

/// From when on entries are written; nil: from the first on.
func exportedSince(_ arguments: Arguments, _ now: Instant) throws(Failure) -> Instant? {
    guard let text = arguments.value("since") else { return nil }
    if let span = TimeSpan(text) { return now - span }
    return try arguments.instant("since")
}

private func export(_ invocation: Invocation) throws -> ExitCode {
    let arguments = invocation.arguments
    let format = try arguments.choice("format", of: AuditFormat.self) ?? .jsonl
    let first = try arguments.integer("from", in: 1...Int.max) ?? 1
    let since = try exportedSince(arguments, invocation.clock.now())
    let store = try Composition(invocation).openStore()
    defer { store.close() }
    let path = arguments.value("output").flatMap { $0 == "-" ? nil : $0 }
    let file = try path.map { try NewFile(at: $0, suffix: Hex.encode(invocation.random.bytes(4))) }
    var (pending, count): ([UInt8], Int) = ([], 0)
    func flush() throws {
        if let file { try file.write(pending) } else { invocation.output.bytes(pending) }
        pending.removeAll(keepingCapacity: true)
    }
    try store.eachAuditEntry(from: Int64(first), object: nil) { entry in
        guard since.map({ entry.at >= $0 }) ?? true else { return true }
        pending += try format.line(entry).utf8
        count += 1
        if pending.count > 64 << 10 { try flush() }
        return file != nil || invocation.output.isRead
    }
    try flush()
    if let file, let path {
        try file.place()
        invocation.output.note("\(printable(path)) is written; \(counted(count, "entry", "entries"))")
    }
    return .done
}

/// An entry in the Common Event Format: a head of seven fields, then what its dictionary has a name for.
private struct CommonEvent {
    let line: String

    init(_ entry: AuditEntry) throws {
        let body = try JSON.parse(entry.body, maximumBytes: entry.body.utf8.count)
        let severity = Self.grave.contains { entry.action.hasPrefix($0) } ? 7 : 3
        let head = ["CEF:0", "Rota", "rota", Program.version, entry.action, entry.action, String(severity)]
        var fields = [
            ("externalId", String(entry.number)), ("rt", String(entry.at.seconds * 1000)), ("suser", entry.actor),
            ("duid", entry.object),
        ]
        if let cause = body["cause"]?.string { fields.append(("msg", cause)) }
        if let run = body["run"]?.string {
            fields.append(("cs1Label", "run"))
            fields.append(("cs1", run))
        }
        if let request = body["request"] {
            if let address = request["address"]?.string { fields.append(("src", address)) }
            if let id = request["id"]?.string {
                fields.append(("cs4Label", "request"))
                fields.append(("cs4", id))
            }
        }
        for (number, member) in [("cs2", "before"), ("cs3", "after")] {
            guard let image = body[member], image.object.map({ !$0.isEmpty }) ?? false else { continue }
            fields.append(("\(number)Label", member))
            fields.append((number, image.serialized()))
        }
        line =
            head.map(Self.headed).joined(separator: "|") + "|"
            + fields.map { "\($0)=\(Self.valued($1))" }.joined(separator: " ") + "\n"
    }

    private static let grave = [
        "token.revoke", "token.quarantine", "token.reuse", "audit.", "witness.", "store.", "waiver.", "plan.approve",
    ]

    private static func headed(_ text: String) -> String {
        escaped(text) { $0 == "|" || $0 == "\\" }
    }

    private static func valued(_ text: String) -> String {
        escaped(text) { $0 == "=" || $0 == "\\" }
    }

    private static func escaped(_ text: String, _ isSpecial: (Unicode.Scalar) -> Bool) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result.append(contentsOf: "\\n".unicodeScalars)
            case "\r": result.append(contentsOf: "\\r".unicodeScalars)
            // A terminal would obey them, and the format has no word for them.
            case "\0"..."\u{1F}", "\u{7F}"..."\u{9F}": result.append("\u{FFFD}")
            default:
                if isSpecial(scalar) { result.append("\\") }
                result.append(scalar)
            }
        }
        return String(result)
    }
}
