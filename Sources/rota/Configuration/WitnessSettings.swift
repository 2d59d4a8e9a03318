import Engine
import HTTPClient
import RotaCore

/// Who is given checkpoints of the audit log.
struct WitnessSettings: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        /// One of the configured webhooks, or one of its own.
        case webhook(WebhookSettings)
        case file(folder: String)
        case vault(Destination)
        case email(MailSettings)
    }

    var name: String
    var kind: Kind
    /// How often, where the log has grown.
    var interval = WitnessTurn.usualInterval
}

/// A server that takes mails in, and who they go to.
struct MailSettings: Hashable, Sendable {
    var host: String
    var port: Int
    var security: Mail.Security
    var from: String
    var to: [String]
    var user: String?
    var password: SecretReference?
    /// A file of certificates to trust in place of the system's.
    var certificateAuthority: String?
}
