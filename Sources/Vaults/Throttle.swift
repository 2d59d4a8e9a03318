import Crypto
import Engine
import RotaCore

/// Leaves a server alone for as long as it asked for by `Retry-After`: all calls wait, not only the one that
/// was told so.
final class Throttle: Sendable {
    /// Who is asked to wait longer comes back later instead.
    static let patience = TimeSpan(seconds: 3)

    private let clock: any WallClock
    private let held = Locked<(until: Instant, span: TimeSpan)?>(nil)

    init(clock: any WallClock) {
        self.clock = clock
    }

    /// - parameter span: counts from now.
    func hold(for span: TimeSpan) {
        // Our clock knows whole seconds: one more, so that it is never too early.
        let span = span + TimeSpan(seconds: 1)
        let end = clock.now() + span
        held.withLock { held in
            if held.map({ $0.until < end }) ?? true { held = (end, span) }
        }
    }

    /// Returns when the server may be asked again; throws `transient` when that is too far away.
    func pass() async throws(VaultError) {
        while let left = timeLeft() {
            let asked = TimeSpan(seconds: max(1, left.seconds - 1))
            guard asked <= Self.patience else {
                throw VaultError(
                    .transient, "not tried: the server asked to be left alone for \(asked.spoken)", retryAfter: asked)
            }
            do {
                try await clock.sleep(milliseconds: left.seconds * 1000)
            } catch {
                throw VaultError(.transient, "cancelled while the server wanted to be left alone; nothing was sent")
            }
        }
    }

    private func timeLeft() -> TimeSpan? {
        let now = clock.now()
        return held.withLock { held in
            // A clock that was set back must not make the wait longer than it was to be.
            guard let (until, span) = held, until > now, until - now <= span else {
                held = nil
                return nil
            }
            return until - now
        }
    }
}
