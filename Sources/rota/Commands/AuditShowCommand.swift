import Engine
import JSON
import RotaCore

extension Command {
    static let auditShow = Command(
        words: ["audit", "show"],
        summary: "show one entry of the audit log with all that it holds",
        operand: Operand(name: "NUMBER", help: "of the entry"),
        examples: ["rota audit show 551", "rota audit show 551 --json | jq .entry.after"],
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
    output.line("number  \(entry.number)")
    for (name, value) in flat(body, "").sorted(by: { $0.0 < $1.0 }) {
        output.line("\(printable(name))  \(printable(value))")
    }
    return .done
}

/// `after.state` and the like, each with its value.
private func flat(_ value: JSON, _ name: String) -> [(String, String)] {
    if let members = value.object, !members.isEmpty {
        return members.flatMap { flat($0.value, name.isEmpty ? $0.key : "\(name).\($0.key)") }
    }
    return [(name, value.string ?? value.serialized())]
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
