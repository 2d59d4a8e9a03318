import Crypto
import Engine
import Glibc
import RotaCore

/// The machine's clock: the only place that reads it.
struct SystemClock: WallClock {
    func now() -> Instant {
        var time = timespec()
        let status = unsafe clock_gettime(CLOCK_REALTIME, &time)
        precondition(status == 0, "CLOCK_REALTIME always exists")
        return Instant(seconds: Int64(time.tv_sec))
    }

    /// The time since some instant that stays the same while the process lives, whatever happens to the clock.
    func uptime() -> Duration {
        ContinuousClock.now - Self.start
    }

    private static let start = ContinuousClock.now

    /// The same, for what takes microseconds.
    @Sendable static func nanoseconds() -> UInt64 {
        var time = timespec()
        let status = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        precondition(status == 0, "CLOCK_MONOTONIC always exists")
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    func reading() -> ClockReading {
        var time = timespec()
        let status = unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        precondition(status == 0, "CLOCK_BOOTTIME always exists")
        return ClockReading(wall: now(), uptime: TimeSpan(seconds: Int64(time.tv_sec)), boot: Self.boot)
    }

    /// Changes with every start of the machine; where it cannot be told, with every process, which at least goes by
    /// its own readings.
    private static let boot: String = {
        let file = try? File(reading: "/proc/sys/kernel/random/boot_id").readAll(most: 64)
        guard let file, !file.isEmpty else { return "process \(Hex.encode(Random.bytes(16)))" }
        return String(decoding: file, as: UTF8.self)
    }()

    /// A year: what is longer overflows somewhere below.
    private static let longestSleep: Int64 = 31_536_000_000

    func sleep(milliseconds: Int64) async throws {
        try await Task.sleep(for: .milliseconds(min(max(0, milliseconds), Self.longestSleep)))
    }
}

/// The operating system's randomness.
struct SystemRandom: RandomSource {
    func bytes(_ count: Int) -> [UInt8] { Random.bytes(count) }
}
