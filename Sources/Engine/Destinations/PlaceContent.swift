import Crypto
package import RotaCore

/// What a destination holds, as far as we recognise it; never the value.
package enum PlaceContent: Hashable, Sendable {
    case empty
    /// A value of its own token.
    case version(Int, VersionState)
    /// What it held when it was adopted.
    case adopted
    /// A value of another token of ours: its name.
    case otherToken(String)
    /// One that has ended, so that nobody can be locked out by writing over it.
    case ended(ofToken: String, Digest)
    case unknown(Digest)
    /// The vault lets nobody read: it can never be told.
    case writeOnly
    /// It cannot be told now, and why.
    case unreadable(String)
}

/// One destination of a token, with what it holds.
package struct SurveyedPlace: Hashable, Sendable {
    package var token: Token
    package var destination: Destination
    package var content: PlaceContent
    /// The last four characters of a value in the layout of our own, with a right checksum; nil for any other.
    package var ownHint: String?
    /// What it was read with; nil where it was not.
    package var base: String?
}

/// Reads destinations and says what each holds. Changes nothing.
package struct DestinationSurvey: Sendable {
    /// How many tokens are looked up at once: destinations are kept in memory for these alone.
    private static let batch = 5000
    /// How many destinations of one vault are waited for at once; the vault bounds its own requests.
    private static let width = 64

    let store: StoreQueue
    private let vaults: [String: any Vault]

    package init(store: StoreQueue, vaults: [String: any Vault]) {
        self.store = store
        self.vaults = vaults
    }

    /// Reads every destination of these tokens, those of one vault never waiting for those of another.
    ///
    /// - Parameters:
    ///   - vault: this one alone; nil: all.
    ///   - each: called for each place, in no order.
    package func look(
        at tokens: [TokenID], in vault: String? = nil,
        each: @escaping @Sendable (SurveyedPlace) async throws -> Void
    ) async throws {
        for batch in tokens.batches(of: Self.batch) {
            let places = try await store.read { store in
                try batch.flatMap { id -> [(Token, Destination)] in
                    guard let token = try store.token(id) else { return [] }
                    return try store.destinations(of: id).filter { vault == nil || $0.vault == vault }
                        .map { (token, $0) }
                }
            }
            _ = try await inLanes(places, width: Self.width, lane: { $0.1.vault }) { token, destination in
                try await each(try await look(at: destination, of: token))
            }
        }
    }

    /// Reads one destination.
    func look(at destination: Destination, of token: Token) async throws -> SurveyedPlace {
        var place = SurveyedPlace(token: token, destination: destination, content: .empty)
        if let vault = vaults[destination.vault], !vault.capabilities.readable {
            place.content = .writeOnly
            return place
        }
        let digest: Digest?
        switch await read(destination) {
        case .failure(let error):
            place.content = .unreadable(error.message)
            return place
        case .success(let observation):
            place.base = observation.base
            guard let value = observation.value else { return place }
            digest = TokenValue.digest(of: value)
            if TokenValue.isWellFormed(value.copyBytes()) { place.ownHint = TokenValue.hint(of: value) }
        }
        guard let digest else { return place }
        place.content = try await store.read { store in
            if let (owner, version) = try store.version(with: digest) {
                if owner.id == token.id { return .version(version.number, version.state) }
                if version.state.authenticates { return .otherToken(owner.name) }
                return digest == destination.baseline ? .adopted : .ended(ofToken: owner.name, digest)
            }
            return digest == destination.baseline ? .adopted : .unknown(digest)
        }
        return place
    }

    private func read(_ destination: Destination) async -> Result<Observation, VaultError> {
        guard let vault = vaults[destination.vault] else {
            return .failure(VaultError(.missing, "the configuration has no vault named '\(destination.vault)'"))
        }
        do throws(VaultError) {
            return .success(try await vault.probe(destination))
        } catch {
            return .failure(error)
        }
    }
}
