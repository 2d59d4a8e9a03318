import Engine
import HTTPClient
import RotaCore
import Vaults

extension KeyValue2Settings {
    /// The vault. Nothing is sent before its first call.
    func vault(named name: String, client: HTTPClient, clock: SystemClock) throws(Failure) -> any Vault {
        var configuration = KV2Configuration(
            name: name, address: address, mount: mount, namespace: namespace,
            certificateAuthorityFile: certificateAuthority)
        if let timeout { configuration.timeout = .seconds(timeout.seconds) }
        let authentication: KV2Authentication =
            switch authentication {
            case .token(let token): .token(try token.credential(for: "auth.token"))
            case .login(let login): .login(try login.adapted())
            }
        do throws(VaultError) {
            return try KV2Vault(configuration, authentication: authentication, client: client, clock: clock)
        } catch {
            throw .usage(error.message)
        }
    }
}

extension KeyValue2Settings.Login {
    fileprivate func adapted() throws(Failure) -> KV2Login {
        switch method {
        case .appRole(let roleID, let secretID):
            let role = try roleID.credential(for: "auth.approle.role-id", mayBeShared: true)
            let secret = try secretID.credential(for: "auth.approle.secret-id")
            return try made { () throws(VaultError) in
                try .appRole(roleID: role, secretID: secret, mount: mount ?? "approle", namespace: namespace)
            }
        case .kubernetes(let role, let token):
            let token = try token.credential(for: "auth.kubernetes.token", mayBeShared: true)
            return try made { () throws(VaultError) in
                try .kubernetes(role: role, token: token, mount: mount ?? "kubernetes", namespace: namespace)
            }
        case .jwt(let role, let token):
            let token = try token.credential(for: "auth.jwt.token", mayBeShared: true)
            return try made { () throws(VaultError) in
                try .jwt(role: role, token: token, mount: mount ?? "jwt", namespace: namespace)
            }
        }
    }

    private func made(_ login: () throws(VaultError) -> KV2Login) throws(Failure) -> KV2Login {
        do throws(VaultError) {
            return try login()
        } catch {
            throw .usage(error.message)
        }
    }
}

extension SecretReference {
    /// What a vault reads anew whenever it needs it. It is read once here, so that one which is not there is
    /// told before anything is done.
    ///
    /// The parameters are those of ``resolve(for:mayBeShared:)``.
    func credential(for what: String, mayBeShared: Bool = false) throws(Failure) -> Credential {
        _ = try resolve(for: what, mayBeShared: mayBeShared)
        return Credential(description) {
            Result { () throws(Failure) in try resolve(for: what, mayBeShared: mayBeShared) }
                .mapError { VaultError(.denied, $0.message) }
        }
    }
}
