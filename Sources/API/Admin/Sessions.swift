import Crypto
import Engine
import Pages
import RotaCore

/// Who is signed in at the pages, until he leaves, sleeps or has been there for long; in memory alone, and by the value
/// that he signed in with: once that is not accepted any more, neither is he.
final class Sessions: Sendable {
    struct Session: Sendable {
        /// Of the value that he showed.
        var value: Digest
        /// Whose token it was when a provider said who he is; nil where he showed the value himself.
        var provenOwner: String?
        /// What every form of his bears.
        var csrf: String
        var begunAt: Instant
        var seenAt: Instant
        /// What he is told on the next page.
        var notice: Frame.Notice?
    }

    /// Without a look at a page for so long he has to sign in again; and after so long in any case.
    static let idleTime = TimeSpan.minutes(30)
    static let longest = TimeSpan.hours(8)
    /// How many there are at a time; the one that was seen the longest ago makes room.
    private static let most = 1_000
    /// How many of them are by one value: who signs in again and again puts out nobody but himself.
    static let mostOfOne = 20
    /// `__Host-`: set over TLS, by this host and for all of it, or taken by no browser.
    static let cookie = "__Host-rota-session"

    private let sessions = Locked<[String: Session]>([:])
    private let random: any RandomSource

    init(random: any RandomSource) { self.random = random }

    /// The name that the cookie bears; what is kept here is its digest.
    func begin(_ value: Digest, provenOwner: String? = nil, at now: Instant) -> String {
        let name = Hex.encode(random.bytes(32))
        let session = Session(
            value: value, provenOwner: provenOwner, csrf: Hex.encode(random.bytes(32)), begunAt: now, seenAt: now)
        sessions.withLock { sessions in
            let own = sessions.filter { $0.value.value == value }
            if own.count >= Self.mostOfOne, let oldest = own.min(by: { $0.value.seenAt < $1.value.seenAt }) {
                sessions[oldest.key] = nil
            }
            if sessions.count >= Self.most, let oldest = sessions.min(by: { $0.value.seenAt < $1.value.seenAt }) {
                sessions[oldest.key] = nil
            }
            sessions[Self.key(name)] = session
        }
        return name
    }

    /// The session of a cookie, where it is one, with what he is to be told, once.
    func find(_ name: String, at now: Instant, takingNotice: Bool) -> Session? {
        sessions.withLock { sessions in
            let key = Self.key(name)
            guard var session = sessions[key] else { return nil }
            guard now - session.seenAt < Self.idleTime, now - session.begunAt < Self.longest, now >= session.begunAt
            else {
                sessions[key] = nil
                return nil
            }
            session.seenAt = now
            sessions[key] = session
            if takingNotice { sessions[key]?.notice = nil }
            return session
        }
    }

    func tell(_ name: String, _ notice: Frame.Notice) {
        sessions.withLock { $0[Self.key(name)]?.notice = notice }
    }

    func end(_ name: String) { sessions.withLock { $0[Self.key(name)] = nil } }

    private static func key(_ name: String) -> String { Hex.encode(SHA256.digest(of: name)) }
}
