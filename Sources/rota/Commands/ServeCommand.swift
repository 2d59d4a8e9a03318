import Crypto
import Engine
import RotaCore
import Stores

extension Command {
    static let serve = Command(
        words: ["serve"],
        summary: "run policies by their schedules, deliver events, and answer for tokens over HTTP",
        discussion: """
            Recovers, retires and expires all the time, runs each policy when its schedule says so, and delivers
            events. With 'server' in the configuration it answers introspection, revocation and forward-auth.

            SIGTERM and SIGINT end it within ten seconds, and nothing is lost: the next one makes up for a run that
            was cut short. SIGHUP reads the configuration and the policies again; where they have a fault, it says
            so and goes on with the old ones. One daemon serves a SQLite store. What it does goes into its log
            ('log' in the configuration); --json is for an error at the start.

            By a clock that is behind what the store has recorded it answers and delivers, and does nothing else,
            until the clock is set right or confirmed by 'rota run --trust-clock'.
            """,
        examples: ["rota serve --config /etc/rota/rota.yaml", "kill -HUP $(pidof rota)"],
        exitCodes: [.done, .failed, .usage, .outcomeUnknown],
        run: serveUntilStopped)
}

private func serveUntilStopped(_ invocation: Invocation) async throws -> ExitCode {
    Allocator.keepLittle()
    let composition = try Composition(invocation)
    let (policies, texts) = try composition.policiesWithTexts()
    // Before anybody may ask us to stop.
    let signals = Signals()
    let files = try StoreFiles(at: composition.configuration.store)
    let patience = StorePatience()
    // It works for months: damage is better known before the first answer than by the first token it is met in.
    let store = try composition.openServedQueue(patience)
    guard try await store.read({ $0.takeUpService() }) else {
        throw Failure(
            "another 'rota serve' has this store", hint: "one daemon serves a SQLite store; commands may run beside it")
    }
    try await composition.keep(texts, in: store)
    let parts = Service.StoreParts(queue: store, files: files, patience: patience)
    let service = try Service(composition, policies, texts, store: parts)
    return try await service.run(signals)
}
