import Engine
import JSON
import RotaCore

extension Command {
    static let auditTail = Command(
        words: ["audit", "tail"],
        summary: "show the newest entries of the audit log",
        options: [
            Option("limit", "COUNT", help: "how many; 20"),
            Option("token", "TOKEN", help: "only what was done to this token"),
        ],
        examples: ["rota audit tail --token ingest", "rota audit tail --limit 1000 --json"],
        run: showAuditTail)
}

private func showAuditTail(_ invocation: Invocation) throws -> ExitCode {
    let limit = try invocation.arguments.integer("limit", in: 1...100_000) ?? 20
    let store = try Composition(invocation).openStore()
    defer { store.close() }
    let object = try invocation.arguments.value("token").map { try store.requireToken($0).id.text }
    var entries: [AuditEntry] = []
    try store.eachAuditEntry(below: .max, object: object) { entry in
        entries.append(entry)
        return entries.count < limit
    }
    show(entries.reversed(), invocation)
    return .done
}

private func show(_ entries: [AuditEntry], _ invocation: Invocation) {
    let output = invocation.output
    guard !invocation.wantsJSON else {
        // An entry's body is JSON already, and shown to the byte.
        output.text("{\"entries\":[")
        for (index, entry) in entries.enumerated() {
            output.text("\(index == 0 ? "" : ","){\"number\":\(entry.number),\"entry\":\(entry.body)}")
        }
        return output.text("]}\n")
    }
    var table = Table(["number", "time", "actor", "action", "object"], on: output)
    for entry in entries {
        table.add([String(entry.number), entry.at.description, entry.actor, entry.action, entry.object])
    }
    table.finish()
}
