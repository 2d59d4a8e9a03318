import RotaCore

/// Reads a command line against the table of commands.
struct CommandLineParser {
    enum Request {
        case help(String, ExitCode)
        case version
        case run(Command, Arguments)
    }

    let commands: [Command]

    func parse(_ commandLine: [String]) throws(Failure) -> Request {
        var reading = Reading(commands: commands, rest: commandLine[...])
        try reading.readAll()
        let help = Help(commands: commands)
        if reading.arguments.has("help") || reading.isHelpCommand {
            return .help(help.text(for: reading.words), .done)
        }
        if reading.wantsVersion { return .version }
        guard let command = reading.command else { return .help(help.text(for: reading.words), .usage) }
        try reading.check(command)
        return .run(command, reading.arguments)
    }
}

/// How far a command line has been read.
private struct Reading {
    let commands: [Command]
    var rest: ArraySlice<String>
    var words: [String] = []
    var command: Command?
    var arguments = Arguments()
    var isHelpCommand = false
    var wantsVersion = false
    private var onlyOperands = false

    init(commands: [Command], rest: ArraySlice<String>) {
        self.commands = commands
        self.rest = rest
    }

    mutating func readAll() throws(Failure) {
        while let argument = rest.popFirst() {
            if !onlyOperands, argument == "--" {
                onlyOperands = true
            } else if !onlyOperands, argument.hasPrefix("-"), argument != "-" {
                try readOption(argument)
            } else if command == nil || isLonger(argument) {
                try readWord(argument)
            } else {
                arguments.operands.append(argument)
            }
        }
    }

    /// Whether a word makes another command of one that takes no operand, as `list` of `plan`.
    private func isLonger(_ word: String) -> Bool {
        guard !onlyOperands, let command, command.operand == nil, arguments.operands.isEmpty else { return false }
        return commands.contains { $0.words == words + [word] }
    }

    private mutating func readWord(_ word: String) throws(Failure) {
        if words.isEmpty, word == "help", !isHelpCommand {
            isHelpCommand = true
            return
        }
        let known = commands.filter { $0.words.count > words.count && $0.words.starts(with: words) }
            .map { $0.words[words.count] }
        guard known.contains(word) else {
            let name = (words + [shown(word)]).joined(separator: " ")
            let meant = within(word) ?? nearest(to: word, among: known).map { words + [$0] }
            throw .usage(
                "unknown command '\(name)'",
                hint: meant.map { "did you mean 'rota \($0.joined(separator: " "))'?" }
                    ?? "see 'rota \((words + ["--help"]).joined(separator: " "))'")
        }
        words.append(word)
        command = commands.first { $0.words == words }
    }

    /// The command that has this as its second word, for who left the first one out.
    private func within(_ word: String) -> [String]? {
        guard words.isEmpty else { return nil }
        return commands.first { $0.words.count == 2 && $0.words[1] == word }?.words
    }

    private mutating func readOption(_ argument: String) throws(Failure) {
        if argument == "-h" { return arguments.values["help"] = ["true"] }
        guard argument.hasPrefix("--") else {
            throw .usage(
                "unknown option '\(shown(argument))'",
                hint: "options are written out: --name, --json; see --help")
        }
        let parts = argument.dropFirst(2).split(
            separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts.first ?? "")
        let inline = parts.count == 2 ? String(parts[1]) : nil
        if name == "version", words.isEmpty, inline == nil {
            wantsVersion = true
            return
        }
        guard let option = known(name) else { throw unknown(name) }
        try take(option, inline: inline)
    }

    private func known(_ name: String) -> Command.Option? {
        command.map { $0.option(named: name) } ?? Command.globalOptions.first { $0.name == name }
    }

    private func unknown(_ name: String) -> Failure {
        let names = ((command?.options ?? []) + Command.globalOptions).map(\.name)
        var hint = "see 'rota \((words + ["--help"]).joined(separator: " "))'"
        if let near = nearest(to: name, among: names) {
            hint = "did you mean --\(near)?"
        } else if command == nil, commands.contains(where: { $0.option(named: name) != nil }) {
            hint = "options of a command stand after it: rota COMMAND --\(name)"
        }
        return .usage("unknown option --\(shown(name))", hint: hint)
    }

    private mutating func take(_ option: Command.Option, inline: String?) throws(Failure) {
        guard let placeholder = option.value else {
            guard inline == nil else { throw .usage("--\(option.name) takes no value") }
            return arguments.values[option.name] = ["true"]
        }
        guard let value = inline ?? rest.popFirst() else {
            throw .usage("--\(option.name) needs a value", hint: "write --\(option.name) \(placeholder)")
        }
        guard inline != nil || !value.hasPrefix("--") else {
            throw .usage(
                "--\(option.name) needs a value, and '\(shown(value))' looks like an option",
                hint: "write --\(option.name)=\(placeholder) if the value does begin with dashes")
        }
        guard option.repeats || !arguments.has(option.name) else {
            throw .usage("--\(option.name) is given more than once")
        }
        arguments.values[option.name, default: []].append(value)
    }

    func check(_ command: Command) throws(Failure) {
        let usage = "see 'rota \(command.name) --help'"
        // One that stood before a further word was read as of the shorter command.
        if let stray = arguments.values.keys.sorted().first(where: { command.option(named: $0) == nil }) {
            throw .usage("'rota \(command.name)' takes no --\(stray)", hint: usage)
        }
        if let missing = command.options.first(where: { $0.isRequired && !arguments.has($0.name) }) {
            throw .usage("--\(missing.name) is missing", hint: "write \(missing.usage); \(usage)")
        }
        let operands = arguments.operands
        switch command.operand?.count {
        case .one where operands.isEmpty, .atLeastOne where operands.isEmpty:
            throw .usage("\(command.operand?.name ?? "") is missing", hint: usage)
        case nil where !operands.isEmpty:
            let further = commands.filter { $0.words.starts(with: command.words) && $0.words.count > words.count }
            let near = nearest(to: operands[0], among: further.map { $0.words[words.count] })
            if let near {
                throw .usage("unexpected '\(shown(operands[0]))'", hint: "did you mean 'rota \(command.name) \(near)'?")
            }
            if let refusal = command.operandRefusal { throw .usage(refusal.message, hint: refusal.hint) }
            throw .usage("unexpected '\(shown(operands[0]))'", hint: usage)
        case .one where operands.count > 1, .optional where operands.count > 1:
            throw .usage("unexpected '\(shown(operands[1]))'", hint: usage)
        default: break
        }
    }
}

/// An argument as an error may show it: short, printable, and never a token's value given by mistake.
private func shown(_ argument: String) -> String { printable(SecretShape.shown(argument)) }
