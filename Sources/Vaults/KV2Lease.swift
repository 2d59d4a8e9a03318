import Crypto
import JSON
import RotaCore

/// A token that the server accepts, and for how long.
struct KV2Lease: Sendable {
    enum Phase: Sendable {
        case fresh
        /// Two thirds have passed: still good, and time to see to the next.
        case due
        case ended
    }

    let token: Secret
    /// The namespace that the token is of.
    let namespace: String?
    /// Made by our login: renewed, replaced, and given back at the end.
    let isOurs: Bool
    let isRenewable: Bool
    /// Batch tokens cannot be.
    let isRevocable: Bool
    /// How long it lasted when it was new; nil: it has no end.
    let fullSpan: TimeSpan?
    /// When it is to be renewed or replaced.
    private(set) var dueAt: Instant?
    private(set) var endsAt: Instant?

    /// Somebody else's, of which nothing is known.
    init(foreign token: Secret, namespace: String?) {
        self.token = token
        self.namespace = namespace
        isOurs = false
        isRenewable = false
        isRevocable = false
        fullSpan = nil
    }

    /// Reads the `auth` part of an answer; nil when it is not one.
    ///
    /// - parameter now: when the request was sent, which is before the server's own count began.
    init?(_ auth: JSON?, namespace: String?, at now: Instant) {
        guard let text = auth?["client_token"]?.string, !text.isEmpty,
            let seconds = auth?["lease_duration"]?.integer, seconds >= 0
        else { return nil }
        token = Secret(utf8: text)
        self.namespace = namespace
        isOurs = true
        isRenewable = auth?["renewable"]?.bool ?? false
        isRevocable = auth?["token_type"]?.string != "batch"
        fullSpan = seconds == 0 ? nil : TimeSpan(seconds: seconds)
        extend(by: fullSpan, at: now)
    }

    func phase(at now: Instant) -> Phase {
        if let endsAt, endsAt <= now { return .ended }
        if let dueAt, dueAt <= now { return .due }
        return .fresh
    }

    /// The same token after the server granted `span` more; nil where that is so much less than at first
    /// that its very end must be near.
    func renewed(for span: TimeSpan, at now: Instant) -> KV2Lease? {
        guard let fullSpan, span.seconds * 3 >= fullSpan.seconds else { return nil }
        var lease = self
        lease.extend(by: span, at: now)
        return lease
    }

    /// The same, to be renewed later because it did not succeed now.
    func postponed(at now: Instant) -> KV2Lease {
        var lease = self
        if let endsAt { lease.dueAt = now + TimeSpan(seconds: max(1, (endsAt - now).seconds / 3)) }
        return lease
    }

    private mutating func extend(by span: TimeSpan?, at now: Instant) {
        endsAt = span.map { now + $0 }
        dueAt = span.map { now + TimeSpan(seconds: max(1, $0.seconds * 2 / 3)) }
    }
}
