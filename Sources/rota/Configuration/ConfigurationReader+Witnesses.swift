import Engine
import HTTPClient
import RotaCore
import Webhooks
import YAML

/// Who is given checkpoints of the audit log.
extension ConfigurationReader {
    private static let witnessKinds = ["webhook", "file", "vault", "email"]

    /// - parameter configuration: with the vaults and webhooks that witnesses may be.
    mutating func witnesses(_ node: Node, _ configuration: Configuration) -> [WitnessSettings] {
        let witnesses = entries(node, "witnesses").compactMap { witness($0, configuration) }
        if !witnesses.isEmpty, configuration.auditKey == nil {
            fault(
                node, "witnesses: there is nothing to give them, since no key signs the audit log",
                hint: "write 'audit: { key: file:audit.key }'")
        }
        return witnesses
    }

    private mutating func witness(_ entry: Node.Entry, _ configuration: Configuration) -> WitnessSettings? {
        guard isName(entry) else { return nil }
        let what = "witness '\(entry.key)'"
        return naming(what) { reader in
            let hint = "write one of \(Self.witnessKinds.joined(separator: ", "))"
            guard entry.value.entries != nil else {
                reader.fault(
                    entry.value, "expected a mapping, found \(entry.value.typeName)", hint: "write 'kind: file'")
                return nil
            }
            guard let node = reader.required("kind", of: entry.value, what, hint: hint),
                let word = reader.choice(node, "kind", among: Self.witnessKinds),
                let kind = reader.witnessKind(word, entry, what, configuration)
            else { return nil }
            // A minute is how often what the log is is signed at the most.
            let interval = entry.value["every"].flatMap {
                reader.span($0, "every", in: 60...31_622_400, hint: "write 24h or 7d")
            }
            return WitnessSettings(name: entry.key, kind: kind, interval: interval ?? WitnessTurn.usualInterval)
        }
    }

    private mutating func witnessKind(
        _ kind: String, _ entry: Node.Entry, _ what: String, _ configuration: Configuration
    ) -> WitnessSettings.Kind? {
        let node = entry.value
        switch kind {
        case "webhook": return webhookWitness(entry, what, configuration.webhooks).map { .webhook($0) }
        case "vault": return vaultWitness(node, what, configuration.vaults).map { .vault($0) }
        case "email": return mail(node, what).map { .email($0) }
        default:
            guard check(node, what, keys: ["kind", "every", "path"]),
                let path = required("path", of: node, what).flatMap({ string($0, "path") })
            else { return nil }
            return .file(folder: absolutePath(path, in: folder))
        }
    }

    private mutating func webhookWitness(
        _ entry: Node.Entry, _ what: String, _ webhooks: [WebhookSettings]
    ) -> WebhookSettings? {
        let node = entry.value
        guard let named = node["webhook"] else {
            guard check(node, what, keys: ["kind", "every", "webhook", "url", "secret", "allow-addresses"]) else {
                return nil
            }
            let url = required("url", of: node, what, hint: "or name one of 'webhooks' by 'webhook'")
                .flatMap { address($0, "url") }
            let secrets = required("secret", of: node, what).map { secretList($0) } ?? []
            let allowed = items(node["allow-addresses"], "allow-addresses")
                .compactMap { addresses($0, "allow-addresses") }
            guard let url, !secrets.isEmpty else { return nil }
            return WebhookSettings(
                name: entry.key, url: url, secrets: secrets, events: [], format: .standard, allowedAddresses: allowed)
        }
        guard check(node, what, keys: ["kind", "every", "webhook"]), let name = string(named, "webhook") else {
            return nil
        }
        guard let webhook = webhooks.first(where: { $0.name == name }) else {
            fault(named, "webhook: there is no webhook '\(abridged(name))'", hint: near(name, webhooks.map(\.name)))
            return nil
        }
        return webhook
    }

    private mutating func vaultWitness(_ node: Node, _ what: String, _ vaults: [VaultSettings]) -> Destination? {
        guard check(node, what, keys: ["kind", "every", "vault", "path"]),
            let named = required("vault", of: node, what), let name = string(named, "vault"),
            let pathNode = required("path", of: node, what), let path = string(pathNode, "path")
        else { return nil }
        guard let vault = vaults.first(where: { $0.name == name }) else {
            fault(named, "vault: there is no vault '\(abridged(name))'", hint: near(name, vaults.map(\.name)))
            return nil
        }
        do throws(Failure) {
            return try vault.place(at: path, field: "checkpoint", example: "audit/checkpoint")
        } catch {
            fault(pathNode, "path: \(error.message)", hint: error.hint)
            return nil
        }
    }

    private func near(_ name: String, _ known: [String]) -> String {
        nearest(to: name, among: known).map { "did you mean '\($0)'?" }
            ?? (known.isEmpty ? "there are none yet" : "known are \(known.joined(separator: ", "))")
    }

    // MARK: - Mail

    private mutating func mail(_ node: Node, _ what: String) -> MailSettings? {
        let keys = ["kind", "every", "server", "from", "to", "user", "password", "tls", "ca"]
        guard check(node, what, keys: keys) else { return nil }
        let server = required("server", of: node, what).flatMap { mailServer($0) }
        let from = required("from", of: node, what).flatMap { mailAddress($0, "from") }
        let to = required("to", of: node, what).map { list in
            (list.items ?? [list]).compactMap { mailAddress($0, "to") }
        }
        let user = node["user"].flatMap { string($0, "user") }
        let password = node["password"].flatMap { mailPassword($0) }
        if (node["user"] == nil) != (node["password"] == nil) {
            fault(node, "user and password go together", hint: "a server that asks for neither needs neither")
        }
        if let list = node["to"], list.items?.isEmpty == true { fault(list, "to: it is empty") }
        let authority = node["ca"].flatMap { string($0, "ca") }
        guard var server, let from, let to, !to.isEmpty else { return nil }
        if let tls = node["tls"] { server.security = withoutTLS(tls, server) ?? server.security }
        server.from = from
        server.to = to
        server.user = user
        server.password = password
        server.certificateAuthority = authority.map { absolutePath($0, in: folder) }
        return server
    }

    /// Read by its owner alone; an environment is shown to whoever may look at the process.
    private mutating func mailPassword(_ node: Node) -> SecretReference? {
        guard let reference = secret(node, "password") else { return nil }
        if case .environment = reference {
            fault(node, "password: it does not belong in an environment", hint: "write file:PATH or credential:NAME")
            return nil
        }
        return reference
    }

    private mutating func mailAddress(_ node: Node, _ key: String) -> String? {
        guard let text = string(node, key) else { return nil }
        guard Mail.isAddress(text) else {
            fault(
                node, "\(key): '\(abridged(text))' is no address of mail",
                hint: "write auditor@example.com, and no name")
            return nil
        }
        return text
    }

    /// `smtp://host:587`, which turns to TLS, or `smtps://host:465`, which begins with it.
    private mutating func mailServer(_ node: Node) -> MailSettings? {
        guard let text = string(node, "server") else { return nil }
        let hint = "write smtp://mail.example.com:587 or smtps://mail.example.com:465"
        let isImplicit = text.hasPrefix("smtps://")
        guard isImplicit || text.hasPrefix("smtp://"), !text.contains("@") else {
            fault(node, "server: expected an address that begins with smtp:// or smtps://, without a user", hint: hint)
            return nil
        }
        var rest = text.dropFirst(isImplicit ? 8 : 7)
        var host = rest.prefix { $0 != ":" && $0 != "/" }
        if rest.hasPrefix("[") {
            host = rest.dropFirst().prefix { $0 != "]" }
            rest = rest.dropFirst(host.count + 2)
        } else {
            rest = rest.dropFirst(host.count)
        }
        let usual = isImplicit ? 465 : 587
        let port = rest.isEmpty ? usual : rest.hasPrefix(":") ? Int(rest.dropFirst()) : nil
        let isHost =
            !host.isEmpty && host.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"?#[]\\/".utf8.contains($0) }
        guard isHost, let port, (1...65_535).contains(port) else {
            fault(node, "server: '\(abridged(text))' is not where a server of mail can be", hint: hint)
            return nil
        }
        return MailSettings(
            host: String(host), port: port, security: isImplicit ? .implicit : .startTLS, from: "", to: [])
    }

    /// `tls: none` is for a server on this machine: everywhere else what is sent could be kept back or read on the way.
    private mutating func withoutTLS(_ node: Node, _ server: MailSettings) -> Mail.Security? {
        guard choice(node, "tls", among: ["none"]) != nil else { return nil }
        let isHere = server.host == "localhost" || server.host == "::1" || server.host.hasPrefix("127.")
        guard isHere, server.security == .startTLS else {
            fault(
                node, "tls: without TLS mail goes to a server on this machine only",
                hint: "take 'tls' out: smtp:// turns to TLS, smtps:// begins with it")
            return nil
        }
        return Mail.Security.none
    }
}
