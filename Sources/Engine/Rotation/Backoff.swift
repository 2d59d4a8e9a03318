import RotaCore

/// How long to wait before something is tried again: full jitter under a doubling ceiling, so that many who
/// failed together do not come back together.
struct Backoff: Sendable {
    /// The ceiling of the first wait.
    var first: Int64
    /// The ceiling of all waits.
    var cap: Int64

    /// Within one pass, in milliseconds.
    static let withinPass = Backoff(first: 200, cap: 3_000)
    /// Between passes, in seconds: half a minute, at most an hour.
    static let betweenPasses = Backoff(first: 30, cap: 3_600)

    /// A wait between 1 and the ceiling after `failures` failures (1 or more).
    func wait(after failures: Int, random: any RandomSource) -> Int64 {
        let ceiling = min(cap, first << Int64(min(max(failures - 1, 0), 20)))
        let drawn = random.bytes(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return 1 + Int64(drawn % UInt64(ceiling))
    }
}
