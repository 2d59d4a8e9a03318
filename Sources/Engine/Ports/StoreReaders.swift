/// The store for many threads at once that only read: each call has it to itself, and sees what is committed.
///
/// For threads that may block, such as those of the HTTP server.
package protocol StoreReaders: Sendable {
    func read<R>(_ body: (any StoreReads) throws -> R) throws -> R
}
