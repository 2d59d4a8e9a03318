import Crypto
import Engine
package import RotaCore

/// A clock that stands still until it is moved. To sleep is to move it: a test never waits.
package final class ManualClock: WallClock {
    private struct State {
        /// Since the epoch.
        var milliseconds: Int64
        /// What the wall clock was set by, beyond the time that passed, in milliseconds.
        var jumped: Int64 = 0
        var sleeps: [Int64] = []
    }

    private let state: Locked<State>

    package init(_ now: Instant = Instant(seconds: 1_800_000_000)) {
        state = Locked(State(milliseconds: now.seconds * 1000))
    }

    package func now() -> Instant {
        state.withLock { Instant(seconds: $0.milliseconds / 1000) }
    }

    package func reading() -> ClockReading {
        state.withLock { state in
            ClockReading(
                wall: Instant(seconds: state.milliseconds / 1000),
                uptime: TimeSpan(seconds: (state.milliseconds - state.jumped) / 1000), boot: "manual")
        }
    }

    /// Sets the wall clock, while no time passes.
    package func jump(by span: TimeSpan) {
        state.withLock { state in
            state.milliseconds += span.seconds * 1000
            state.jumped += span.seconds * 1000
        }
    }

    package func sleep(milliseconds: Int64) async throws {
        try Task.checkCancellation()
        state.withLock { state in
            state.milliseconds += max(0, milliseconds)
            state.sleeps.append(milliseconds)
        }
        await Task.yield()
    }

    /// Moves the clock; a negative span moves it back.
    package func advance(by span: TimeSpan) {
        state.withLock { $0.milliseconds += span.seconds * 1000 }
    }

    package func set(to now: Instant) {
        state.withLock { $0.milliseconds = now.seconds * 1000 }
    }

    /// How long each sleep was, in milliseconds, oldest first.
    package var sleeps: [Int64] {
        state.withLock { $0.sleeps }
    }
}
