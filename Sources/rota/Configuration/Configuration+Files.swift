import OpenID
import Vaults

/// A file that the configuration names.
struct NamedFile: Hashable, Sendable {
    /// What it is for, such as `webhook 'security': secret`.
    var what: String
    var path: String
    /// Only its owner may read it.
    var isSecret: Bool
    /// A platform puts it there and renews it, so that it is nobody's to keep.
    var isLent = false
}

extension Configuration {
    /// The store's file.
    var storePath: String { String(store.trimmingPrefix("sqlite:")) }

    /// Everything in files that an installation cannot go on without, beside the store: what names it comes first.
    var namedFiles: [NamedFile] {
        var files = [NamedFile(what: "configuration", path: file, isSecret: false)]
        files.append(NamedFile(what: "policies", path: policies, isSecret: false))
        func add(_ what: String, _ path: String?) {
            if let path { files.append(NamedFile(what: what, path: path, isSecret: false)) }
        }
        func add(_ what: String, _ reference: SecretReference?, isLent: Bool = false) {
            guard case .file(let path) = reference else { return }
            files.append(NamedFile(what: what, path: path, isSecret: true, isLent: isLent))
        }
        add("key of the audit log", auditKey)
        add("certificate of the server", server?.tls?.certificate)
        add("key of the server", server?.tls?.key)
        for provider in signIn?.providers ?? [] {
            add("sign-in '\(provider.name)'", provider.secret)
            add("authorities of sign-in '\(provider.name)'", provider.settings.authorities)
        }
        for webhook in webhooks {
            for secret in webhook.secrets { add("secret of webhook '\(webhook.name)'", secret) }
        }
        for vault in vaults {
            add("authorities of vault '\(vault.name)'", vault.certificateAuthority)
            for (reference, isLent) in vault.references {
                add("credential of vault '\(vault.name)'", reference, isLent: isLent)
            }
        }
        return files
    }

    /// Secrets that lie elsewhere: in the environment, or with systemd.
    var secretsElsewhere: [String] {
        var references = [auditKey, server?.tls?.key].compactMap(\.self)
        references += signIn?.providers.map(\.secret) ?? []
        references += webhooks.flatMap(\.secrets) + vaults.flatMap { $0.references.map(\.reference) }
        var seen: Set<SecretReference> = []
        return references.filter { reference in
            if case .file = reference { return false }
            return seen.insert(reference).inserted
        }.map(\.description)
    }
}

extension VaultSettings {
    /// What it is opened by; with whether a platform lends it.
    fileprivate var references: [(reference: SecretReference, isLent: Bool)] {
        switch kind {
        case .directory: []
        case .http(let settings): settings.credential.map { [($0, false)] } ?? []
        case .keyValue2(let settings):
            switch settings.authentication {
            case .token(let token): [(token, false)]
            case .login(let login):
                switch login.method {
                case .appRole(let role, let secret): [(role, false), (secret, false)]
                case .kubernetes(_, let token), .jwt(_, let token): [(token, true)]
                }
            }
        case .awsSecretsManager(let settings):
            switch settings.authentication {
            case .keys(let access, let secret, let session):
                [access, secret, session].compactMap { $0.map { ($0, false) } }
            case .profile(_, let credentials, _): credentials.map { [(.file($0), false)] } ?? []
            case .webIdentity(_, _, let token, _): [(token, true)]
            case .environment: []
            }
        }
    }

    fileprivate var certificateAuthority: String? {
        switch kind {
        case .keyValue2(let settings): settings.certificateAuthority
        case .awsSecretsManager(let settings): settings.certificateAuthority
        case .http(let settings): settings.configuration.certificateAuthorityFile
        case .directory: nil
        }
    }
}
