import Crypto
import Engine
import HTTPServer
import RotaCore

/// Who asks, as he was found when his request came.
///
/// It may wait for other writers, and one of them may revoke him: so he is looked up again in the transaction that does
/// what he asked for, and nothing is done where he is not what he was.
struct Standing: Sendable {
    /// Of the value that he presented, or signed in with.
    var digest: Digest
    var value: KnownValue
    /// One of these is needed; nil: the value alone will do.
    var roles: [String]?

    /// Why nothing is done for him.
    enum Loss: Error {
        /// His value is not accepted any more.
        case value
        /// He has none of the roles any more.
        case roles
        /// His name, his owner or what he may give is not what it was when that was looked at.
        case changed
    }

    /// - throws: `Loss`.
    func require(in store: some StoreReads, at now: Instant) throws {
        guard let (token, version) = try store.version(with: digest), token.canAuthenticate(at: now),
            version.state.authenticates
        else { throw Loss.value }
        if let roles, !roles.contains(where: token.scopes.contains) { throw Loss.roles }
        guard token.id == value.tokenID, token.name == value.name, token.owner == value.owner,
            token.expiresAt == value.expiresAt, token.scopes.joined(separator: " ") == value.scope
        else { throw Loss.changed }
    }
}

extension Call {
    /// Within the transaction that does what he asks for.
    ///
    /// - throws: `Standing.Loss`.
    func requireStanding(in store: some StoreReads) throws { try standing.require(in: store, at: clock.now()) }
}

extension API {
    /// Has something done that takes more than a transaction, for whoever may ask when it begins, and still in the
    /// transaction of the first change.
    func whileStanding<R>(_ call: Call, _ body: () async throws -> R) async throws -> R {
        try await parts.store.read { try call.requireStanding(in: $0) }
        return try await FirstChange.$current.withValue(
            FirstChange { try call.requireStanding(in: $0) }, operation: body)
    }

    /// As he would be refused if he came now.
    func refused(_ loss: Standing.Loss, _ standing: Standing, _ request: Request) -> Refused {
        switch loss {
        case .value: unaccepted(standing.value, request)
        case .roles: lacking(standing.roles ?? [], standing.value, request)
        case .changed:
            Refused(
                .problem(
                    503, "Unavailable",
                    detail: "your token was changed while this waited: nothing was done, ask again",
                    headers: [Self.noStore, ("Retry-After", "1")]))
        }
    }
}
