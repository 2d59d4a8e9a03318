import Addresses
import Crypto
import Engine
import HTTPServer
import RotaCore

/// Bounds how often somebody may be wrong from one address: one who guesses is stopped, and a success of his does not
/// give him further tries.
final class GuessLimit: Sendable {
    /// Of people who fill in a form: tries that fail within a minute before the next are refused unseen.
    static let usual = 10
    static let period = TimeSpan.minutes(1)
    /// How many addresses are remembered; the oldest makes room.
    private static let mostSources = 10_000

    private let most: Int
    private let failures = Locked<[String: (count: Int, since: Instant)]>([:])

    init(most: Int = usual) { self.most = most }

    /// How long he has to wait; nil: he may try.
    func wait(for source: String, at now: Instant) -> TimeSpan? {
        failures.withLock { failures in
            guard let known = failures[key(source)], known.count >= most else { return nil }
            let left = known.since + Self.period - now
            return left > .zero && left <= Self.period ? left : nil
        }
    }

    func fail(_ source: String, at now: Instant) {
        failures.withLock { failures in
            if failures.count >= Self.mostSources {
                failures = failures.filter { now - $0.value.since < Self.period && $0.value.since <= now }
            }
            if failures.count >= Self.mostSources, let oldest = failures.min(by: { $0.value.since < $1.value.since }) {
                failures[oldest.key] = nil
            }
            let key = key(source)
            guard let known = failures[key], known.since <= now, now - known.since < Self.period else {
                failures[key] = (1, now)
                return
            }
            failures[key] = (known.count + 1, known.since)
        }
    }

    /// All addresses of one /64 are one's own.
    private func key(_ source: String) -> String {
        guard let address = IPAddress(source), address.width == 128, address.embedded == nil else { return source }
        return "\(address.value >> 64)/64"
    }
}

extension API {
    /// Counts a value that is nobody's against the address that it came from; how long that has to wait, where there
    /// were too many within the last minute.
    ///
    /// Values are too long to be guessed: what is bounded is the trouble that trying makes. Whoever comes with a value
    /// that is somebody's is never counted, nor kept waiting, whoever else is behind his address.
    func countWrongValue(_ request: Request) -> TimeSpan? {
        let now = parts.clock.now()
        let origin = Origin(of: request, trusting: parts.trustedProxies)
        let source = origin.source ?? request.peer.description
        // Who comes over a Unix socket need be no proxy.
        if origin.source == nil, request.peer != .unix,
            !isUnnamedTold.withLock({ isTold in
                defer { isTold = true }
                return isTold
            })
        {
            parts.tell(
                "a proxy does not say whom it asks for: without X-Forwarded-For all who come through it count as one",
                [LogField("request_id", request.id), LogField("proxy", source)])
        }
        if let wait = wrongValues.wait(for: source, at: now) { return wait }
        wrongValues.fail(source, at: now)
        return nil
    }

    /// The refusal of a value that is nobody's.
    func refuseWrongValue(_ request: Request) -> Refused {
        guard let wait = countWrongValue(request) else { return .unauthorized([Challenge.invalidToken]) }
        return Refused(
            .problem(
                429, "Too many requests", detail: "too many values came from there that are no token's",
                headers: [Self.noStore, ("Retry-After", String(max(1, wait.seconds)))]))
    }
}
