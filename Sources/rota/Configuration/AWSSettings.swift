import RotaCore

/// AWS Secrets Manager in one region.
struct AWSSettings: Hashable, Sendable {
    /// How to come to keys.
    enum Authentication: Hashable, Sendable {
        case keys(accessKey: SecretReference, secretKey: SecretReference, sessionToken: SecretReference?)
        /// `AWS_ACCESS_KEY_ID` and its like, or what a Kubernetes service account has.
        case environment
        /// Nil files are those below the home directory.
        case profile(String, credentialsFile: String?, configurationFile: String?)
        case webIdentity(role: String, session: String, token: SecretReference, endpoint: String?)
    }

    var region: String
    /// The region's own if nil.
    var endpoint: String?
    var authentication: Authentication
    /// A file of certificates to trust in place of the system's.
    var certificateAuthority: String?
    var timeout: TimeSpan?
}
