/// One command: what it takes, what it says of itself, and what it does.
struct Command: Sendable {
    /// `["token", "create"]`.
    var words: [String]
    var summary: String
    /// A paragraph or two for `--help`.
    var discussion = ""
    var operand: Operand?
    var options: [Option] = []
    var examples: [String] = []
    var exitCodes: [ExitCode] = [.done, .failed, .usage]
    /// Said in place of echoing an operand that the command does not take.
    var operandRefusal: (message: String, hint: String)?
    var run: @Sendable (Invocation) async throws -> ExitCode

    var name: String { words.joined(separator: " ") }

    /// What a command takes beside options.
    struct Operand: Sendable {
        enum Count: Sendable { case one, optional, atLeastOne }

        var name: String
        var help: String
        var count: Count = .one

        var usage: String {
            switch count {
            case .one: name
            case .optional: "[\(name)]"
            case .atLeastOne: "\(name)..."
            }
        }
    }

    /// One `--option`.
    struct Option: Sendable {
        /// Without the dashes.
        var name: String
        /// What its value is called; nil for a flag.
        var value: String?
        var help: String
        var isRequired = false
        var repeats = false

        init(
            _ name: String, _ value: String? = nil, required: Bool = false, repeats: Bool = false,
            help: String
        ) {
            self.name = name
            self.value = value
            self.help = help
            isRequired = required
            self.repeats = repeats
        }

        var usage: String { "--\(name)" + (value.map { " \($0)" } ?? "") }

        /// For commands that change tokens and can be undone: a script may say it to each, as to 'token revoke'.
        static let needlessYes = Option("yes", help: "taken as by 'rota token revoke'; this command never asks")
    }

    /// Taken by every command.
    static let globalOptions = [
        Option("config", "FILE", help: "configuration; else $ROTA_CONFIG, ./rota.yaml, /etc/rota/rota.yaml"),
        Option(
            "server", "URL", help: "ask a running 'rota serve', in the name of who holds --token-file; or unix:PATH"),
        Option("token-file", "FILE", help: "with --server: your token there; else standard input"),
        Option("server-ca", "FILE", help: "with --server: the only authorities to trust; else the system's"),
        Option("json", help: "print one JSON document"),
        Option("quiet", help: "print results and errors only, no notes and no progress"),
        Option("help", help: "print this help"),
    ]

    /// Those that it takes: without what goes with a server, where it is not done at one; and without what it calls so
    /// itself.
    var furtherOptions: [Option] {
        let isRemote = RemoteCommand.all.contains { $0.words == words }
        return Command.globalOptions.filter { option in
            (isRemote || !["server", "token-file", "server-ca"].contains(option.name))
                && !options.contains { $0.name == option.name }
        }
    }

    func option(named name: String) -> Option? {
        options.first { $0.name == name } ?? Command.globalOptions.first { $0.name == name }
    }
}
