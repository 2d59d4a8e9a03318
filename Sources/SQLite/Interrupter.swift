import CSQLite
import Crypto

/// Ends the statement that a connection is running, from any thread; the statement fails with
/// `isInterrupted`.
///
/// It does not keep the connection open, and does nothing once that is closed.
package final class Interrupter: Sendable {
    /// The connection, as a number: locked while it is used, so that it cannot be closed meanwhile.
    private let connection: Locked<Int>

    init(_ handle: OpaquePointer) {
        connection = Locked(Int(bitPattern: handle))
    }

    package func interrupt() {
        connection.withLock { address in
            guard let handle = OpaquePointer(bitPattern: address) else { return }
            sqlite3_interrupt(handle)
        }
    }

    func disconnect() {
        connection.withLock { $0 = 0 }
    }
}
