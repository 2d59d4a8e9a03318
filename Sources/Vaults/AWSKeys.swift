import Crypto
import Engine
import HTTPClient
import RotaCore

/// What requests are signed with.
struct AWSKeys: Sendable {
    var accessKeyID: String
    var secretAccessKey: Secret
    var sessionToken: Secret?
    /// Nil when nobody told.
    var endsAt: Instant?

    func isSame(as other: AWSKeys) -> Bool {
        guard accessKeyID == other.accessKeyID, secretAccessKey.isEqual(to: other.secretAccessKey) else { return false }
        switch (sessionToken, other.sessionToken) {
        case (nil, nil): return true
        case (let mine?, let theirs?): return mine.isEqual(to: theirs)
        default: return false
        }
    }
}

/// Keeps keys that are good: gets them when first needed, gets others before they end, and when they are refused.
///
/// One is under way to get them for all callers.
final class AWSKeyRing: Sendable {
    private struct State {
        var keys: AWSKeys?
        var keptAt: Instant?
        /// Not before then is it tried again to replace keys that are still good.
        var nextTry: Instant?
    }

    /// So long before their end keys are replaced.
    static let margin = TimeSpan(seconds: 300)
    /// How long it is left at that when they could not be.
    static let pause = TimeSpan(seconds: 30)
    /// Keys that are refused so soon would be refused again.
    static let trust = TimeSpan(seconds: 10)

    private let source: @Sendable () async -> Result<AWSKeys, VaultError>
    private let clock: any WallClock
    private let errand = SharedErrand<AWSKeys>()
    private let state = Locked(State())

    init(clock: any WallClock, source: @escaping @Sendable () async -> Result<AWSKeys, VaultError>) {
        self.clock = clock
        self.source = source
    }

    func keys() async throws(VaultError) -> AWSKeys {
        let now = clock.now()
        if let keys = present(at: now) { return keys }
        return try await errand.run { () async throws(VaultError) -> AWSKeys in
            // Somebody else may have got them while we came here.
            if let keys = self.present(at: now) { return keys }
            do throws(VaultError) {
                return self.keep(try await self.source().get())
            } catch {
                // Those that we have are good for a while yet.
                guard let keys = self.state.withLock({ $0.keys }), let end = keys.endsAt, self.clock.now() < end else {
                    throw error
                }
                self.state.withLock { $0.nextTry = self.clock.now() + Self.pause }
                return keys
            }
        }
    }

    /// Keys to use in place of those that were refused; nil when there are no others.
    func replacement(of refused: AWSKeys) async throws(VaultError) -> AWSKeys? {
        let keys = try await errand.run { () async throws(VaultError) -> AWSKeys in
            let (present, keptAt) = self.state.withLock { ($0.keys, $0.keptAt) }
            if let present, !present.isSame(as: refused) { return present }
            let now = self.clock.now()
            if let keptAt, keptAt <= now, now - keptAt < Self.trust { return refused }
            return self.keep(try await self.source().get())
        }
        return keys.isSame(as: refused) ? nil : keys
    }

    private func keep(_ keys: AWSKeys) -> AWSKeys {
        let now = clock.now()
        state.withLock { $0 = State(keys: keys, keptAt: now) }
        return keys
    }

    /// The keys, unless it is time for others.
    private func present(at now: Instant) -> AWSKeys? {
        state.withLock { state in
            guard let keys = state.keys, let end = keys.endsAt else { return state.keys }
            if now < end - Self.margin { return keys }
            guard let next = state.nextTry, now < next, next - now <= Self.pause, now < end else { return nil }
            return keys
        }
    }
}
