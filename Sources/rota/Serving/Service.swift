import API
import Crypto
import Engine
import HTTPClient
import HTTPServer
import RotaCore
import Stores

/// The daemon: one store, one listener, and the loops that the configuration in force asks for.
struct Service {
    /// What one reading of the configuration led to.
    private struct Shift: Sendable {
        var configuration: Configuration
        var endpoints: [Endpoint]
        var daemon: Daemon
        var vaults: [String: any Vault]
        /// For whoever asks over HTTP, by these vaults.
        var holders: RotateForHolder
        var served: ServedConfiguration
        var errands: Errands
        var stop: StopSignal
    }

    /// The store that is served, and what goes with it.
    struct StoreParts {
        var queue: StoreQueue
        /// Taken before it was opened.
        var files: StoreFiles
        /// Of its writes with other processes; ended when the end cannot wait for them.
        var patience: StorePatience
    }

    /// How long what is under way has to come to its end, in milliseconds.
    private static let patience = 8_000
    /// The same where the store is lost: just enough to answer whoever is connected that it is.
    private static let patienceWithoutStore = 500
    /// How often it is looked whether the store is in its place, in milliseconds.
    private static let filesPause: Int64 = 100
    /// And how long its log is.
    private static let logPause: Int64 = 1_000
    /// How often what the audit log is now is signed, where it has grown, in milliseconds.
    private static let signingPause: Int64 = 60_000
    /// From this many bytes on it is told.
    private static let longLog: Int64 = 64 << 20

    private let invocation: Invocation
    private let store: StoreQueue
    private let files: StoreFiles
    private let storePatience: StorePatience
    /// Why the store must not be used any more.
    private let loss = Locked<StoreError?>(nil)
    private let log: LogWriter
    /// Over all shifts: a reload says nothing of the clock.
    private let brakes: BrakeWatch
    private let manager = ServiceManager()
    private let uses = UseLog(tracker: "serve:\(Process.hostName)")
    private let refused = RefusedAccesses()
    private let stop = StopSignal()
    private let listener: Listener?
    private let first: Shift
    /// The one in force; what is asked for over HTTP goes there.
    private let inForce: Locked<Shift>
    private let pauses = HolderPauses()
    private let vaultMeter = VaultMeter()
    private let rooms = CommandRooms()

    init(_ composition: Composition, _ policies: PolicySet, _ texts: PolicyTexts?, store parts: StoreParts) throws {
        invocation = composition.invocation
        store = parts.queue
        files = parts.files
        storePatience = parts.patience
        let settings = composition.configuration.log
        log = LogWriter(composition.invocation.clock, format: settings.format, lowest: settings.level)
        brakes = BrakeWatch(composition.invocation.clock, log: log)
        first = try Self.prepare(
            composition, policies, texts, store: store, log: log, brakes: brakes, meter: vaultMeter, pauses: pauses,
            rooms: rooms)
        let inForce = Locked(first)
        self.inForce = inForce
        listener = try Self.listen(
            composition, store: store, uses: uses, refused: refused, log: log, stop: stop, loss: loss, brakes: brakes,
            inForce: inForce, files: files, meter: vaultMeter, folder: rooms.folder)
    }

    /// Works until it is asked to stop.
    func run(_ signals: Signals) async throws -> ExitCode {
        log.info(
            "serving", LogField("version", Program.version),
            LogField("listen", listener.map { "\($0.address)" } ?? "none"),
            LogField("policies", first.configuration.policies))
        tellSurroundings()
        warn(of: first.configuration)
        manager.ready(status)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await work(asked: signals) }
            group.addTask {
                await signals.ending.expired(invocation.clock)
                // Whoever waits for the store then is refused, and comes to an end.
                storePatience.end()
            }
            await group.next()
            group.cancelAll()
        }
        guard loss.withLock({ $0 == nil }) else { return .failed }
        log.info("stopped")
        return .done
    }

    /// What it stands on, which whoever hears of a flaw in one of them looks for; and what is missing here.
    private func tellSurroundings() {
        let (store, version) = storeLibrary
        log.info(
            "libraries", LogField(store, version), LogField("openssl", openSSLVersion),
            LogField("libcurl", libcurlVersion), LogField("libmicrohttpd", libmicrohttpdVersion))
        guard !Secret.areLocked else { return }
        log.write(
            .warning, "secrets may be swapped out",
            [
                LogField("cause", "their memory cannot be locked"),
                LogField("hint", "LimitMEMLOCK=2M in the unit, or 'ulimit -l 2048'"),
            ])
    }

    /// Everything that goes on while it serves, to the last use that is written down.
    private func work(asked signals: Signals) async {
        await withDiscardingTaskGroup { group in
            group.addTask { await writeUsesDown() }
            group.addTask { await showLife() }
            group.addTask { await watchFiles(signals) }
            group.addTask { await watchLog() }
            group.addTask { await signLog() }
            group.addTask { await work(first) }
            var shifts = [first]
            for await request in signals.requests {
                guard request == .reload else { break }
                guard let next = await reload(shifts[shifts.count - 1]) else { continue }
                group.addTask { await work(next) }
                shifts.append(next)
            }
            await end(shifts)
        }
        await writeLastUsesDown()
        if loss.withLock({ $0 == nil }) { _ = await signature() }
    }

    private var status: String { listener.map { "listening on \($0.address)" } ?? "without a listener" }

    /// Its vaults are there until the last who asked for something by them is attended to.
    private func work(_ shift: Shift) async {
        await withDiscardingTaskGroup { group in
            group.addTask { await shift.errands.attend() }
            await shift.daemon.serve()
            shift.errands.end()
        }
        await Composition.close(shift.vaults)
    }

    private func end(_ shifts: [Shift]) async {
        log.info("stopping")
        manager.stopping()
        // Cancelled: the time is over, for whatever was attended to before.
        let isLate = Task.isCancelled
        let patience = isLate ? 0 : loss.withLock { $0 == nil } ? Self.patience : Self.patienceWithoutStore
        for shift in shifts { shift.stop.request(patience: Int64(patience)) }
        stop.request()
        await listener?.stop(within: patience)
    }

    // MARK: - The configuration in force

    /// Makes everything that a reading of the configuration asks for; nothing has begun by that.
    private static func prepare(
        _ composition: Composition, _ policies: PolicySet, _ texts: PolicyTexts?, store: StoreQueue, log: LogWriter,
        brakes: BrakeWatch, meter: VaultMeter, pauses: HolderPauses, rooms: CommandRooms
    ) throws -> Shift {
        let configuration = composition.configuration
        let invocation = composition.invocation
        let deliverer = try composition.deliverer(store)
        let vaults = try composition.vaults(configuration.vaults).mapValues { MeteredVault($0, meter) as any Vault }
        let stop = StopSignal()
        let rotator = composition.rotator(store, vaults, stop: stop)
        let run = RunUseCase(
            store: store, rotator: rotator, deliverer: deliverer, clock: invocation.clock, random: invocation.random)
        let errands = Errands()
        let commands = ServedCommands(
            composition: composition, policies: policies, texts: texts, queue: store, vaults: vaults, run: run,
            rooms: rooms)
        let orders = Daemon.Orders(
            policies: policies, schedules: policies.scheduled(otherwise: configuration.schedule),
            calendar: configuration.freezeCalendar, limits: configuration.limits,
            retention: configuration.retention)
        return Shift(
            configuration: configuration, endpoints: configuration.webhooks.map(\.endpoint),
            daemon: Daemon(
                orders, run: run, deliverer: deliverer, witnesses: composition.witnesses(store, vaults, by: "rota"),
                clock: invocation.clock, brakes: brakes, log: log,
                stop: stop),
            vaults: vaults,
            holders: RotateForHolder(
                store: store, rotator: rotator, policies: policies, clock: invocation.clock, pauses: pauses),
            served: try composition.served(policies, store, rotator, run, errands, commands), errands: errands,
            stop: stop)
    }

    /// Takes a changed configuration over as a whole, or goes on with the one in force: then nil.
    private func reload(_ old: Shift) async -> Shift? {
        manager.reloading()
        defer { manager.ready(status) }
        do {
            let composition = try Composition(invocation)
            guard composition.configuration.store == old.configuration.store else {
                throw Failure.usage("the store cannot change while the daemon runs", hint: "restart it")
            }
            let (policies, texts) = try composition.policiesWithTexts()
            let next = try Self.prepare(
                composition, policies, texts, store: store, log: log, brakes: brakes, meter: vaultMeter,
                pauses: pauses, rooms: rooms)
            try renewCertificate(next.configuration.server)
            let calendar = next.configuration.freezeCalendar
            try await store.read { store in
                store.announce(to: next.endpoints)
                store.followCalendar(calendar)
            }
            try await composition.keep(texts, in: store)
            inForce.withLock { $0 = next }
            // What the old shift has begun it finishes, while the new one is at work already.
            old.stop.request()
            log.info("the configuration is in force", LogField("file", next.configuration.file))
            warn(of: next.configuration)
            if needsRestart(next.configuration) {
                log.warning("'server' and 'log' take effect with the next start")
            }
            return next
        } catch {
            let failure = Failure(error)
            for fault in failure.faults {
                log.write(
                    .error, "a fault in the new configuration", [LogField("fault", fault.sentence)] + hint(fault.hint))
            }
            for line in failure.details { log.error("a fault in the new configuration", LogField("fault", line)) }
            log.write(
                .error, "the configuration in force stays", [LogField("cause", failure.message)] + hint(failure.hint))
            return nil
        }
    }

    /// Whether some of it is not in force before the next start.
    private func needsRestart(_ next: Configuration) -> Bool {
        guard next.log == first.configuration.log else { return true }
        guard let wanted = next.server, let present = first.configuration.server else {
            return next.server != first.configuration.server
        }
        return wanted.needsRestart(after: present)
    }

    private func hint(_ hint: String?) -> [LogField] { hint.map { [LogField("hint", $0)] } ?? [] }

    /// What is taken as it is, and may be a slip.
    private func warn(of configuration: Configuration) {
        for fault in configuration.warnings {
            log.write(
                .warning, "a doubt about the configuration", [LogField("fault", fault.sentence)] + hint(fault.hint))
        }
    }

    // MARK: - The listener

    /// Takes another certificate over, which may lie at the same path, while nobody is cut off.
    private func renewCertificate(_ settings: ServerSettings?) throws {
        guard let listener, let settings, let tls = try settings.certificate() else { return }
        do throws(ServerError) {
            guard try listener.renew(tls) else { return }
        } catch {
            throw Failure(error.message, hint: error.hint)
        }
        log.info("another TLS certificate is in force", LogField("file", settings.tls?.certificate ?? ""))
    }

    private static func listen(
        _ composition: Composition, store: StoreQueue, uses: UseLog, refused: RefusedAccesses, log: LogWriter,
        stop: StopSignal, loss: Locked<StoreError?>, brakes: BrakeWatch, inForce: Locked<Shift>, files: StoreFiles,
        meter: VaultMeter, folder: SpoolFolder
    ) throws -> Listener? {
        guard let settings = composition.configuration.server else { return nil }
        let clock = composition.invocation.clock
        let api = API(
            API.Parts(
                readers: try openReaders(at: composition.configuration.store),
                store: store, revoke: RevokeUseCase(store: store, clock: clock),
                configuration: { inForce.withLock { $0.served } }, random: composition.invocation.random,
                scratch: folder, rotate: { rotate($0, inForce, begun: $1, finish: $2) },
                clock: clock, note: { uses.note($0) }, noteRefused: { refused.note($0) },
                report: { error, request in
                    log.error(
                        "a request failed", LogField("request_id", request),
                        LogField("cause", Failure(error).message))
                },
                tell: { log.write(.info, $0, $1) }, trustedProxies: settings.trustedProxies,
                isReady: { !stop.isRequested },
                hasStore: { loss.withLock { $0 == nil } }, brake: { brakes.present }, vaultMeter: meter,
                logSize: { files.logSize }, nanoseconds: SystemClock.nanoseconds, version: Program.version))
        let router = api.router
        var configuration = try settings.listener()
        configuration.files = api.files
        if composition.configuration.log.level == .debug { configuration.observer = { log.write($0) } }
        do throws(ServerError) {
            return try Listener.start(configuration) { router.answer($0) }
        } catch {
            throw Failure(error.message, hint: error.hint)
        }
    }

    /// Asks the shift that is in force; and again, where another one has taken its place meanwhile.
    private static func rotate(
        _ digest: Digest, _ inForce: Locked<Shift>, begun: @escaping @Sendable (RotationResult) -> Void,
        finish: @escaping @Sendable (Result<(outcome: RotateForHolder.Outcome, held: HeldValue?), any Error>) -> Void
    ) {
        let shift = inForce.withLock(\.self)
        @Sendable func isReplaced() -> Bool { inForce.withLock { $0.stop !== shift.stop } }
        do {
            try shift.errands.ask(upTo: Errands.forHolders) {
                do {
                    let result = try await shift.holders.rotate(digest, begun: begun)
                    guard result.outcome == .stopping, isReplaced() else { return finish(.success(result)) }
                    rotate(digest, inForce, begun: begun, finish: finish)
                } catch { finish(.failure(error)) }
            }
        } catch {
            guard error == .ended, isReplaced() else { return finish(.failure(error)) }
            rotate(digest, inForce, begun: begun, finish: finish)
        }
    }

    // MARK: - Beside the loops

    /// Each second, until the end.
    private func writeUsesDown() async {
        guard listener != nil else { return }
        while !stop.isRequested {
            do {
                try await uses.flush(into: store, at: invocation.clock.reading())
            } catch {
                // Nothing is lost: the next flush takes it.
                log.error("uses cannot be written down", LogField("cause", Failure(error).message))
            }
            await writeRefusedDown()
            await stop.sleep(milliseconds: 1000, invocation.clock)
        }
    }

    /// Who asked for what is not his, into the audit log; what fails waits for the next time.
    private func writeRefusedDown() async {
        do {
            try await refused.write(into: store)
        } catch {
            log.error("who was refused cannot be written down", LogField("cause", Failure(error).message))
        }
    }

    /// As long as the patience lasts; what is lost is told, and was not watched.
    private func writeLastUsesDown() async {
        // What is written into a file without a name is lost, too.
        guard loss.withLock({ $0 == nil }) else { return tellLostUses("the store is lost") }
        await writeRefusedDown()
        do {
            try await uses.finish(into: store, at: invocation.clock.reading())
        } catch {
            tellLostUses(Failure(error).message)
        }
    }

    private func tellLostUses(_ cause: String) {
        let count = uses.count
        guard count > 0 else { return }
        log.error("uses are lost: they could not be written down", LogField("uses", count), LogField("cause", cause))
    }

    /// Ends everything when the store is not the one at its path any more: a revocation there would not be seen here.
    private func watchFiles(_ signals: Signals) async {
        while !stop.isRequested {
            if let found = files.loss() {
                loss.withLock { $0 = found }
                let failure = Failure(found)
                log.error(
                    "the store is lost: nothing is answered or done any more", LogField("cause", failure.message),
                    LogField("hint", failure.hint ?? ""))
                return signals.abandon(within: Int64(Self.patienceWithoutStore) * 2)
            }
            await stop.sleep(milliseconds: Self.filesPause, invocation.clock)
        }
    }

    /// Nobody waits for a reader, but what is written while he reads one state cannot leave the log: the disk fills.
    private func watchLog() async {
        var isLong = false
        while !stop.isRequested {
            let size = files.logSize
            if !isLong, size > Self.longLog {
                isLong = true
                log.warning(
                    "the store's log is long: somebody has been reading the store for long", LogField("bytes", size))
            } else if isLong, size < Self.longLog / 2 {
                isLong = false
                log.info("the store's log is short again", LogField("bytes", size))
            }
            // Between two looks at its size; a stop ends it at once.
            await stop.sleep(milliseconds: Self.logPause, invocation.clock)
        }
    }

    /// Signs what the audit log is; why it cannot is told once.
    private func signLog() async {
        var told: String?
        while !stop.isRequested {
            // Between two checkpoints; a stop ends it at once.
            await stop.sleep(milliseconds: Self.signingPause, invocation.clock)
            let failure = await signature()
            if let failure, failure.message != told {
                log.error("the audit log is not signed", LogField("cause", failure.message))
            }
            told = failure?.message
        }
    }

    private func signature() async -> Failure? {
        let configuration = inForce.withLock { $0.configuration }
        return await Composition(invocation, configuration: configuration).signAuditLog(store)
    }

    /// Tells systemd that the store's thread gets on, as often as it wants to know.
    private func showLife() async {
        guard let interval = manager.watchdogInterval else { return }
        let pulse = StorePulse(of: store) { [storePatience] in storePatience.lookCount }
        while !stop.isRequested {
            if pulse.beats() { manager.alive() }
            // As often as the service manager asks for; a stop ends it at once.
            await stop.sleep(milliseconds: interval, invocation.clock)
        }
    }
}
