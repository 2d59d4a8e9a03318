import CCurl
import Glibc

/// Waits for the sockets that libcurl names, and for a bell.
///
/// `curl_multi_poll` would do, but then libcurl looks at every transfer each time that one socket moves.
/// Used by one thread, as the multi handle is.
final class SocketWatch {
    private let epoll: Int32
    private let bell: Int32
    private var watched: [Int32: UInt32] = [:]
    private static let mostAtOnce = 64

    init(bell: Int32) {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        precondition(epoll >= 0, "cannot start the HTTP client: no file descriptor is left (errno \(errno))")
        self.bell = bell
        rota_epoll_control(epoll, EPOLL_CTL_ADD, bell, EPOLLIN.rawValue)
    }

    deinit { Glibc.close(epoll) }

    /// What libcurl wants to know of a socket: `CURL_POLL_IN`, `_OUT`, `_INOUT`, or `_REMOVE`.
    func watch(_ socket: Int32, for what: Int32) {
        let events =
            switch what {
            case CURL_POLL_IN: EPOLLIN.rawValue
            case CURL_POLL_OUT: EPOLLOUT.rawValue
            case CURL_POLL_INOUT: EPOLLIN.rawValue | EPOLLOUT.rawValue
            default: UInt32(0)
            }
        if events == 0 {
            // One that is closed already has gone by itself.
            if watched.removeValue(forKey: socket) != nil { rota_epoll_control(epoll, EPOLL_CTL_DEL, socket, 0) }
        } else if let before = watched.updateValue(events, forKey: socket) {
            if before == events { return }
            // Its number may be a new socket's.
            if rota_epoll_control(epoll, EPOLL_CTL_MOD, socket, events) != 0 {
                rota_epoll_control(epoll, EPOLL_CTL_ADD, socket, events)
            }
        } else {
            rota_epoll_control(epoll, EPOLL_CTL_ADD, socket, events)
        }
    }

    /// Returns when the bell was rung, the time is over, or sockets are ready: these, with what each is ready for
    /// as `CURL_CSELECT_IN`, `_OUT` and `_ERR`.
    func wait(atMost milliseconds: Int) -> [(socket: Int32, ready: Int32)] {
        let capacity = Self.mostAtOnce
        return withUnsafeTemporaryAllocation(of: Int32.self, capacity: capacity) { sockets in
            withUnsafeTemporaryAllocation(of: UInt32.self, capacity: capacity) { events in
                let count = rota_epoll_wait(
                    epoll, sockets.baseAddress, events.baseAddress, Int32(capacity), Int32(milliseconds))
                return (0..<max(0, Int(count))).compactMap { index in
                    sockets[index] == bell ? nil : (sockets[index], Self.readiness(events[index]))
                }
            }
        }
    }

    private static func readiness(_ events: UInt32) -> Int32 {
        var ready: Int32 = 0
        if events & EPOLLIN.rawValue != 0 { ready |= CURL_CSELECT_IN }
        if events & EPOLLOUT.rawValue != 0 { ready |= CURL_CSELECT_OUT }
        if events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 { ready |= CURL_CSELECT_ERR }
        return ready
    }
}
