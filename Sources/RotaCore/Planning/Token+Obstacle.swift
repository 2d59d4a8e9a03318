extension Token {
    /// Why an action cannot be taken on it; nil when it can.
    ///
    /// Nothing is done blindly: not to somebody else's token, nor where the new value could not be delivered.
    ///
    /// - parameters:
    ///   - vaults: the names of the vaults that the configuration has.
    ///   - destinations: asked only for a token that is to be rotated.
    package func obstacle(
        to action: Action, vaults: Set<String>, destinations: () throws -> [Destination]
    ) rethrows -> BlockedReason? {
        guard action != .notify else { return nil }
        guard issuer == .rota else { return .issuerNotDriven }
        guard action == .rotate else { return nil }
        guard destinationCount > 0 else { return .noDestination }
        return try destinations().allSatisfy { vaults.contains($0.vault) } ? nil : .unknownVault
    }
}
