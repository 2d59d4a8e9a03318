import CMicroHTTPD
import Glibc

// What libmicrohttpd calls, on its own threads. Functions, not closures: they can inherit no actor's isolation.
//
// Contexts: the server's core is not retained, because the daemon is stopped before the core goes. A connection
// is retained from its opening to its closing, an exchange from its first line to its end.

private func core(_ context: UnsafeMutableRawPointer?) -> ServerCore? {
    context.map { Unmanaged<ServerCore>.fromOpaque($0).takeUnretainedValue() }
}

/// Whether a connection may be opened at all.
func admitConnection(
    _ context: UnsafeMutableRawPointer?, _ address: UnsafePointer<sockaddr>?, _: socklen_t
) -> MHD_Result {
    guard let core = core(context), let peer = Peer(address) else { return .NO }
    return core.connections.admits(peer) ? .YES : .NO
}

/// A connection was opened, or is about to be closed.
func noteConnection(
    _ context: UnsafeMutableRawPointer?, _ handle: OpaquePointer?,
    _ slot: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ code: MHD_ConnectionNotificationCode
) {
    guard let core = core(context), let handle, let slot else { return }
    if code == .CONNECTION_NOTIFY_STARTED {
        let connection = Connection(
            peer: Peer(rota_mhd_address(handle)) ?? .unix, descriptor: rota_mhd_socket(handle),
            tick: core.ticker.now)
        core.connections.add(connection)
        slot.pointee = Unmanaged.passRetained(connection).toOpaque()
    } else if let held = slot.pointee {
        slot.pointee = nil
        core.connections.remove(Unmanaged<Connection>.fromOpaque(held).takeRetainedValue())
    }
}

/// The first line of a request is there; what is returned comes back with each further call for it.
func beginExchange(
    _ context: UnsafeMutableRawPointer?, _ target: UnsafePointer<CChar>?, _ handle: OpaquePointer?
) -> UnsafeMutableRawPointer? {
    guard let core = core(context), let target, let handle, let held = rota_mhd_socket_context(handle) else {
        return nil
    }
    let connection = Unmanaged<Connection>.fromOpaque(held).takeUnretainedValue()
    return Unmanaged.passRetained(Exchange(core, connection, target: target)).toOpaque()
}

/// Leaves everything as it is: what is encoded is decoded once, by `Target` and `FormFields`, which can refuse.
func keepEncoded(
    _: UnsafeMutableRawPointer?, _: OpaquePointer?, _ text: UnsafeMutablePointer<CChar>?
) -> Int {
    text.map { strlen($0) } ?? 0
}

/// More of a request is there, or its answer is wanted.
func continueExchange(
    _: UnsafeMutableRawPointer?, _ handle: OpaquePointer?, _: UnsafePointer<CChar>?,
    _ method: UnsafePointer<CChar>?, _ version: UnsafePointer<CChar>?, _ data: UnsafePointer<CChar>?,
    _ count: UnsafeMutablePointer<Int>?, _ slot: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
    guard let handle, let method, let version, let count, let held = slot?.pointee else { return .NO }
    return Unmanaged<Exchange>.fromOpaque(held).takeUnretainedValue()
        .proceed(handle, method: method, version: version, data: data, count: count)
}

/// A request is over, one way or the other.
func endExchange(
    _: UnsafeMutableRawPointer?, _: OpaquePointer?, _ slot: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    _ code: MHD_RequestTerminationCode
) {
    guard let slot, let held = slot.pointee else { return }
    slot.pointee = nil
    Unmanaged<Exchange>.fromOpaque(held).takeRetainedValue().end(wasSent: code == .REQUEST_TERMINATED_COMPLETED_OK)
}
