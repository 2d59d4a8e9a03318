import Engine
import RotaCore

/// What to do when a step of a trial failed.
extension VaultSettings {
    func hint(for step: VaultTrialStep.Name, _ error: VaultError, at place: Destination) -> String {
        if step == .read, error.kind == .refused {
            return "give another place by --path or 'check-path': one that holds nothing"
        }
        switch error.kind {
        case .denied: return denied(step, place)
        case .missing: return missing(step)
        case .rejected: return "this kind takes no such path or value: give another place by --path or 'check-path'"
        case .transient, .unknownOutcome:
            return "is \(location) up, and reachable from here? 'timeout' may be too short; nothing is lost, try again"
        case .garbled: return "something else than \(kindName) seems to answer at \(location): a proxy, a login page?"
        case .refused: return "somebody else wrote at the same time; try again"
        }
    }

    private func denied(_ step: VaultTrialStep.Name, _ place: Destination) -> String {
        switch kind {
        case .directory(let path):
            return "the user that runs rota needs to read, write and enter \(path), and others must not write there"
        case .awsSecretsManager(let settings): return settings.hint(forDenied: step)
        case .http(let settings): return settings.hint(forDenied: step)
        case .keyValue2(let settings):
            let folder = place.path.split(separator: "/").dropLast().joined(separator: "/")
            let below = folder.isEmpty ? place.path : "\(folder)/*"
            let secrets = "\"\(settings.mount)/data/\(below)\""
            switch step {
            case .login:
                return settings.loginAdvice
            case .read, .readBack: return "the policy of our login needs: path \(secrets) { capabilities = [\"read\"] }"
            case .write:
                return "the policy of our login needs: path \(secrets) { capabilities = [\"create\", \"update\"] }"
            case .remove:
                return "the policy of our login needs: path \"\(settings.mount)/metadata/\(below)\" "
                    + "{ capabilities = [\"delete\"] }; the value is gone, its versions are left"
            }
        }
    }

    private func missing(_ step: VaultTrialStep.Name) -> String {
        switch kind {
        case .http: return "is 'url' right? nothing is there, or it does not take this method"
        case .awsSecretsManager: return "make a secret to try it with, without a value, and name it by 'check-path'"
        case .directory(let path): return "if \(path) lies on a volume, is that mounted? Rota does not make the folder"
        case .keyValue2(let settings):
            return "'mount' and 'namespace' must be those of a KV version 2 engine: "
                + "bao secrets list\(settings.namespace.map { " -namespace=\($0)" } ?? "") -detailed"
        }
    }
}

extension KeyValue2Settings {
    fileprivate var loginAdvice: String {
        switch authentication {
        case .token(let token): "replace the token in \(token): it is wrong, past its end, or may not look itself up"
        case .login(let login):
            switch login.method {
            case .appRole(let roleID, let secretID):
                "check the role id in \(roleID), the secret id in \(secretID), and 'mount' of the method"
            case .kubernetes(let role, let token), .jwt(let role, let token):
                "check that the role '\(role)' takes the token in \(token), and 'mount' of the method"
            }
        }
    }
}
