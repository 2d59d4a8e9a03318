import RotaCore

/// Values that were looked up, with what was found, for as long as nothing has been committed since: the same ones
/// are asked about again and again, and the answer is exactly the store's all the same.
///
/// Used by one thread at a time, as its store is.
struct KnownValues {
    /// About a kilobyte each.
    private static let capacity = 2048

    private var found: [Digest: (token: Token, version: Version)] = [:]
    /// The state of the store that they are of.
    private var state: Int64?

    /// Forgets everything that is of another state of the store than this.
    mutating func keep(of state: Int64) {
        guard state != self.state else { return }
        self.state = state
        found.removeAll(keepingCapacity: true)
    }

    subscript(digest: Digest) -> (token: Token, version: Version)? { found[digest] }

    mutating func remember(_ value: (token: Token, version: Version), by digest: Digest) {
        if found.count == Self.capacity { found.removeAll(keepingCapacity: true) }
        found[digest] = value
    }
}
