import Engine
import Vaults

/// What is known of a vault without asking it.
extension VaultSettings {
    /// As the configuration names it.
    var kindName: String {
        switch kind {
        case .directory: "directory"
        case .keyValue2: "vault-kv2"
        case .awsSecretsManager: "aws-secrets-manager"
        case .http: "http"
        }
    }

    /// Where it is: an address or a path.
    var location: String {
        switch kind {
        case .directory(let path): path
        case .keyValue2(let settings):
            "\(settings.address)/\(settings.mount)" + (settings.namespace.map { " in \($0)" } ?? "")
        case .awsSecretsManager(let settings): settings.location
        case .http(let settings): settings.location
        }
    }

    /// How we come in; nil where nothing is asked for.
    var loginName: String? {
        switch kind {
        case .directory: nil
        case .keyValue2(let settings): settings.authentication.name
        case .awsSecretsManager(let settings): settings.loginName
        case .http(let settings): settings.loginName
        }
    }

    /// Whether a destination may name a field.
    var hasFields: Bool {
        switch kind {
        case .directory: false
        case .keyValue2, .awsSecretsManager: true
        case .http(let settings): settings.configuration.write.placeholders.contains(.field)
        }
    }

    /// Whether a destination must name a field.
    var needsField: Bool {
        if case .http = kind { hasFields } else { false }
    }

    /// What tells of a path that no secret can lie there; nil where every path will do, or only the server knows.
    var objection: KnownVaults.Objection? {
        switch kind {
        case .directory: { DirectoryVault.objection(to: $0) }
        case .keyValue2, .awsSecretsManager, .http: nil
        }
    }

    /// The field that is meant where a destination names none.
    var defaultField: String? {
        if case .keyValue2 = kind { KV2Vault.defaultField } else { nil }
    }

    var capabilities: VaultCapabilities {
        switch kind {
        case .directory: DirectoryVault.capabilities
        case .keyValue2: KV2Vault.capabilities
        case .awsSecretsManager: AWSSecretsManagerVault.capabilities
        case .http(let settings): settings.configuration.capabilities
        }
    }
}

extension Configuration {
    /// What vaults do not promise, by their names.
    var caveats: [String: String] {
        vaults.reduce(into: [:]) { $0[$1.name] = $1.capabilities.caveat }
    }
}

extension KeyValue2Settings.Authentication {
    fileprivate var name: String {
        switch self {
        case .token: "token"
        case .login(let login):
            switch login.method {
            case .appRole: "approle"
            case .kubernetes: "kubernetes"
            case .jwt: "jwt"
            }
        }
    }
}

extension VaultCapabilities {
    /// Each with a word for it, and whether it is there.
    var facts: [(word: String, holds: Bool)] {
        [
            ("conditional-write", conditionalWrite), ("fence", fenceable), ("history", orderedBases),
            ("read-back", readable),
        ]
    }
}
