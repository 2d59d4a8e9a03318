import Crypto
package import RotaCore

/// Which tokens' holders have to wait before they may ask for another rotation: theirs is under way, or came to
/// nothing. In memory: after a restart each may ask once.
package final class HolderPauses: Sendable {
    /// Whether a rotation may begin.
    package enum Answer: Hashable, Sendable {
        case free
        case underWay
        case until(Instant)
    }

    private struct Pause {
        var failures: Int
        var until: Instant
        var isUnderWay: Bool
    }

    /// The first wait; each further one is twice as long, up to an hour.
    package static let first = TimeSpan.minutes(1)
    package static let longest = TimeSpan.hours(1)
    /// How many tokens are remembered: with more than this many in trouble, all further ones wait, too.
    package static let most = 10_000

    private let pauses = Locked<[TokenID: Pause]>([:])

    package init() {}

    /// Takes the token up where it is free.
    func begin(_ id: TokenID, at now: Instant) -> Answer {
        pauses.withLock { pauses in
            if let pause = pauses[id] {
                if pause.isUnderWay { return .underWay }
                // A clock that was set back does not make it longer.
                if now < pause.until, pause.until - now <= Self.longest { return .until(pause.until) }
            } else if pauses.count >= Self.most {
                pauses = pauses.filter { $0.value.isUnderWay || now < $0.value.until }
                guard pauses.count < Self.most else { return .until(now + Self.first) }
            }
            pauses[id, default: Pause(failures: 0, until: now, isUnderWay: true)].isUnderWay = true
            return .free
        }
    }

    /// It came to nothing; tells when it may be asked for again.
    func fail(_ id: TokenID, at now: Instant) -> Instant {
        pauses.withLock { pauses in
            let failures = (pauses[id]?.failures ?? 0) + 1
            let wait = min(Self.longest.seconds, Self.first.seconds << Int64(min(failures - 1, 10)))
            let until = now + TimeSpan(seconds: wait)
            pauses[id] = Pause(failures: failures, until: until, isUnderWay: false)
            return until
        }
    }

    /// It is over, and nothing has to be waited for.
    func end(_ id: TokenID) { pauses.withLock { $0[id] = nil } }
}
