package import Addresses
import CMicroHTTPD
import Glibc
import Synchronization

/// Who is at the other end of a connection.
package enum Peer: Hashable, Sendable, CustomStringConvertible {
    case address(IPAddress)
    /// A process of this machine, which the mode of the socket let in.
    case unix

    package var description: String {
        switch self {
        case .address(let address): address.description
        case .unix: "unix"
        }
    }

    /// Nil for a family that we do not listen to.
    init?(_ name: UnsafePointer<sockaddr>?) {
        guard let name else {
            // An unnamed Unix socket has no address at all.
            self = .unix
            return
        }
        let family = Int32(name.pointee.sa_family)
        if family == AF_UNIX {
            self = .unix
            return
        }
        let length = family == AF_INET ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
        let bytes = UnsafeRawBufferPointer(start: name, count: length)
        guard let address = IPAddress(family: family, socketAddress: bytes) else { return nil }
        self = .address(address.embedded ?? address)
    }
}

/// One connection, from the accepting to the closing of its socket.
///
/// The thread that serves it says how far it is; the reaper reads that, and shuts it when it takes too long.
final class Connection: Sendable {
    /// How far a connection is.
    enum Phase: Int {
        /// Nothing was asked yet.
        case fresh
        /// Between two requests.
        case idle
        /// The first line of a request is there, and not yet all of it.
        case receiving
        /// The handler has it.
        case handling
        /// Its file is on its way.
        case uploading
        /// A long answer is sent.
        case sendingFile
        /// The answer is on its way.
        case sending
    }

    let peer: Peer
    /// Open for as long as the connection is in its table.
    private let descriptor: Int32
    /// The tick of the last change times eight, plus the phase.
    private let state: Atomic<Int>

    init(peer: Peer, descriptor: Int32, tick: Int) {
        self.peer = peer
        self.descriptor = descriptor
        state = Atomic(tick << 3 | Phase.fresh.rawValue)
    }

    func enter(_ phase: Phase, tick: Int) {
        state.store(tick << 3 | phase.rawValue, ordering: .relaxed)
    }

    /// The phase, and the tick in which it began.
    var progress: (phase: Phase, since: Int) {
        let state = state.load(ordering: .relaxed)
        return (Phase(rawValue: state & 7) ?? .handling, state >> 3)
    }

    /// Ends both directions: libmicrohttpd then finds it closed, and cleans up. Only while it is in its table.
    func shut() {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }
}
