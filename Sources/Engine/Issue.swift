package import Crypto
package import RotaCore

/// A token that is to be made.
package struct TokenDraft: Hashable, Sendable {
    package var name: String
    package var description = ""
    package var owner = ""
    package var integration = ""
    package var scopes: [String] = []
    package var labels: [String: String] = [:]
    package var prefix = TokenValue.defaultPrefix
    package var expiresAt: Instant?
    package var destinations: [Destination] = []

    package init(name: String) { self.name = name }

    /// Everything that is wrong with it, each in a sentence; empty: it can be issued at `now`.
    ///
    /// - parameter before: as it was, where there was one: what it was called already may stay.
    package func faults(at now: Instant, since before: Token? = nil) -> [String] {
        var faults = disguises(since: before)
        func require(_ holds: Bool, _ fault: @autoclosure () -> String) {
            if !holds { faults.append(fault()) }
        }
        require(
            !SecretShape.isLikely(in: name),
            "the name looks like a secret, and names are shown everywhere; call it after what uses it")
        require(
            TokenFields.isText(description),
            "the description is longer than 1000 characters, or has characters that are not for one line of text")
        for (what, text) in [("description", description), ("owner", owner), ("integration", integration)] {
            require(
                !SecretShape.isLikely(in: text), "the \(what) looks like a secret, and is shown to whoever looks")
        }
        for text in scopes + labels.sorted(by: { $0.key < $1.key }).flatMap({ [$0.key, $0.value] })
        where SecretShape.isLikely(in: text) {
            faults.append("a scope or label looks like a secret, and is shown to whoever looks")
        }
        require(
            TokenValue.isPrefix(prefix), "'\(prefix)' is not a prefix: 2 to 16 of a-z and 0-9, a letter first"
        )
        require(scopes.count <= TokenFields.mostScopes, "more than \(TokenFields.mostScopes) scopes")
        for scope in scopes where !TokenFields.isScope(scope) {
            faults.append("'\(scope)' cannot be a scope: no blanks, quotes, backslashes or semicolons")
        }
        require(labels.count <= TokenFields.mostLabels, "more than \(TokenFields.mostLabels) labels")
        for (key, value) in labels.sorted(by: { $0.key < $1.key })
        where !TokenFields.isLabelKey(key) || !TokenFields.isLabelValue(value) {
            faults.append(
                "'\(abridged(key))=\(abridged(value))' cannot be a label: the key has 1 to 63 letters, digits "
                    + "and .-_/, the value 256 characters at most, and none that is ';'")
        }
        require(expiresAt.map { $0 > now } ?? true, "its end is not in the future")
        require(
            destinations.count <= TokenFields.mostDestinations,
            "more than \(TokenFields.mostDestinations) destinations")
        require(
            Set(destinations.map(\.description)).count == destinations.count, "a destination is given twice")
        return faults
    }

    /// What would have somebody take it, or who has it, for another one.
    private func disguises(since before: Token?) -> [String] {
        let name = before?.name == name ? nil : TokenFields.fault(ofName: name)
        let others = [("owner", owner, before?.owner), ("integration", integration, before?.integration)]
            .filter { $0.1 != $0.2 }
            .compactMap { what, text, _ in
                TokenFields.disguise(in: text).map { "the \(what) has \($0)" }
                    ?? (TokenFields.isText(text) ? nil : "the \(what) is longer than 1000 characters")
            }
        return (name.map { [$0] } ?? []) + others
    }
}

/// A token that was made, and its value where somebody is to be shown it.
package struct IssuedToken: Sendable {
    package var token: Token
    /// Nil for a token with destinations: its first value is made and pushed there by a rotation.
    package var value: Secret?
}

/// Makes a token within a transaction of the caller, who shows its value only once that is committed (I4).
///
/// A token with destinations has no version yet: rotating it from none makes the first one and brings it
/// there by the protocol, so that nobody needs to see it.
package func issueToken(
    _ draft: TokenDraft, in store: any Store, random: any RandomSource, change: Change
) throws -> IssuedToken {
    // It could not be brought there, and would be left half made.
    if !draft.destinations.isEmpty, let brake = try store.brake(at: change.at) { throw StoreError.held(brake) }
    let value =
        draft.destinations.isEmpty
        ? TokenValue.mint(prefix: draft.prefix) { random.bytes(64) }
        : nil
    let version = value.map {
        Version(
            number: 1, state: .current, digest: TokenValue.digest(of: $0), hint: TokenValue.hint(of: $0),
            issuedAt: change.at)
    }
    let token = Token(
        id: TokenID(randomBytes: random.bytes(TokenID.randomCount)), name: draft.name,
        description: draft.description, owner: draft.owner, integration: draft.integration,
        scopes: draft.scopes, labels: draft.labels, prefix: draft.prefix, createdAt: change.at,
        createdBy: change.actor.name, expiresAt: draft.expiresAt,
        values: ValueSummary(current: version?.number, currentIssuedAt: version?.issuedAt),
        destinationCount: draft.destinations.count)
    try store.addToken(token, version: version, destinations: draft.destinations, change: change)
    return IssuedToken(token: token, value: value)
}
