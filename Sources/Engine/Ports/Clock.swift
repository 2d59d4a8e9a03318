package import RotaCore

/// The time, and waiting for it. Only the edge has one that reads the machine's clock.
package protocol WallClock: Sendable {
    func now() -> Instant
    /// What the wall clock and the machine's own say at one moment, for telling when the first one jumped.
    func reading() -> ClockReading
    /// Waits at least this long, or throws `CancellationError`.
    func sleep(milliseconds: Int64) async throws
}

/// Where randomness comes from.
package protocol RandomSource: Sendable {
    /// `count` bytes that nobody can guess.
    func bytes(_ count: Int) -> [UInt8]
}
