import JSON
import RotaCore

/// A command as a running `rota serve` does it, for whoever holds a token there.
struct RemoteCommand: Sendable {
    /// One request.
    struct Question: Sendable {
        var method: String
        /// Segments, not encoded.
        var path: [String]
        var query: [(name: String, value: String)] = []
        var body: JSON?
        /// A file that is sent in place of a document.
        var file: String?
        /// Whether programs read there what the command prints at home with `--json`.
        var isDocument = false

        init(
            _ method: String, _ path: [String], query: [(name: String, value: String?)] = [], body: JSON? = nil
        ) {
            self.method = method
            self.path = path
            self.query = query.compactMap { field in field.value.map { (field.name, $0) } }
            self.body = body
        }
    }

    /// What people are shown of an answer.
    enum View: Sendable {
        /// The list of a name, in columns: each a heading, and the members that lead to the cell.
        case table(String, [(heading: String, path: [String])])
        /// The members of one object, each on a line of its own.
        case fields([String])
        case sentence(@Sendable (JSON) -> String)
        /// A token that was made, and its value.
        case made
        /// A file, or standard output.
        case file
        /// What the command prints at home, made there.
        case screen
    }

    var words: [String]
    /// The options that it takes; others go with a store of one's own only.
    var options: [String]
    var view: View
    /// Whether the list goes on over further pages; and whether it is told the oldest first, though it comes the newest
    /// first.
    var isPaged = false
    var isReversed = false
    /// The list of a document that goes on over further pages, all of which are one document here.
    var longList: String?
    /// How many rows are shown where nobody says; nil: all.
    var usualLimit: Int?
    /// Where a file is written; else to where `--output` says, or to standard output.
    var usualFile: (@Sendable (Arguments, Instant) throws -> String)?
    /// Whether people are shown what the command prints there, which is what it prints at home.
    var isMirrored = false
    /// What is asked before it is done, unless `--yes` is given; nil: nothing.
    var question: String?
    /// Whether a key makes of two that arrive one.
    var takesKey = false
    /// What of an answer is no success.
    var exit: @Sendable (JSON) -> ExitCode = { _ in .done }
    /// The document of the command at home, where that is another one.
    var document: @Sendable (JSON) -> JSON = { $0 }
    var ask: @Sendable (Arguments, Instant) throws -> Question

    init(
        _ words: String, _ options: [String] = [], _ view: View, isPaged: Bool = false,
        ask: @escaping @Sendable (Arguments, Instant) throws -> Question
    ) {
        self.words = words.split(separator: " ").map(String.init)
        self.options = options
        self.view = view
        self.isPaged = isPaged
        self.ask = ask
        if case .screen = view { isMirrored = true }
    }

    /// The same where programs, too, read what the command prints there.
    var printedThere: RemoteCommand {
        var command = self
        command.ask = { arguments, now in
            var question = try ask(arguments, now)
            question.isDocument = true
            return question
        }
        return command
    }

    var name: String { words.joined(separator: " ") }

    static let globalOptions = ["server", "token-file", "server-ca", "json", "quiet", "yes"]

    /// - throws: `Failure` where the command, or one of its options, is for a store of one's own only.
    static func find(_ command: Command, _ arguments: Arguments) throws(Failure) -> RemoteCommand {
        guard let found = all.first(where: { $0.words == command.words }) else {
            throw .usage(
                "'rota \(command.name)' is not done at a server",
                hint: "leave --server out, where the store is; or see Docs/API.md, which lists those that are")
        }
        let taken = Set(found.options + globalOptions)
        if let stray = arguments.values.keys.sorted().first(where: { !taken.contains($0) }) {
            throw .usage(
                "--\(stray) does not go with --server",
                hint: found.options.isEmpty
                    ? "leave it out" : "with it go \(found.options.map { "--\($0)" }.joined(separator: ", "))")
        }
        return found
    }
}
