import Vaults

/// An endpoint that takes values by requests of any shape.
struct HTTPVaultSettings: Hashable, Sendable {
    var configuration: HTTPVaultConfiguration
    /// What goes into the header that the configuration names.
    var credential: SecretReference?
}
