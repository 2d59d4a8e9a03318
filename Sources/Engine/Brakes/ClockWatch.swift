import Crypto
import RotaCore

/// Whether the wall clock can be acted on: one that jumped is not, until it has been steady for a while.
///
/// A clock that is set ahead makes everything due at once; nothing destructive is done by it (I12).
struct ClockWatch: Sendable {
    /// How long a clock that jumped must go with the time that passes.
    static let probation = TimeSpan(seconds: 15 * 60)

    private var last: ClockReading?
    private var suspectSince: ClockReading?
    /// Why it cannot be acted on; nil where it can.
    private(set) var suspicion: ClockJump?

    /// The jump that this reading shows; nil where there is none.
    mutating func observe(_ reading: ClockReading) -> ClockJump? {
        defer { last = reading }
        guard let last, let jump = reading.jump(since: last) else {
            if let since = suspectSince, reading.uptime - since.uptime >= Self.probation {
                (suspectSince, suspicion) = (nil, nil)
            }
            return nil
        }
        (suspectSince, suspicion) = (reading, jump)
        return jump
    }

    var isSuspect: Bool { suspectSince != nil }

    /// Ends the suspicion where somebody has confirmed the clock since it began, and it has gone with that.
    mutating func confirm(by trusted: ClockReading, at reading: ClockReading) {
        guard let since = suspectSince, trusted.isOfSameBoot(as: since), trusted.uptime >= since.uptime,
            reading.jump(since: trusted) == nil
        else { return }
        (suspectSince, suspicion) = (nil, nil)
    }
}

/// The clock of a run, looked at from its beginning to its end.
final class RunClock: Sendable {
    private let clock: any WallClock
    private let watch = Locked(ClockWatch())

    init(_ clock: any WallClock) { self.clock = clock }

    /// Why it cannot be acted on, by how it has moved since the first look; nil where it can.
    func look() -> ClockDoubt? {
        watch.withLock { watch in
            _ = watch.observe(clock.reading())
            return watch.suspicion.map { ClockDoubt.jumped($0) }
        }
    }
}
