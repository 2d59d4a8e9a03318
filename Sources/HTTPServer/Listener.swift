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

        package init(_ address: ListenAddress) { self.address = address }
    }

    /// Where it listens, with the port that was free.
    package let address: ListenAddress
    private let core: ServerCore
    private let daemon: Daemon
    /// Time, and the stop, which waits for threads: a thread of its own kind, not of Swift's pool.
    private let keeper = DispatchQueue(label: "rota.http")
    private let timer: Timer

    /// Opens the socket, and serves from then on.
    package static func start(
        _ configuration: Configuration, handler: @escaping @Sendable (Request) -> Answer
    ) throws(ServerError) -> Listener {
        let core = ServerCore(
            limits: configuration.limits, trustedProxies: configuration.trustedProxies,
            observer: configuration.observer, handler: handler)
        let socket = try ListeningSocket(configuration.address)
        do throws(ServerError) {
            let daemon = try Daemon(core, socket, configuration)
            return Listener(core, daemon, socket.address)
        } catch {
            socket.removeName()
            socket.close()
            throw error
        }
    }

    private init(_ core: ServerCore, _ daemon: Daemon, _ address: ListenAddress) {
        self.core = core
        self.daemon = daemon
        self.address = address
        timer = Timer(every: Ticker.millisecondsPerTick, on: keeper) { core.tick() }
    }

    /// How many connections are open.
    package var connectionCount: Int { core.connections.count }

    /// Takes no new connections, finishes what runs, and returns when all is closed.
    ///
    /// - parameter milliseconds: after this, what still runs is answered with 503 or cut off. A handler that
    ///   blocks is waited for nevertheless.
    package func stop(within milliseconds: Int) async {
        await withCheckedContinuation { continuation in
            keeper.async { [self] in
                daemon.refuseOthers()
                core.drain()
                wait(polls: milliseconds / Self.millisecondsPerPoll) { continuation.resume() }
            }
        }
    }

    private static let millisecondsPerPoll = 10
    /// How often it is looked once more, when those who waited in vain have been told.
    private static let lastPolls = 25

    private func wait(polls: Int, isLast: Bool = false, then finish: @escaping @Sendable () -> Void) {
        core.shutSlow()
        var polls = polls
        var isLast = isLast
        if polls <= 0, !isLast {
            core.pending.close(with: Response.problem(503, "Stopping", detail: "the server stops").closing())
            (polls, isLast) = (Self.lastPolls, true)
        }
        guard core.connections.count > 0, polls > 0 else {
            daemon.stop()
            timer.cancel()
            return finish()
        }
        keeper.asyncAfter(deadline: .now() + .milliseconds(Self.millisecondsPerPoll)) { [self, polls, isLast] in
            wait(polls: polls - 1, isLast: isLast, then: finish)
        }
    }
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
    private let socket: ListeningSocket
    /// Kept, because the callbacks have a pointer to it.
    private let core: ServerCore
    private var isStopped = false

    init(_ core: ServerCore, _ socket: ListeningSocket, _ configuration: Listener.Configuration) throws(ServerError) {
        self.core = core
        self.socket = socket
        var settings = rota_mhd_settings()
        settings.context = Unmanaged.passUnretained(core).toOpaque()
        settings.accept = admitConnection
        settings.handle = continueExchange
        settings.completed = endExchange
        settings.connection = noteConnection
        settings.target = beginExchange
        settings.unescape = keepEncoded
        settings.listening_socket = socket.descriptor
        let threads = configuration.threads ?? min(8, max(2, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        settings.threads = UInt32(threads)
        // It is shared out over the threads.
        settings.connections = UInt32(max(min(core.limits.connections, Self.mostConnections), threads))
        // Half of it is for reading; the other half for what is remembered of it, and for the answer's head.
        settings.connection_memory = max(core.limits.headBytes * 2, 8 << 10)
        guard let handle = try Self.start(&settings, configuration.tls) else {
            throw ServerError(
                message: "the HTTP server does not start on \(socket.address)",
                hint: "the system may be out of memory, threads or open files")
        }
        self.handle = handle
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

    /// From now on nobody connects any more.
    func refuseOthers() {
        guard !isStopped else { return }
        socket.removeName()
        // The descriptor stays until the threads are gone: its number must not become another file's meanwhile.
        MHD_quiesce_daemon(handle)
        shutdown(socket.descriptor, Int32(SHUT_RDWR))
    }

    /// Waits for the threads, and closes everything.
    func stop() {
        guard !isStopped else { return }
        isStopped = true
        MHD_stop_daemon(handle)
        socket.close()
    }
}
