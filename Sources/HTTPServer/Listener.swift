package import Addresses
import CMicroHTTPD
package import Crypto
import Dispatch
import Glibc

/// An HTTP server: its threads, its socket, and who keeps it in order.
///
/// Handlers run on the server's own threads, which may block; they are never on Swift's pool. `stop` must be
/// called before it goes.
package final class Listener: Sendable {
    /// A certificate with its chain, and its key, both in PEM.
    package struct TLS: Sendable {
        package var certificate: [UInt8]
        package var key: Secret

        package init(certificate: [UInt8], key: Secret) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// What a server is started with.
    package struct Configuration: Sendable {
        package var address: ListenAddress
        package var tls: TLS?
        package var limits = Limits()
        /// Whose connections are counted in the total only.
        package var trustedProxies: [CIDR] = []
        /// Nil: one for each processor, two at least and eight at most.
        package var threads: Int?
        /// Called on the server's threads when a request is over.
        package var observer: (@Sendable (Served) -> Void)?
        /// Nil: no request brings a file.
        package var files: FileReception?

        package init(_ address: ListenAddress) { self.address = address }
    }

    /// Where it listens, with the port that was free.
    package var address: ListenAddress { socket.address }
    private let socket: ListeningSocket
    private let handler: @Sendable (Request) -> Answer
    private let state: Locked<State>
    /// Time, and the stop, which waits for threads: a thread of its own kind, not of Swift's pool.
    private let keeper = DispatchQueue(label: "rota.http")
    private let timer: Timer

    private struct State {
        var configuration: Configuration
        var current: Running
        /// They serve those who are connected to the end, with the certificate that was in force before.
        var retired: [Running] = []
        var isStopping = false
        var isClosed = false

        var all: [Running] { retired + [current] }
    }

    /// Opens the socket, and serves from then on.
    package static func start(
        _ configuration: Configuration, handler: @escaping @Sendable (Request) -> Answer
    ) throws(ServerError) -> Listener {
        let socket = try ListeningSocket(configuration.address)
        do throws(ServerError) {
            return Listener(socket, configuration, try Running(on: socket, configuration, handler), handler)
        } catch {
            socket.removeName()
            socket.close()
            throw error
        }
    }

    private init(
        _ socket: ListeningSocket, _ configuration: Configuration, _ first: Running,
        _ handler: @escaping @Sendable (Request) -> Answer
    ) {
        self.socket = socket
        self.handler = handler
        let state = Locked(State(configuration: configuration, current: first))
        self.state = state
        timer = Timer(every: Ticker.millisecondsPerTick, on: keeper) { Self.tick(state) }
    }

    /// Moves time on, and ends what has nobody to serve any more. On the keeper's queue.
    private static func tick(_ state: Locked<State>) {
        for running in state.withLock(\.all) { running.core.tick() }
        let over = state.withLock { state in
            if state.isStopping { return [Running]() }
            let over = state.retired.filter(\.isOver)
            state.retired.removeAll { running in over.contains { $0.core === running.core } }
            return over
        }
        for running in over { running.daemon.stop() }
    }

    /// How many connections are open.
    package var connectionCount: Int { state.withLock(\.all).reduce(0) { $0 + $1.core.connections.count } }

    /// Goes on with another certificate and key, on the same socket: who connects from now on gets the new one, and
    /// nobody is cut off.
    ///
    /// - returns: false where they are what it has already, or where it speaks no TLS.
    package func renew(_ tls: TLS) throws(ServerError) -> Bool {
        var configuration = state.withLock(\.configuration)
        guard let present = configuration.tls, present != tls else { return false }
        configuration.tls = tls
        let next = try Running(on: socket, configuration, handler)
        let old = state.withLock { state in
            if state.isStopping { return next }
            defer {
                state.configuration.tls = tls
                state.retired.append(state.current)
                state.current = next
            }
            return state.current
        }
        keeper.async {
            old.daemon.refuseOthers()
            old.core.retire()
            if old.core === next.core { old.daemon.stop() }
        }
        return true
    }

    /// Takes no new connections, finishes what runs, and returns when all is closed.
    ///
    /// - parameter milliseconds: after this, what still runs is answered with 503 or cut off. A handler that
    ///   blocks is waited for nevertheless.
    package func stop(within milliseconds: Int) async {
        await withCheckedContinuation { continuation in
            keeper.async { [self] in
                let (all, isClosed) = state.withLock { state in
                    state.isStopping = true
                    return (state.all, state.isClosed)
                }
                guard !isClosed else { return continuation.resume() }
                socket.removeName()
                for running in all { running.daemon.refuseOthers() }
                // The descriptor stays until the threads are gone: its number must not become another file's meanwhile.
                shutdown(socket.descriptor, Int32(SHUT_RDWR))
                for running in all { running.core.drain() }
                wait(for: all, polls: milliseconds / Self.millisecondsPerPoll) { continuation.resume() }
            }
        }
    }

    private static let millisecondsPerPoll = 10
    /// How often it is looked once more, when those who waited in vain have been told.
    private static let lastPolls = 25

    private func wait(
        for all: [Running], polls: Int, isLast: Bool = false, then finish: @escaping @Sendable () -> Void
    ) {
        for running in all { running.core.shutSlow() }
        var polls = polls
        var isLast = isLast
        if polls <= 0, !isLast {
            let last = Response.problem(503, "Stopping", detail: "the server stops").closing()
            for running in all { running.core.pending.close(with: last) }
            (polls, isLast) = (Self.lastPolls, true)
        }
        guard connectionCount > 0, polls > 0 else {
            close(all)
            return finish()
        }
        keeper.asyncAfter(deadline: .now() + .milliseconds(Self.millisecondsPerPoll)) { [self, polls, isLast] in
            wait(for: all, polls: polls - 1, isLast: isLast, then: finish)
        }
    }

    private func close(_ all: [Running]) {
        let wasClosed = state.withLock { state in
            defer { state.isClosed = true }
            return state.isClosed
        }
        guard !wasClosed else { return }
        for running in all { running.daemon.stop() }
        timer.cancel()
        socket.close()
    }
}

extension Listener.TLS: Equatable {
    package static func == (left: Listener.TLS, right: Listener.TLS) -> Bool {
        left.certificate == right.certificate && left.key.isEqual(to: right.key)
    }
}

/// One start of libmicrohttpd, and what its callbacks work on.
private struct Running: Sendable {
    let core: ServerCore
    let daemon: Daemon

    init(
        on socket: ListeningSocket, _ configuration: Listener.Configuration,
        _ handler: @escaping @Sendable (Request) -> Answer
    ) throws(ServerError) {
        core = ServerCore(
            limits: configuration.limits, trustedProxies: configuration.trustedProxies,
            observer: configuration.observer, files: configuration.files, handler: handler)
        daemon = try Daemon(core, socket, configuration)
    }

    /// Whether all are gone whom it served, when it takes no more. What was accepted in the last moment is not
    /// counted yet, so that it has a second.
    var isOver: Bool { core.connections.count == 0 && core.ticksSinceRetired.map { $0 > 10 } ?? false }
}

/// Calls again and again until it is cancelled.
// Unchecked: a dispatch source may be cancelled on any thread.
private struct Timer: @unchecked Sendable {
    private let source: any DispatchSourceTimer

    init(every milliseconds: Int, on queue: DispatchQueue, _ body: @escaping @Sendable () -> Void) {
        let period = DispatchTimeInterval.milliseconds(milliseconds)
        source = DispatchSource.makeTimerSource(queue: queue)
        source.schedule(deadline: .now() + period, repeating: period, leeway: .milliseconds(milliseconds / 5))
        source.setEventHandler(handler: body)
        source.resume()
    }

    func cancel() { source.cancel() }
}

/// libmicrohttpd's daemon: its threads run from `init` to `stop`.
// Unchecked: after `init` only the keeper's queue touches it.
private final class Daemon: @unchecked Sendable {
    private let handle: OpaquePointer
    /// A number of its own for the socket: libmicrohttpd closes it when it cannot start, and others go on with theirs.
    private let descriptor: Int32
    /// Kept, because the callbacks have a pointer to it.
    private let core: ServerCore
    private var isStopped = false

    init(_ core: ServerCore, _ socket: ListeningSocket, _ configuration: Listener.Configuration) throws(ServerError) {
        self.core = core
        var settings = rota_mhd_settings()
        settings.context = Unmanaged.passUnretained(core).toOpaque()
        settings.accept = admitConnection
        settings.handle = continueExchange
        settings.completed = endExchange
        settings.connection = noteConnection
        settings.target = beginExchange
        settings.unescape = keepEncoded
        descriptor = fcntl(socket.descriptor, F_DUPFD_CLOEXEC, 0)
        guard descriptor >= 0 else { throw Self.refusal(socket) }
        settings.listening_socket = descriptor
        let threads = configuration.threads ?? min(8, max(2, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        settings.threads = UInt32(threads)
        // It is shared out over the threads.
        settings.connections = UInt32(max(min(core.limits.connections, Self.mostConnections), threads))
        // Half of it is for reading; the other half for what is remembered of it, and for the answer's head.
        settings.connection_memory = max(core.limits.headBytes * 2, 8 << 10)
        guard let handle = try Self.start(&settings, configuration.tls) else { throw Self.refusal(socket) }
        self.handle = handle
    }

    private static func refusal(_ socket: ListeningSocket) -> ServerError {
        ServerError(
            message: "the HTTP server does not start on \(socket.address)",
            hint: "the system may be out of memory, threads or open files")
    }

    /// What the process may open beside the files that the rest of it needs; beyond that, accepting would fail.
    private static var mostConnections: Int {
        var files = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files) == 0 else { return .max }
        return Int(clamping: files.rlim_cur) - 256
    }

    private static func start(_ settings: inout rota_mhd_settings, _ tls: Listener.TLS?) throws(ServerError)
        -> OpaquePointer?
    {
        guard let tls else { return rota_mhd_start(&settings) }
        guard MHD_is_feature_supported(.FEATURE_TLS) == .YES else {
            throw ServerError(
                message: "this libmicrohttpd has no TLS", hint: "install one that was built with GnuTLS")
        }
        let certificate = tls.certificate + [0]
        let key = Secret(capacity: tls.key.count + 1) { target in
            tls.key.withBytes { target.copyMemory(from: $0) }
            return tls.key.count + 1
        }
        let started = certificate.withUnsafeBytes { certificate in
            key.withBytes { key in
                "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305"
                    .withCString { priorities in
                        settings.certificate = certificate.baseAddress?.assumingMemoryBound(to: CChar.self)
                        settings.key = key.baseAddress?.assumingMemoryBound(to: CChar.self)
                        settings.priorities = priorities
                        return rota_mhd_start(&settings)
                    }
            }
        }
        guard let started else {
            throw ServerError(
                message: "the HTTP server does not start with this certificate and key",
                hint: "both must be PEM, the certificate with its chain, and the key must belong to it")
        }
        return started
    }

    /// From now on nobody connects to it any more. The socket stays open: it is not libmicrohttpd's.
    func refuseOthers() {
        guard !isStopped else { return }
        MHD_quiesce_daemon(handle)
    }

    /// Waits for the threads. Only after `refuseOthers`: else libmicrohttpd would close the socket.
    func stop() {
        guard !isStopped else { return }
        isStopped = true
        MHD_stop_daemon(handle)
        _ = Glibc.close(descriptor)
    }
}
