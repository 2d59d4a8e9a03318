import API
import Crypto
import Engine
import HTTPServer
import RotaCore

/// What a command goes by where it is done for somebody at another machine: the configuration in force, and his name.
struct Surroundings: Sendable {
    var configuration: Configuration
    var policies: PolicySet
    /// The texts that they were read from.
    var policyFiles: [(name: String, bytes: [UInt8])]
    var queue: StoreQueue
    var vaults: [String: any Vault]
    var run: RunUseCase
    var principal: Principal
    /// Whose tokens alone he may know of; nil: everybody's.
    var owner: String?
    var candidate: CommandRequest.Candidate?
    var upload: CommandRequest.Upload?
}

/// Commands that are done for others, on threads of their own: they read much, and may block.
struct ServedCommands: Sendable {
    /// How many days a simulation follows how many tokens: beyond that it is somebody's own machine that is to do it.
    static let mostTokenDays = 20_000_000

    let composition: Composition
    let policies: PolicySet
    /// What they were read from.
    let texts: PolicyTexts?
    let queue: StoreQueue
    let vaults: [String: any Vault]
    let run: RunUseCase
    let rooms: CommandRooms

    /// - throws: `CommandRefusal` where nothing was done.
    func answer(_ request: CommandRequest) async throws -> CommandAnswer {
        guard let command = Command.all.first(where: { $0.words == request.words }) else {
            throw CommandRefusal(.failed, "there is no such command")
        }
        let threads = request.isActing ? rooms.acting : rooms.reading
        guard let thread = threads.enter() else {
            throw CommandRefusal(.busy, "too many commands wait: try again in a moment")
        }
        defer { threads.leave(thread) }
        let body = try SpooledBody(in: rooms.folder)
        let output = Output(into: body, request.form)
        var invocation = Invocation(arguments: arguments(of: request), output: output)
        invocation.surroundings = Surroundings(
            configuration: composition.configuration, policies: policies,
            policyFiles: (texts?.files ?? []).map { ($0.name, $0.bytes) },
            queue: queue,
            vaults: vaults, run: run,
            principal: request.principal, owner: request.owner, candidate: request.candidate, upload: request.upload)
        return try await withTaskExecutorPreference(thread) { [invocation] in
            let code = try await carryOut(command, invocation, isActing: request.isActing)
            return CommandAnswer(body: body, code: Int(code.rawValue))
        }
    }

    /// Whether an error says something of what was asked for; else it is ours.
    private static func isAnswer(_ error: any Error) -> Bool {
        switch error {
        case is Failure, is PlanRefusal, is WaiverRefusal: true
        case let error as StoreError:
            switch error {
            case .held, .refused, .nameTaken, .placeTaken: true
            default: false
            }
        default: false
        }
    }

    private func carryOut(_ command: Command, _ invocation: Invocation, isActing: Bool) async throws -> ExitCode {
        let output = invocation.output
        let result: Result<ExitCode, any Error>
        do { result = .success(try await command.run(invocation)) } catch { result = .failure(error) }
        await invocation.endings.take()
        let code: ExitCode
        do { code = try result.get() } catch {
            if error is CancellationError { throw error }
            let failure = Failure(error)
            if failure.code == .outcomeUnknown { composition.abandon(failure) }
            // What is our own trouble is answered, and logged, as anywhere.
            guard Self.isAnswer(error) else { throw error }
            // Who has been told a part is told the rest of it; but half a document is none.
            guard !output.isEmpty, output.isInLines || failure.code != .failed else { throw CommandRefusal(failure) }
            output.failure(failure)
            code = failure.code
        }
        let ended = output.finish(code)
        guard output.isWhole else {
            throw CommandRefusal(
                isActing ? .unsent : .busy,
                isActing
                    ? "it ended with code \(ended.rawValue), and its answer is lost: look before you do it again"
                    : "there is no room for the answer: try again")
        }
        return ended
    }

    private func arguments(of request: CommandRequest) -> Arguments {
        var arguments = Arguments()
        arguments.operands = request.operands
        for (name, value) in request.options { arguments.values[name, default: []].append(value ?? "") }
        if request.form == .document { arguments.values["json"] = [""] }
        return arguments
    }
}

extension CommandRefusal {
    init(_ failure: Failure) {
        let kind: Kind =
            switch failure.code {
            case .usage: .senseless
            case .refused: .forbidden
            default: .failed
            }
        let faults = (failure.faults.map(\.description) + failure.details).flatMap { $0.split(separator: "\n") }
        self.init(
            kind, repeatable(failure.message), hint: failure.hint.map { repeatable($0) },
            faults: faults.map { repeatable(String($0)) })
    }
}

/// Where commands are done for others. What acts is apart from what looks: a long look holds up no run.
final class CommandRooms: Sendable {
    let reading = CommandThreads("looks")
    let acting = CommandThreads("acts")
    /// What they print waits there until it is sent.
    let folder = SpoolFolder(Process.temporaryFolder)
}

/// A few threads for what may block, one command at a time on each.
final class CommandThreads: Sendable {
    private static let count = 2
    /// How many are under way and wait before whoever comes next is sent away.
    private static let most = 8

    private let loads = Locked([Int](repeating: 0, count: CommandThreads.count))
    private let threads: [CommandThread]

    init(_ name: String) { threads = (0..<Self.count).map { CommandThread($0, of: name) } }

    /// The thread where the fewest wait; nil where too many do everywhere.
    func enter() -> CommandThread? {
        loads.withLock { loads in
            guard loads.reduce(0, +) < Self.most, let index = loads.indices.min(by: { loads[$0] < loads[$1] }) else {
                return nil
            }
            loads[index] += 1
            return threads[index]
        }
    }

    func leave(_ thread: CommandThread) { loads.withLock { $0[thread.index] -= 1 } }
}

/// One thread: what is done on it may block it, and nobody else; and it gives way to those that answer.
final class CommandThread: TaskExecutor {
    let index: Int
    private let queue: CourteousQueue

    init(_ index: Int, of name: String) {
        self.index = index
        queue = CourteousQueue("rota.command.\(name).\(index)")
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
