import API
import Crypto
import Engine
import HTTPServer
import RotaCore
import Stores

/// The daemon: one store, one listener, and the loops that the configuration in force asks for.
final class Service {
    /// The loops that one reading of the configuration led to.
    private struct Shift {
        var configuration: Configuration
        var stop: StopSignal
        var work: Task<Void, Never>
    }

    /// How long what is under way has to come to its end, in milliseconds.
    private static let patience = 8_000

    private let invocation: Invocation
    private let store: StoreQueue
    private let log: LogWriter
    private let manager = ServiceManager()
    private let uses = UseLog(tracker: "serve:\(Process.hostName)")
    private let stop = StopSignal()
    private let listener: Listener?
    private var shift: Shift
    /// Earlier shifts, which finish what they had begun.
    private var leaving: [Task<Void, Never>] = []

    init(_ composition: Composition, _ policies: PolicySet, store: StoreQueue) async throws {
        invocation = composition.invocation
        self.store = store
        let settings = composition.configuration.log
        log = LogWriter(composition.invocation.clock, format: settings.format, lowest: settings.level)
        let start = try await Self.prepare(composition, policies, store: store, log: log)
        listener = try Self.listen(composition, store: store, uses: uses, log: log, stop: stop)
        shift = try await start()
    }

    /// Works until it is asked to stop.
    func run(_ signals: Signals) async throws -> ExitCode {
        log.info(
            "serving", LogField("version", Program.version),
            LogField("listen", listener.map { "\($0.address)" } ?? "none"),
            LogField("policies", shift.configuration.policies))
        manager.ready(status)
        let helpers = [writeUsesDown(), showLife()].compactMap(\.self)
        for await request in signals.requests {
            if request == .stop { break }
            await reload()
        }
        await end(helpers)
        return .done
    }

    private var status: String { listener.map { "listening on \($0.address)" } ?? "without a listener" }

    // MARK: - The configuration in force

    /// Makes everything that a reading of the configuration asks for; nothing has begun until the answer is
    /// called.
    private static func prepare(
        _ composition: Composition, _ policies: PolicySet, store: StoreQueue, log: LogWriter
    ) async throws -> () async throws -> Shift {
        let configuration = composition.configuration
        let invocation = composition.invocation
        let deliverer = try composition.deliverer(store)
        let vaults = try composition.vaults(configuration.vaults)
        let stop = StopSignal()
        let run = RunUseCase(
            store: store, rotator: composition.rotator(store, vaults, stop: stop), deliverer: deliverer,
            clock: invocation.clock, random: invocation.random)
        let orders = Daemon.Orders(
            policies: policies, schedules: try composition.schedules(of: policies), limits: configuration.limits)
        let daemon = Daemon(
            orders, run: run, deliverer: deliverer, clock: invocation.clock, log: log, stop: stop)
        let endpoints = configuration.webhooks.map(\.endpoint)
        return {
            try await store.read { $0.announce(to: endpoints) }
            let work = Task {
                await daemon.serve()
                await Composition.close(vaults)
            }
            return Shift(configuration: configuration, stop: stop, work: work)
        }
    }

    /// Takes a changed configuration over as a whole, or goes on with the one in force.
    private func reload() async {
        manager.reloading()
        defer { manager.ready(status) }
        do {
            let composition = try Composition(invocation)
            let (old, new) = (shift.configuration, composition.configuration)
            guard new.store == old.store else {
                throw Failure.usage("the store cannot change while the daemon runs", hint: "restart it")
            }
            let start = try await Self.prepare(composition, try composition.policies(), store: store, log: log)
            // What the old shift has begun it finishes, while the new one is at work already.
            shift.stop.request()
            leaving.append(shift.work)
            shift = try await start()
            log.info("the configuration is in force", LogField("file", new.file))
            if new.server != old.server || new.log != old.log {
                log.warning("'server' and 'log' take effect with the next start")
            }
        } catch {
            let failure = Failure(error)
            for line in failure.faults.map(\.description) + failure.details {
                log.error("a fault in the new configuration", LogField("fault", line))
            }
            log.error("the configuration in force stays", LogField("cause", failure.message))
        }
    }

    // MARK: - The listener

    private static func listen(
        _ composition: Composition, store: StoreQueue, uses: UseLog, log: LogWriter, stop: StopSignal
    ) throws -> Listener? {
        guard let settings = composition.configuration.server else { return nil }
        let clock = composition.invocation.clock
        let api = API(
            API.Parts(
                readers: try openReaders(at: composition.configuration.store),
                revoke: RevokeUseCase(store: store, clock: clock), clock: clock, note: { uses.note($0) },
                report: { error, request in
                    log.error(
                        "a request failed", LogField("request_id", request),
                        LogField("cause", Failure(error).message))
                },
                trustedProxies: settings.trustedProxies, isReady: { !stop.isRequested }))
        let router = api.router
        var configuration = try settings.listener()
        if composition.configuration.log.level == .debug { configuration.observer = { log.write($0) } }
        do throws(ServerError) {
            return try Listener.start(configuration) { router.answer($0) }
        } catch {
            throw Failure(error.message, hint: error.hint)
        }
    }

    // MARK: - Beside the loops

    /// Each second, until it is cancelled.
    private func writeUsesDown() -> Task<Void, Never>? {
        guard listener != nil else { return nil }
        let clock = invocation.clock
        return Task { [uses, store, log] in
            while !Task.isCancelled {
                do {
                    try await uses.flush(into: store, at: clock.now())
                } catch {
                    // Nothing is lost: the next flush takes it.
                    log.error("uses cannot be written down", LogField("cause", Failure(error).message))
                }
                try? await clock.sleep(milliseconds: 1000)
            }
        }
    }

    /// Tells systemd that the store's thread answers, as often as it wants to know.
    private func showLife() -> Task<Void, Never>? {
        guard let interval = manager.watchdogInterval else { return nil }
        let clock = invocation.clock
        return Task { [manager, store] in
            while !Task.isCancelled {
                if await store.answers() { manager.alive() }
                try? await clock.sleep(milliseconds: interval)
            }
        }
    }

    // MARK: - The end

    /// Cancels what is not done when the patience is over.
    private static func cancelling(_ work: [Task<Void, Never>], by clock: SystemClock) -> Task<Void, any Error> {
        Task {
            try await clock.sleep(milliseconds: Int64(patience))
            for task in work { task.cancel() }
        }
    }

    private func end(_ helpers: [Task<Void, Never>]) async {
        log.info("stopping")
        manager.stopping()
        stop.request()
        shift.stop.request()
        let work = leaving + [shift.work]
        let clock = invocation.clock
        let impatience = Self.cancelling(work, by: clock)
        await listener?.stop(within: Self.patience)
        for task in work { await task.value }
        impatience.cancel()
        for task in helpers { task.cancel() }
        do {
            try await uses.finish(into: store, at: clock.now())
        } catch {
            log.error("uses cannot be written down", LogField("cause", Failure(error).message))
        }
        log.info("stopped")
    }
}

extension StoreQueue {
    /// Whether the store can be read.
    fileprivate func answers() async -> Bool {
        do {
            _ = try await read { try $0.identity() }
            return true
        } catch {
            return false
        }
    }
}
