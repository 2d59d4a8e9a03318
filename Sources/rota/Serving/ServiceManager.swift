import Glibc

/// Tells systemd how far the service is: the datagram protocol of sd_notify(3), which asks for no library.
struct ServiceManager: Sendable {
    /// The socket's path, or its abstract name after `@`; nil when nobody wants to know.
    private let address: String?
    /// How often to say that we are alive, in milliseconds: half of what WatchdogSec= allows. Nil: never.
    let watchdogInterval: Int64?

    init() {
        address = Process.environment("NOTIFY_SOCKET")
        let isOurs = Process.environment("WATCHDOG_PID").map { $0 == String(getpid()) } ?? true
        let microseconds = Process.environment("WATCHDOG_USEC").flatMap(Int64.init)
        watchdogInterval = isOurs ? microseconds.map { max(1, $0 / 2000) } : nil
    }

    func ready(_ status: String) { notify("READY=1\nSTATUS=\(status)") }
    func stopping() { notify("STOPPING=1\nSTATUS=finishing what is under way") }
    func alive() { notify("WATCHDOG=1") }

    /// Between this and `ready`, systemd waits for the reload (Type=notify-reload).
    func reloading() {
        var time = timespec()
        guard unsafe clock_gettime(CLOCK_MONOTONIC, &time) == 0 else { return }
        notify("RELOADING=1\nMONOTONIC_USEC=\(Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)")
    }

    private func notify(_ state: String) {
        guard let address, address.hasPrefix("/") || address.hasPrefix("@") else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // A manager that does not read must not hold the service up.
        var patience = timeval(tv_sec: 1, tv_usec: 0)
        _ = unsafe setsockopt(
            descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        var path = Array(address.utf8)
        guard path.count < MemoryLayout.size(ofValue: name.sun_path) else { return }
        if address.hasPrefix("@") { path[0] = 0 }
        unsafe withUnsafeMutableBytes(of: &name.sun_path) { unsafe $0.copyBytes(from: path) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
        let message = Array(state.utf8)
        // A manager that does not listen changes nothing for the service.
        _ = unsafe withUnsafePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { socketAddress in
                unsafe message.withUnsafeBytes { bytes in
                    unsafe sendto(
                        descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL), socketAddress,
                        length)
                }
            }
        }
    }
}
