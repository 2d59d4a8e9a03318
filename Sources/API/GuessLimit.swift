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
    /// How many addresses are remembered by one generation.
    private static let mostSources = 10_000

    /// Addresses move from one generation to the next when they are seen; a full one makes all before it forgotten. So
    /// that to know many costs no more than to know few.
    private struct Sources: Sendable {
        private var recent: [String: (count: Int, since: Instant)] = [:]
        private var earlier: [String: (count: Int, since: Instant)] = [:]

        func failures(of key: String, at now: Instant) -> (count: Int, since: Instant)? {
            guard let known = recent[key] ?? earlier[key], known.since <= now, now - known.since < GuessLimit.period
            else { return nil }
            return known
        }

        mutating func fail(_ key: String, at now: Instant) {
            let known = failures(of: key, at: now) ?? (0, now)
            if recent.count >= GuessLimit.mostSources, recent[key] == nil {
                earlier = recent
                recent = [:]
            }
            recent[key] = (known.count + 1, known.since)
        }
    }

    private let most: Int
    private let sources = Locked(Sources())

    init(most: Int = usual) { self.most = most }

    /// How long he has to wait; nil: he may try.
    func wait(for source: String, at now: Instant) -> TimeSpan? {
        let known = sources.withLock { $0.failures(of: key(source), at: now) }
        guard let known, known.count >= most else { return nil }
        return known.since + Self.period - now
    }

    func fail(_ source: String, at now: Instant) { sources.withLock { $0.fail(key(source), at: now) } }

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
        guard let wait = countWrongValue(request) else { return .unauthorized([Challenge.invalidToken], request) }
        return Refused(
            .problem(
                429, "Too many requests", detail: "too many values came from there that are no token's",
                headers: [Self.noStore, ("Retry-After", String(max(1, wait.seconds)))]))
    }
}
