package import RotaCore

/// The time, and waiting for it. Only the edge has one that reads the machine's clock.
package protocol WallClock: Sendable {
    func now() -> Instant
    /// Waits at least this long, or throws `CancellationError`.
    func sleep(milliseconds: Int64) async throws
}

/// Where randomness comes from.
package protocol RandomSource: Sendable {
    /// `count` bytes that nobody can guess.
    func bytes(_ count: Int) -> [UInt8]
}
