import Engine
import HTTPClient
import RotaCore
import Vaults

extension AWSSettings {
    /// The vault. Nothing is sent before its first call.
    func vault(named name: String, client: HTTPClient, clock: SystemClock) throws(Failure) -> any Vault {
        var configuration = AWSConfiguration(
            name: name, region: region, endpoint: endpoint, certificateAuthorityFile: certificateAuthority)
        if let timeout { configuration.timeout = .seconds(timeout.seconds) }
        let authentication = try authentication.adapted()
        do throws(VaultError) {
            return try AWSSecretsManagerVault(
                configuration, authentication: authentication, client: client, clock: clock)
        } catch {
            throw .usage(error.message)
        }
    }
}

extension AWSSettings.Authentication {
    fileprivate func adapted() throws(Failure) -> AWSAuthentication {
        switch self {
        case .keys(let accessKey, let secretKey, let sessionToken):
            return .keys(
                accessKey: try accessKey.credential(for: "auth.access-key"),
                secretKey: try secretKey.credential(for: "auth.secret-key"),
                sessionToken: try sessionToken?.credential(for: "auth.session-token"))
        case .environment: return try Self.fromEnvironment()
        case .profile(let name, let credentialsFile, let configurationFile):
            let credentials = try Self.file(credentialsFile, usually: "credentials", isSecret: true)
            let configuration = try Self.file(configurationFile, usually: "config", isSecret: false)
            guard credentials != nil || configuration != nil else {
                throw .usage(
                    "there is neither ~/.aws/credentials nor ~/.aws/config",
                    hint: "name them by credentials-file and config-file")
            }
            return .profile(name, credentials: credentials, configuration: configuration)
        case .webIdentity(let role, let session, let token, let endpoint):
            // Short-lived, and kept by a platform that lets the pod's group read it.
            let token = try token.credential(for: "auth.web-identity.token", mayBeShared: true)
            return .webIdentity(AWSWebIdentity(role: role, session: session, token: token, endpoint: endpoint))
        }
    }

    /// What the AWS tools look for, keys first.
    private static func fromEnvironment() throws(Failure) -> AWSAuthentication {
        func isSet(_ name: String) -> Bool { Process.environment(name) != nil }
        if isSet("AWS_ACCESS_KEY_ID") || isSet("AWS_SECRET_ACCESS_KEY") {
            func credential(_ name: String) throws(Failure) -> Credential {
                try SecretReference.environment(name).credential(for: "auth.environment")
            }
            return .keys(
                accessKey: try credential("AWS_ACCESS_KEY_ID"), secretKey: try credential("AWS_SECRET_ACCESS_KEY"),
                sessionToken: isSet("AWS_SESSION_TOKEN") ? try credential("AWS_SESSION_TOKEN") : nil)
        }
        guard let file = Process.environment("AWS_WEB_IDENTITY_TOKEN_FILE"),
            let role = Process.environment("AWS_ROLE_ARN")
        else {
            throw .usage(
                "the environment has no AWS keys",
                hint: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
                    + "or AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN")
        }
        return .webIdentity(
            AWSWebIdentity(
                role: role, session: Process.environment("AWS_ROLE_SESSION_NAME") ?? "rota",
                token: try SecretReference.file(file).credential(for: "auth.environment", mayBeShared: true)))
    }

    /// One of the files of the AWS command line; nil where there is none at its usual place.
    private static func file(_ given: String?, usually name: String, isSecret: Bool) throws(Failure) -> Credential? {
        if let given {
            return try SecretReference.file(given).credential(for: "auth.\(name)-file", mayBeShared: !isSecret)
        }
        guard let home = Process.environment("HOME"), kindOfFile(at: "\(home)/.aws/\(name)") != nil else { return nil }
        return try SecretReference.file("\(home)/.aws/\(name)").credential(for: "auth.profile", mayBeShared: !isSecret)
    }
}

// MARK: - For people

extension AWSSettings {
    /// Where it is.
    var location: String { endpoint.map { "\($0) as \(region)" } ?? region }

    /// How we come in.
    var loginName: String {
        switch authentication {
        case .keys: "keys"
        case .environment: "environment"
        case .profile(let name, _, _): "profile \(name)"
        case .webIdentity: "web-identity"
        }
    }

    /// What to do when AWS denied a step of a trial.
    func hint(forDenied step: VaultTrialStep.Name) -> String {
        let actions =
            switch step {
            case .login: "the keys (\(loginName)) are wrong, past their end, or the clock here is"
            case .read: "the role needs secretsmanager:GetSecretValue and DescribeSecret"
            case .write, .remove: "the role needs secretsmanager:PutSecretValue and UpdateSecretVersionStage"
            case .readBack: "the role needs secretsmanager:GetSecretValue"
            }
        return step == .login ? actions : "\(actions) for this secret, and the use of its KMS key"
    }
}
