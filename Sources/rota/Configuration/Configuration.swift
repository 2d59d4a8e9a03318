import API
import Addresses
import Engine
import JSON
import RotaCore
import Webhooks

/// What the configuration file says: read once, all of it valid, and without a secret in it.
struct Configuration: Sendable {
    /// Where it was read from.
    var file: String
    /// `sqlite:PATH`, the path absolute or relative to the working directory.
    var store: String
    /// A file or a directory.
    var policies: String
    /// The prefix of values of tokens that name none.
    var tokenPrefix = TokenValue.defaultPrefix
    /// What tokens may be given; empty: anything.
    var scopes: [ScopeEntry] = []
    /// Patterns of places that who holds `rota:issue` alone may have values brought to; `{owner}` is his own.
    var issueInto: [String] = []
    /// Of how many live tokens of an owner on who only issues makes no more.
    var issueLimit = ServedConfiguration.usualIssueLimit
    var vaults: [VaultSettings] = []
    var webhooks: [WebhookSettings] = []
    /// When policies run by themselves that do not say so.
    var schedule = Schedule.hourly
    /// When nothing is changed; nil: nobody has said so beforehand.
    var freezeCalendar: FreezeCalendar?
    /// Above every policy's own.
    var limits = Limits()
    /// How many rotations policies may begin in a second.
    var rotationsPerSecond = 50
    /// How long a waiver may last at the most.
    var longestWaiver = Waiver.usualLongest
    /// What signs checkpoints of the audit log; nil: nothing does.
    var auditKey: SecretReference?
    /// Who is given what it signs.
    var witnesses: [WitnessSettings] = []
    /// How long records are kept; what is not named in it, for ever.
    var retention = Retention()
    /// How `rota serve` tells what it does.
    var log = LogSettings()
    /// Who else can say who signs in at the pages; nil: nobody.
    var signIn: SignInSettings?
    /// Nil where no server is configured.
    var server: ServerSettings?
    /// All of it by paths, as the audit log tells it.
    var told = JSON.Object()
    /// What is taken as it is, and may be a slip.
    var warnings: [Fault] = []

    var vaultNames: Set<String> { Set(vaults.map(\.name)) }
}

/// How the daemon's log looks.
struct LogSettings: Hashable, Sendable {
    var format = LogFormat.logfmt
    /// What matters less is left out.
    var level = LogLevel.info
}

/// One configured vault.
struct VaultSettings: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        case directory(path: String)
        case keyValue2(KeyValue2Settings)
        case awsSecretsManager(AWSSettings)
        case http(HTTPVaultSettings)
    }

    var name: String
    var kind: Kind
    /// Where `vault check` tries it, in place of one that it makes up.
    var checkPlace: Destination?
}

/// A KV version 2 mount of HashiCorp Vault or OpenBao.
struct KeyValue2Settings: Hashable, Sendable {
    var address: String
    var mount: String
    var namespace: String?
    var authentication: Authentication
    /// A file of certificates to trust in place of the system's.
    var certificateAuthority: String?
    var timeout: TimeSpan?

    /// How to come to a token.
    enum Authentication: Hashable, Sendable {
        case token(SecretReference)
        case login(Login)
    }

    /// A login of our own; `mount` and `namespace` are those of its method, where they are not the usual ones.
    struct Login: Hashable, Sendable {
        enum Method: Hashable, Sendable {
            case appRole(roleID: SecretReference, secretID: SecretReference)
            case kubernetes(role: String, token: SecretReference)
            case jwt(role: String, token: SecretReference)
        }

        var method: Method
        var mount: String?
        var namespace: String?
    }
}

/// One configured webhook receiver.
struct WebhookSettings: Hashable, Sendable {
    var name: String
    var url: String
    /// The newest first; two while one is being replaced.
    var secrets: [SecretReference]
    var events: [String]
    var format: WebhookFormat
    /// Ranges that may be connected to although they are not public.
    var allowedAddresses: [CIDR]
    var retries: [TimeSpan]?
}
