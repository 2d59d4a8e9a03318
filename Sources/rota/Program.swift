import Crypto
import Glibc
import RotaCore

/// From the command line to the exit code.
enum Program {
    static let version = "0.1.0"

    static func run(_ commandLine: [String]) async {
        Process.harden()
        let output = Output()
        let code = await perform(Array(commandLine.dropFirst()), output: output)
        exit(output.finish(code).rawValue)
    }

    /// What goes with --server means nothing without.
    private static func refuseStrayOptions(_ command: Command, _ arguments: Arguments) throws(Failure) {
        for name in ["token-file", "server-ca"]
        where arguments.has(name) && !command.options.contains(where: { $0.name == name }) {
            throw .usage("--\(name) goes with --server", hint: "write --server URL")
        }
    }

    private static func perform(_ arguments: [String], output: Output) async -> ExitCode {
        let asksForJSON = arguments.prefix { $0 != "--" }.contains("--json")
        if asksForJSON { output.adoptJSON() }
        do {
            switch try CommandLineParser(commands: Command.all).parse(arguments) {
            case .help(let text, let code):
                guard code != .done else {
                    output.text(text)
                    return .done
                }
                if asksForJSON { throw Failure.usage("no command is given", hint: "see 'rota --help'") }
                output.note(text)
                return code
            case .version:
                output.line("rota \(version)")
                return .done
            case .run(let command, let arguments):
                output.adopt(quiet: arguments.has("quiet"))
                let invocation = Invocation(arguments: arguments, output: output)
                let result: Result<ExitCode, any Error>
                do {
                    if arguments.has("server") {
                        result = .success(try await RemoteCommand.find(command, arguments).run(invocation))
                    } else {
                        try refuseStrayOptions(command, arguments)
                        result = .success(try await command.run(invocation))
                    }
                } catch {
                    result = .failure(error)
                }
                await invocation.endings.take()
                return try result.get()
            }
        } catch {
            let failure = Failure(error)
            output.failure(failure)
            return failure.code
        }
    }
}

/// What a command works with.
struct Invocation: Sendable {
    let arguments: Arguments
    let output: Output
    let clock = SystemClock()
    let random = SystemRandom()
    let endings = Endings()
    /// Where it is done for somebody at another machine; nil at home.
    var surroundings: Surroundings?

    init(arguments: Arguments, output: Output) {
        self.arguments = arguments
        self.output = output
    }

    /// Who does it, for the audit log.
    var actor: AuditActor { surroundings?.principal.actor ?? Process.actor }

    /// The same where somebody else has to approve.
    var principal: Principal { surroundings?.principal ?? Principal(account: Process.actor.name) }

    var wantsJSON: Bool { arguments.has("json") }

    /// Whether somebody is there who can be asked: a script that wants JSON never is.
    var mayAsk: Bool { surroundings == nil && Terminal.isInteractive && !wantsJSON }
}

/// What is to be closed when a command has ended, however it ends.
final class Endings: Sendable {
    private let endings = Locked<[@Sendable () async -> Void]>([])

    func add(_ ending: @escaping @Sendable () async -> Void) { endings.withLock { $0.append(ending) } }

    /// Runs them, the last one first.
    func take() async {
        let list = endings.withLock { list in
            defer { list = [] }
            return list
        }
        for ending in list.reversed() { await ending() }
    }
}
