import Addresses
import Crypto

/// The connections that are open, and how many each address has.
final class ConnectionTable: Sendable {
    private struct State {
        var open: [ObjectIdentifier: Connection] = [:]
        var perAddress: [IPAddress: Int] = [:]
    }

    private let perAddress: Int
    private let unlimited: [CIDR]
    private let state = Locked(State())

    /// - parameters:
    ///   - perAddress: how many connections one address may have.
    ///   - unlimited: addresses that may have as many as there are.
    init(perAddress: Int, unlimited: [CIDR]) {
        self.perAddress = perAddress
        self.unlimited = unlimited
    }

    /// Whether one more may be opened.
    func admits(_ peer: Peer) -> Bool {
        guard let address = counted(peer) else { return true }
        return state.withLock { $0.perAddress[address, default: 0] } < perAddress
    }

    func add(_ connection: Connection) {
        let address = counted(connection.peer)
        state.withLock { state in
            state.open[ObjectIdentifier(connection)] = connection
            if let address { state.perAddress[address, default: 0] += 1 }
        }
    }

    /// Called before its socket is closed: after this nobody shuts it any more.
    func remove(_ connection: Connection) {
        let address = counted(connection.peer)
        state.withLock { state in
            state.open[ObjectIdentifier(connection)] = nil
            guard let address, let count = state.perAddress[address] else { return }
            state.perAddress[address] = count > 1 ? count - 1 : nil
        }
    }

    var count: Int { state.withLock { $0.open.count } }

    /// Shuts those for which `isOver` says so, while none of them can be closed and its number given to another.
    func shut(where isOver: (Connection) -> Bool) {
        state.withLock { state in
            for connection in state.open.values where isOver(connection) { connection.shut() }
        }
    }

    /// What is counted for a peer: its address, or for IPv6 the /64, which anybody has whole.
    private func counted(_ peer: Peer) -> IPAddress? {
        guard case .address(let address) = peer, !unlimited.contains(where: { $0.contains(address) }) else {
            return nil
        }
        return address.network
    }
}

extension IPAddress {
    /// The /64 of an IPv6 address; an IPv4 address itself.
    fileprivate var network: IPAddress {
        width == 128 ? IPAddress(version6: (value >> 64) << 64) : self
    }
}
