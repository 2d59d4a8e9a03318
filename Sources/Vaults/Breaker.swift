import Crypto
import Engine
import RotaCore

/// Stops asking a vault that does not answer: after some calls in a row without an answer, further ones fail
/// at once for a while; then one is let through to see.
final class Breaker: Sendable {
    private struct State {
        var failures = 0
        var closedUntil: Instant?
        /// What the last call came to.
        var cause = ""
    }

    static let failuresInARow = 5
    static let pause = TimeSpan(seconds: 10)

    private let clock: any WallClock
    private let state = Locked(State())

    init(clock: any WallClock) {
        self.clock = clock
    }

    /// Throws `transient` while the vault is left alone.
    func check() throws(VaultError) {
        let now = clock.now()
        let rest = state.withLock { state -> (wait: TimeSpan, cause: String)? in
            guard let end = state.closedUntil else { return nil }
            // A clock that was set back must not keep it closed for longer than a pause.
            if now < end, end - now <= Self.pause { return (end - now, state.cause) }
            // This call finds out; until it has, the others go on failing.
            state.closedUntil = now + Self.pause
            return nil
        }
        if let rest {
            throw VaultError(
                .transient, "not tried: the last \(Self.failuresInARow) calls had no answer (\(rest.cause))",
                retryAfter: rest.wait)
        }
    }

    /// Any answer will do, a refusal too: the vault is there.
    func answered() {
        state.withLock { $0 = State() }
    }

    /// - parameter cause: what was in the way, without a secret.
    func wasNotAnswered(_ cause: String) {
        let now = clock.now()
        state.withLock { state in
            state.failures += 1
            state.cause = cause
            if state.failures >= Self.failuresInARow { state.closedUntil = now + Self.pause }
        }
    }
}
