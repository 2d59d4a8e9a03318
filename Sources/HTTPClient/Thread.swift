import Glibc

/// A joinable thread that takes no signals.
struct Thread: Sendable {
    private let handle: pthread_t

    private final class Body {
        let run: () -> Void
        init(_ run: @escaping () -> Void) { self.run = run }
    }

    /// Runs the closure on a new thread; traps where the system has no thread left at start-up.
    init(_ run: sending @escaping () -> Void) {
        var all = sigset_t()
        var before = sigset_t()
        // Inherited by the thread: TLS writes to a closed socket raise SIGPIPE, which nobody else masks,
        // and the signals of the process belong to the thread that waits for them.
        sigfillset(&all)
        for fault in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT] { sigdelset(&all, fault) }
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        var handle = pthread_t()
        // Retained here, released by the thread once it runs.
        let body = Unmanaged.passRetained(Body(run)).toOpaque()
        let failure = pthread_create(&handle, nil, startThread, body)
        precondition(failure == 0, "cannot start the HTTP client's thread: error \(failure)")
        self.handle = handle
    }

    func join() { pthread_join(handle, nil) }

    fileprivate static func run(_ body: UnsafeMutableRawPointer?) {
        guard let body else { return }
        Unmanaged<Body>.fromOpaque(body).takeRetainedValue().run()
    }
}

/// Not a closure, so that it can inherit no actor's isolation and trap on another thread.
private func startThread(_ body: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    Thread.run(body)
    return nil
}
