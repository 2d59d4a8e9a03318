import API
import Dispatch
import Engine
import Glibc
import HTTPServer
import RotaCore
import Stores

extension Command {
    static let serve = Command(
        words: ["serve"],
        summary: "answer for tokens over HTTP: introspection, revocation, forward-auth",
        discussion: """
            Listens where 'server' in the configuration says, until SIGTERM or SIGINT; it then finishes what it has
            begun, within ten seconds.
            """,
        examples: ["rota serve --config /etc/rota/rota.yaml"],
        exitCodes: [.done, .failed, .usage, .outcomeUnknown],
        run: answerRequests)
}

/// How long a stop may take, in milliseconds.
private let patience = 8_000

private func answerRequests(_ invocation: Invocation) async throws -> ExitCode {
    let composition = try Composition(invocation)
    guard let settings = composition.configuration.server else {
        throw Failure.usage(
            "the configuration says nothing of a server", hint: "add: server: { listen: \"127.0.0.1:8470\" }")
    }
    let stop = StopSignal()
    // Before anybody may ask us to stop.
    let signals = Signals()
    let store = try composition.openQueue()
    let uses = UseLog(tracker: "serve:\(Process.hostName)")
    let api = API(
        API.Parts(
            readers: try openReaders(at: composition.configuration.store),
            revoke: RevokeUseCase(store: store, clock: invocation.clock), clock: invocation.clock,
            note: { uses.note($0) }, report: { invocation.output.note("error: \(Failure($0).message)") },
            trustedProxies: settings.trustedProxies, isReady: { !stop.isRequested }))
    let router = api.router
    let listener = try start(try settings.listener(), router)
    invocation.output.note("listening on \(listener.address)")
    await withTaskGroup(of: Void.self) { group in
        group.addTask { await writeUsesDown(uses, store, invocation) }
        for await request in signals.requests where request == .stop { break }
        stop.request()
        await listener.stop(within: patience)
        group.cancelAll()
    }
    try await uses.finish(into: store, at: invocation.clock.now())
    return .done
}

/// Each second, until it is cancelled.
private func writeUsesDown(_ uses: UseLog, _ store: StoreQueue, _ invocation: Invocation) async {
    while !Task.isCancelled {
        do {
            try await uses.flush(into: store, at: invocation.clock.now())
        } catch {
            // Nothing is lost: the next flush takes it.
            invocation.output.note("error: uses cannot be written down: \(Failure(error).message)")
        }
        try? await invocation.clock.sleep(milliseconds: 1000)
    }
}

private func start(_ configuration: Listener.Configuration, _ router: Router) throws(Failure) -> Listener {
    do throws(ServerError) {
        return try Listener.start(configuration) { router.answer($0) }
    } catch {
        throw Failure(error.message, hint: error.hint)
    }
}
