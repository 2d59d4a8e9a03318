import Crypto
import Engine
import HTTPClient
import JSON
import RotaCore

/// Sends requests with a token that is good: logs in when there is none, renews before the lease ends, and
/// logs in once more when the server does not know the token any more.
///
/// One login is under way for all callers. Credentials are read anew for each.
final class KV2Session: Sendable {
    private struct State {
        var lease: KV2Lease?
        /// Leases that were replaced before their end.
        var replaced: [KV2Lease] = []
        /// What the server last would not have, so that wrong credentials do not lock the account.
        var refusal: Refusal?
        /// When it was last looked whether a token that was denied something is still good. It counts for the next
        /// token too: one that may not even look itself up would else be replaced at every denial.
        var verifiedAt: Instant?
    }

    private struct Refusal {
        var error: VaultError
        var credentials: [Secret]
        var pause: TimeSpan
        var until: Instant
    }

    /// How long credentials that were refused are not tried again; it doubles with each time.
    static let firstPause = TimeSpan(seconds: 10)
    static let longestPause = TimeSpan(seconds: 600)
    /// How long a token that was found good is taken for good whatever is denied to it.
    static let trust = TimeSpan(seconds: 10)
    /// How often one request is sent again with another lease.
    private static let mostReplacements = 2

    private let authentication: KV2Authentication
    private let namespace: String?
    private let connection: KV2Connection
    private let clock: any WallClock
    private let errand = SharedErrand<KV2Lease?>()
    private let state = Locked(State())

    /// - parameter namespace: of the secrets, and of the login where that names no other.
    init(
        _ authentication: KV2Authentication, namespace: String?, connection: KV2Connection, clock: any WallClock
    ) {
        self.authentication = authentication
        self.namespace = namespace
        self.connection = connection
        self.clock = clock
    }

    /// Sends one request and gives the answer, whatever its status.
    func send(
        _ method: String, _ path: String, body: [UInt8] = [], holding value: Secret? = nil,
        for purpose: Purpose
    ) async throws(VaultError) -> KV2Answer {
        var (answer, lease) = try await sendOnce(method, path, body, value, purpose)
        // A request that was denied was not carried out, so that sending it again is safe. The lease that takes the
        // place of the first may end on the way as well.
        for _ in 0..<Self.mostReplacements where answer.isDenied {
            guard try await isReplaced(lease) else { break }
            (answer, lease) = try await sendOnce(method, path, body, value, purpose)
        }
        return answer
    }

    private func sendOnce(
        _ method: String, _ path: String, _ body: [UInt8], _ value: Secret?, _ purpose: Purpose
    ) async throws(VaultError) -> (answer: KV2Answer, lease: KV2Lease) {
        try await connection.send(
            method, path, body: body, namespace: namespace, secrets: [value].compactMap(\.self), for: purpose,
            with: lease)
    }

    /// Makes sure that the server accepts our token.
    func prove() async throws(VaultError) {
        let lease = try await lease()
        if lease.isOurs { return }
        let answer = try await send("GET", "auth/token/lookup-self", for: .reading)
        guard answer.response.status == 200 else { throw answer.failure }
        guard answer.document?["data"]?.object != nil else {
            throw VaultError(.garbled, "the answer is not that of Vault or OpenBao")
        }
    }

    /// Gives back what we logged in for. What cannot be given back ends by itself.
    func close() async {
        let leases = state.withLock { state in
            defer { state = State() }
            return state.replaced + [state.lease].compactMap(\.self)
        }
        let now = clock.now()
        for lease in leases where lease.isOurs && lease.isRevocable && lease.phase(at: now) != .ended {
            _ = try? await tell("POST", "auth/token/revoke-self", lease, for: .writing)
        }
    }
}

// MARK: - Which lease

extension KV2Session {
    private func lease() async throws(VaultError) -> KV2Lease {
        while true {
            if let lease = state.withLock({ $0.lease }) {
                switch lease.phase(at: clock.now()) {
                case .fresh: return lease
                // One sees to the next; the others need not wait for him.
                case .due where errand.isUnderWay: return lease
                case .due, .ended: break
                }
            }
            let obtained = try await errand.run { () async throws(VaultError) -> KV2Lease? in
                try await self.obtain()
            }
            if let obtained { return obtained }
        }
    }

    /// The lease to use from now on, whatever state the present one is in.
    private func obtain() async throws(VaultError) -> KV2Lease {
        guard let lease = state.withLock({ $0.lease }) else { return try await logIn() }
        switch lease.phase(at: clock.now()) {
        case .fresh: return lease
        case .ended: return try await logIn()
        case .due:
            do throws(VaultError) {
                return try await renewed(lease)
            } catch {
                // It is still good: the trouble is somebody's only when it has ended.
                let postponed = lease.postponed(at: clock.now())
                state.withLock { $0.lease = postponed }
                return postponed
            }
        }
    }

    /// https://openbao.org/api-docs/auth/token/#renew-a-token-self
    private func renewed(_ lease: KV2Lease) async throws(VaultError) -> KV2Lease {
        guard lease.isRenewable else { return try await logIn() }
        let now = clock.now()
        let answer = try await tell("POST", "auth/token/renew-self", lease, for: .writing)
        let granted = answer.document?["auth"]?["lease_duration"]?.integer
        if answer.response.status == 200, let granted,
            let renewed = lease.renewed(for: TimeSpan(seconds: granted), at: now)
        {
            state.withLock { $0.lease = renewed }
            return renewed
        }
        return try await logIn()
    }

    /// Whether there is another lease in place of one that the server denied something to; false when that one is
    /// good, so that the denial stands.
    private func isReplaced(_ denied: KV2Lease) async throws(VaultError) -> Bool {
        let next = try await errand.run { () async throws(VaultError) -> KV2Lease? in
            guard let lease = self.state.withLock({ $0.lease }) else { return try await self.logIn() }
            // Somebody else replaced it while we waited.
            guard lease.token === denied.token else { return lease }
            guard lease.isOurs else { return try await self.rereadToken(insteadOf: lease) }
            let now = self.clock.now()
            if lease.phase(at: now) == .ended { return try await self.logIn() }
            let isTrusted = self.state.withLock { state in
                defer { state.verifiedAt = now }
                guard let last = state.verifiedAt, last <= now else { return false }
                return now - last < Self.trust
            }
            if isTrusted { return nil }
            let answer = try await self.tell("GET", "auth/token/lookup-self", lease, for: .reading)
            return answer.isDenied ? try await self.logIn() : nil
        }
        return next != nil
    }

    /// Nil when what is kept there is what was denied.
    private func rereadToken(insteadOf lease: KV2Lease) async throws(VaultError) -> KV2Lease? {
        guard case .token(let credential) = authentication else { return nil }
        let token = try await credential.read()
        return lease.token.isEqual(to: token) ? nil : keep(KV2Lease(foreign: token, namespace: namespace))
    }

    private func keep(_ lease: KV2Lease) -> KV2Lease {
        let now = clock.now()
        state.withLock { state in
            state.replaced = (state.replaced + [state.lease].compactMap(\.self)).filter {
                $0.isOurs && $0.phase(at: now) != .ended
            }
            state.lease = lease
            state.refusal = nil
        }
        return lease
    }

    /// A request about a token of ours, in the namespace that it is of.
    private func tell(
        _ method: String, _ path: String, _ lease: KV2Lease, for purpose: Purpose
    ) async throws(VaultError) -> KV2Answer {
        try await connection.sendAtOnce(
            method, path, token: lease.token, namespace: lease.namespace, secrets: [], for: purpose)
    }
}

// MARK: - Logging in

extension KV2Session {
    private func logIn() async throws(VaultError) -> KV2Lease {
        switch authentication {
        case .token(let credential):
            return keep(KV2Lease(foreign: try await credential.read(), namespace: namespace))
        case .login(let login):
            let credentials = try await login.readCredentials()
            try refrain(from: credentials)
            let home = login.namespace ?? namespace
            let now = clock.now()
            let answer = try await connection.sendAtOnce(
                "POST", login.path, body: login.body(with: credentials), token: nil, namespace: home,
                secrets: credentials, for: .reading)
            guard answer.response.status == 200 else {
                let error = login.failure(answer, with: credentials)
                if error.kind == .denied || error.kind == .missing { remember(error, of: credentials) }
                throw error
            }
            guard let lease = KV2Lease(answer.document?["auth"], namespace: home, at: now) else {
                throw VaultError(.garbled, "\(login.method) login at \(login.path): the answer has no token")
            }
            return keep(lease)
        }
    }

    /// Throws what the server said of these very credentials a moment ago: servers lock accounts.
    private func refrain(from credentials: [Secret]) throws(VaultError) {
        let now = clock.now()
        let refusal = state.withLock { $0.refusal }
        guard let refusal, refusal.credentials.count == credentials.count,
            zip(refusal.credentials, credentials).allSatisfy({ $0.isEqual(to: $1) }),
            now < refusal.until, refusal.until - now <= refusal.pause
        else { return }
        throw refusal.error
    }

    private func remember(_ error: VaultError, of credentials: [Secret]) {
        let now = clock.now()
        state.withLock { state in
            let last = state.refusal?.pause.seconds ?? 0
            let pause = TimeSpan(
                seconds: min(Self.longestPause.seconds, max(Self.firstPause.seconds, last * 2)))
            state.refusal = Refusal(error: error, credentials: credentials, pause: pause, until: now + pause)
        }
    }
}
