import Addresses
import Engine
import PolicyFiles
import RotaCore
import Webhooks
import YAML

extension ConfigurationReader {
    private static let kinds = ["directory", "vault-kv2", "aws-secrets-manager", "http"]
    /// Kinds that the design knows, and this version does not.
    private static let laterKinds = [
        "vault-kv1", "azure-key-vault", "gcp-secret-manager", "kubernetes",
        "github-actions", "gitlab-variables", "conjur", "onepassword-connect", "doppler", "infisical",
        "barbican",
    ]

    mutating func vault(_ entry: Node.Entry) -> VaultSettings? {
        guard isName(entry) else { return nil }
        let what = "vault '\(entry.key)'"
        return naming(what) { reader in
            guard var vault = reader.vault(entry, what) else { return nil }
            vault.checkPlace = entry.value["check-path"].flatMap { reader.checkPlace($0, in: vault) }
            return vault
        }
    }

    private mutating func checkPlace(_ node: Node, in vault: VaultSettings) -> Destination? {
        guard let text = string(node, "check-path") else { return nil }
        do throws(Failure) {
            return try vault.checkPlace(text)
        } catch {
            fault(node, "check-path: \(error.message)", hint: error.hint)
            return nil
        }
    }

    private mutating func vault(_ entry: Node.Entry, _ what: String) -> VaultSettings? {
        let kindHint = "write 'kind: directory', or one of \(Self.kinds.dropFirst().joined(separator: ", "))"
        guard entry.value.isNull || entry.value.entries != nil else {
            fault(entry.value, "\(what): expected a mapping, found \(entry.value.typeName)", hint: kindHint)
            return nil
        }
        guard let kindNode = required("kind", of: entry.value, what, hint: kindHint) else { return nil }
        let kind = string(kindNode, "kind")
        switch kind {
        case "directory":
            guard check(entry.value, what, keys: ["kind", "path", "check-path"]),
                let path = required("path", of: entry.value, what).flatMap({ string($0, "path") })
            else { return nil }
            return VaultSettings(name: entry.key, kind: .directory(path: absolutePath(path, in: folder)))
        case "vault-kv2":
            return keyValue2(entry.value, what).map { VaultSettings(name: entry.key, kind: .keyValue2($0)) }
        case "aws-secrets-manager":
            return awsSecretsManager(entry.value, what).map {
                VaultSettings(name: entry.key, kind: .awsSecretsManager($0))
            }
        case "http":
            return http(entry.value, named: entry.key, what).map { VaultSettings(name: entry.key, kind: .http($0)) }
        case let kind? where Self.laterKinds.contains(kind):
            fault(
                kindNode, "\(what): the kind '\(kind)' is not in this version yet",
                hint: Self.kinds.joined(separator: ", "))
        case let kind?:
            let near = nearest(to: kind, among: Self.kinds + Self.laterKinds)
            fault(
                kindNode, "\(what): there is no kind '\(kind)'",
                hint: near.map { "did you mean '\($0)'?" } ?? Self.kinds.joined(separator: ", "))
        case nil: break
        }
        return nil
    }

    mutating func webhook(_ entry: Node.Entry) -> WebhookSettings? {
        guard isName(entry) else { return nil }
        let what = "webhook '\(entry.key)'"
        return naming(what) { $0.webhook(entry, what) }
    }

    private mutating func webhook(_ entry: Node.Entry, _ what: String) -> WebhookSettings? {
        let keys = ["url", "secret", "events", "format", "allow-addresses", "retry"]
        guard check(entry.value, what, keys: keys) else { return nil }
        let node = entry.value
        let url = required("url", of: node, what).flatMap { address($0, "url") }
        let secrets = required("secret", of: node, what).map { secretList($0) } ?? []
        let events = node["events"].map { list in items(list, "events").compactMap { eventPattern($0) } } ?? ["*"]
        let formats = WebhookFormat.allCases.map(\.rawValue)
        let format = node["format"].flatMap {
            choice($0, "format", among: formats, later: ["cloudevents", "slack", "teams"])
        }
        let allowed = items(node["allow-addresses"], "allow-addresses").compactMap { addresses($0, "allow-addresses") }
        let retries = node["retry"].map { list in
            items(list, "retry").compactMap { span($0, "retry", in: 1...604_800) }
        }
        guard let url, !secrets.isEmpty else { return nil }
        return WebhookSettings(
            name: entry.key, url: url, secrets: secrets, events: events,
            format: format.flatMap(WebhookFormat.init) ?? .standard, allowedAddresses: allowed,
            retries: retries)
    }

    /// A pattern of event types that there are: one that matches nothing is a slip that nobody would notice.
    private mutating func eventPattern(_ node: Node) -> String? {
        guard let text = string(node, "events") else { return nil }
        let pattern = Glob(text)
        if EventTypes.all.contains(where: { pattern.matches($0) }) { return text }
        let known = EventTypes.all + EventTypes.families
        fault(
            node, "events: '\(abridged(text))' matches no type of event",
            hint: nearest(to: text, among: known).map { "did you mean '\($0)'?" }
                ?? "write '*', or of \(EventTypes.families.joined(separator: ", "))")
        return nil
    }

    mutating func secretList(_ node: Node) -> [SecretReference] {
        guard let items = node.items else { return secret(node, "secret").map { [$0] } ?? [] }
        if items.isEmpty || items.count > 2 {
            fault(node, "secret: one reference, or two while one is being replaced")
        }
        return items.compactMap { secret($0, "secret") }
    }

    mutating func secret(_ node: Node, _ key: String) -> SecretReference? {
        guard let text = node.text else {
            fault(
                node, "\(key): expected a reference to a secret, found \(node.typeName)",
                hint: SecretReference.forms)
            return nil
        }
        if let reference = SecretReference(text, directory: folder) { return reference }
        // Whatever stands here may be the secret itself: it is not shown.
        fault(
            node, "\(key): a secret does not belong in this file",
            hint: "put it elsewhere and refer to it: \(SecretReference.forms)")
        return nil
    }

    mutating func address(_ node: Node, _ key: String) -> String? {
        guard let text = string(node, key) else { return nil }
        let isAddress = ["https://", "http://"].contains {
            text.hasPrefix($0) && text.utf8.count > $0.utf8.count
        }
        guard isAddress, !text.contains(where: { $0.isWhitespace }) else {
            fault(node, "\(key): expected an address that begins with https://")
            return nil
        }
        let authority = text.split(separator: "/", omittingEmptySubsequences: true).dropFirst().first ?? ""
        guard !authority.contains("@") else {
            fault(node, "\(key): an address may not hold a user or a password")
            return nil
        }
        if text.hasPrefix("http://") { doubtPlain(text, key, node.mark) }
        return text.hasSuffix("/") && key == "address" ? String(text.dropLast()) : text
    }

    /// What goes over the network without TLS can be read and changed on the way; on one's own machine it is common.
    mutating func doubtPlain(_ url: String, _ key: String, _ mark: Mark) {
        let authority = url.dropFirst("http://".count).prefix { $0 != "/" && $0 != "?" }
        let isBracketed = authority.hasPrefix("[")
        let host = isBracketed ? authority.dropFirst().prefix { $0 != "]" } : authority.prefix { $0 != ":" }
        guard host != "localhost", host != "::1", !host.hasPrefix("127.") else { return }
        var warning = Fault(
            file: file, mark: mark, message: "\(key): what is sent to \(abridged(String(host))) can be read on the way",
            hint: "write https://, unless something else encrypts that network")
        warning.severity = .warning
        warnings.append(warning)
    }

    mutating func addresses(_ node: Node, _ key: String) -> CIDR? {
        guard let text = string(node, key) else { return nil }
        do throws(CIDR.Fault) {
            return try CIDR(text)
        } catch {
            fault(node, "\(key): \(error.description)")
            return nil
        }
    }

    /// Names appear in destinations, before a colon.
    mutating func isName(_ entry: Node.Entry) -> Bool {
        let isGood =
            (1...64).contains(entry.key.utf8.count)
            && entry.key.utf8.allSatisfy {
                switch $0 {
                case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
                default: false
                }
            }
        if !isGood {
            fault(entry.keyMark, "'\(abridged(entry.key))' cannot be a name", hint: "letters, digits, '-', '_' and '.'")
        }
        return isGood
    }
}
