import Engine
import HTTPClient
import RotaCore
import Vaults

extension HTTPVaultSettings {
    /// The vault. Nothing is sent before its first call.
    func vault(client: HTTPClient, clock: SystemClock) throws(Failure) -> any Vault {
        HTTPVault(
            configuration, credential: try credential?.credential(for: "credential.secret"), client: client,
            clock: clock)
    }

    /// Where it is.
    var location: String { "\(configuration.write.method) \(configuration.write.url.location)" }

    /// How we come in; nil where nothing is asked for.
    var loginName: String? { configuration.credential?.name }

    /// What to do when a step of a trial was denied.
    func hint(forDenied step: VaultTrialStep.Name) -> String {
        guard let credential, let header = configuration.credential else {
            return "the endpoint asks for a credential; name one by 'credential'"
        }
        return "check the secret in \(credential), and whether the endpoint takes it in '\(header.name)'"
    }
}
