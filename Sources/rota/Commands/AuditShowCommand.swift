import Engine
import JSON
import RotaCore

extension Command {
    static let auditShow = Command(
        words: ["audit", "show"],
        summary: "show one entry of the audit log with all that it holds: what was set, and what it was before",
        operand: Operand(name: "NUMBER", help: "of the entry"),
        examples: ["rota audit show 551", "rota audit show 551 --json | jq '.entry | [.before, .after]'"],
        run: showAuditEntry)
}

private func showAuditEntry(_ invocation: Invocation) throws -> ExitCode {
    let number = try invocation.arguments.entryNumber()
    let store = try Composition(invocation).openStore()
    defer { store.close() }
    let entry = try store.requireAuditEntry(number)
    let output = invocation.output
    guard !invocation.wantsJSON else {
        // To the byte, as it was hashed.
        output.text("{\"number\":\(entry.number),\"entry\":\(entry.body)}\n")
        return .done
    }
    let body = try JSON.parse(entry.body, maximumBytes: entry.body.utf8.count)
    var fields = Fields()
    fields.add("number", String(entry.number))
    for name in ["at", "actor", "action", "object", "cause", "run"] { fields.add(name, body[name]?.string) }
    for name in ["request", "source"] {
        for (part, value) in flat(body[name] ?? [:], name) { fields.add(part, value) }
    }
    fields.print(on: output)
    show(old: body["before"], new: body["after"], on: output)
    return .done
}

/// What changed comes first; the columns of old values only where there are some.
private func show(old: JSON?, new: JSON?, on output: Output) {
    let old = Dictionary(flat(old ?? [:], "")) { first, _ in first }
    let new = Dictionary(flat(new ?? [:], "")) { first, _ in first }
    let changed = old.keys.filter { old[$0] != new[$0] }.sorted()
    let others = new.keys.filter { !changed.contains($0) }.sorted()
    guard !changed.isEmpty else {
        var table = Table(["what", "value"], on: output, title: "What it is since")
        for name in others { table.add([name, new[name] ?? ""]) }
        return table.finish()
    }
    var table = Table(["what", "old", "", "new"], on: output, title: "What it was, and is since")
    for name in changed { table.add([name, old[name] ?? "", "->", new[name] ?? nothing]) }
    for name in others { table.add([name, "", "", new[name] ?? ""]) }
    table.finish()
}

private let nothing = "nothing"

/// `state`, `version.digest` and the like, each with its value; what is in a list is known by its name, where it has
/// one.
private func flat(_ value: JSON, _ name: String) -> [(String, String)] {
    func below(_ part: String) -> String { name.isEmpty ? part : "\(name).\(part)" }
    if let members = value.object {
        return members.isEmpty && name.isEmpty ? [] : members.flatMap { flat($0.value, below($0.key)) }
    }
    if let items = value.array, !items.isEmpty, items.allSatisfy({ $0["name"]?.string != nil }) {
        return items.flatMap { item in
            (item.object ?? [:]).filter { $0.key != "name" }
                .flatMap { flat($0.value, below("\(item["name"]?.string ?? "").\($0.key)")) }
        }
    }
    if let items = value.array {
        return [(name, items.isEmpty ? nothing : items.map { $0.string ?? $0.serialized() }.joined(separator: ", "))]
    }
    return [(name, value.isNull ? nothing : value.string ?? value.serialized())]
}

extension Arguments {
    /// The number of an audit entry, as the only operand.
    func entryNumber() throws(Failure) -> Int64 {
        guard operands.count == 1, let number = Int64(operands[0]), number > 0 else {
            throw .usage("give the number of one entry", hint: "'rota audit tail' shows them")
        }
        return number
    }
}

extension StoreReads {
    func requireAuditEntry(_ number: Int64) throws -> AuditEntry {
        guard let entry = try auditEntry(number) else {
            throw Failure("there is no entry \(number)", hint: "the newest one is \(try newestEntry())")
        }
        return entry
    }
}
