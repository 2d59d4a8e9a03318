/// The texts of `--help`, made from the table of commands.
struct Help {
    let commands: [Command]

    /// Help for a whole command, a group's first word, or nothing at all.
    func text(for words: [String]) -> String {
        if let command = commands.first(where: { $0.words == words }) { return text(of: command) }
        if let group = words.first { return text(ofGroup: group) }
        return overview
    }

    private var overview: String {
        var lines = [
            "Rota gives every API token a term: issued, watched, rotated and retired by policy.", "",
            "Usage: rota COMMAND [OPTIONS]", "       rota --version", "", "Commands:",
        ]
        lines += columns(commands.map { ($0.name, $0.summary) })
        let options = Command.globalOptions.map { ($0.usage, $0.help) }
        lines += ["", "Options of every command:"] + columns(options)
        lines += ["", "See 'rota COMMAND --help' for options, examples and exit codes of a command."]
        return lines.joined(separator: "\n") + "\n"
    }

    private func text(ofGroup group: String) -> String {
        let members = commands.filter { $0.words.first == group }
        var lines = ["Usage: rota \(group) COMMAND [OPTIONS]", "", "Commands:"]
        lines += columns(members.map { ($0.words.dropFirst().joined(separator: " "), $0.summary) })
        lines += ["", "See 'rota \(group) COMMAND --help' for more."]
        return lines.joined(separator: "\n") + "\n"
    }

    private func text(of command: Command) -> String {
        var usage = ["rota", command.name]
        usage += command.options.filter(\.isRequired).map(\.usage)
        if command.options.contains(where: { !$0.isRequired }) { usage.append("[OPTIONS]") }
        if let operand = command.operand { usage.append(operand.usage) }
        var lines = [capitalised(command.summary) + ".", "", "Usage: " + usage.joined(separator: " ")]
        if !command.discussion.isEmpty { lines += ["", command.discussion] }
        if let operand = command.operand {
            lines += ["", "Operand:"] + columns([(operand.name, operand.help)])
        }
        if !command.options.isEmpty {
            lines += ["", "Options:"]
            lines += columns(
                command.options.map { ($0.usage, $0.help + ($0.repeats ? " (may be repeated)" : "")) })
        }
        lines +=
            ["", "Options of every command:"] + columns(command.furtherOptions.map { ($0.usage, $0.help) })
        if !command.examples.isEmpty { lines += ["", "Examples:"] + command.examples.map { "  " + $0 } }
        lines += ["", "Exit codes:"] + columns(command.exitCodes.map { (String($0.rawValue), $0.meaning) })
        return lines.joined(separator: "\n") + "\n"
    }

    private func columns(_ rows: [(String, String)]) -> [String] {
        let width = min(30, rows.map(\.0.count).max() ?? 0)
        return rows.map { name, help in
            let padding = String(repeating: " ", count: max(0, width - name.count))
            return "  " + name + padding + "  " + help
        }
    }

    private func capitalised(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }
}
