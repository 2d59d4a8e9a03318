import RotaCore
import Vaults
import YAML

/// What is known of a vault of kind `http`.
extension ConfigurationReader {
    private typealias Call = HTTPVaultConfiguration.Call

    /// What distinguishes the requests of a vault.
    private struct Role {
        var name: String
        var methods: [String]
        /// The method where none is given; else it must be.
        var usualMethod: String?
        var usualSuccess: Set<Int>
        var allowed: Set<Template.Placeholder>

        static let write = Role(
            name: "write", methods: ["PUT", "POST", "PATCH"], usualSuccess: [200, 201, 204],
            allowed: [.value, .path, .field])
        static let read = Role(
            name: "read", methods: ["GET", "POST"], usualMethod: "GET", usualSuccess: [200], allowed: [.path, .field])
        static let remove = Role(
            name: "remove", methods: ["DELETE", "POST", "PUT", "PATCH"], usualMethod: "DELETE",
            usualSuccess: [200, 204], allowed: [.path, .field])
    }

    /// Headers that the client sets itself, or that conditions are made of.
    private static let reservedHeaders: Set = [
        "host", "connection", "content-length", "transfer-encoding", "expect", "if-match", "if-none-match",
    ]
    /// Headers that carry secrets, which do not belong in the file.
    private static let secretHeaders: Set = [
        "authorization", "proxy-authorization", "cookie", "x-api-key", "x-auth-token", "x-vault-token",
        "private-token", "api-key",
    ]

    mutating func http(_ node: Node, named name: String, _ what: String) -> HTTPVaultSettings? {
        let keys = [
            "kind", "write", "read", "remove", "credential", "conditional", "certificate-authority", "timeout",
            "check-path",
        ]
        guard check(node, what, keys: keys) else { return nil }
        let write = required("write", of: node, what).flatMap { call($0, .write) }
        let reading = node["read"].flatMap { self.reading($0) }
        let remove = node["remove"].flatMap { call($0, .remove) }
        let credential = node["credential"].flatMap { self.credential($0) }
        let conditional = node["conditional"].flatMap { choice($0, "conditional", among: ["etag"]) }
        let authority = node["certificate-authority"].flatMap { string($0, "certificate-authority") }
        let timeout = node["timeout"].flatMap { span($0, "timeout", in: 1...600) }
        if let place = node["conditional"], node["read"] == nil {
            fault(place, "conditional: the ETag comes from 'read', which is missing")
        }
        guard let write else { return nil }
        var configuration = HTTPVaultConfiguration(name: name, write: write)
        configuration.reading = reading
        configuration.remove = remove
        configuration.credential = credential?.header
        configuration.usesETag = conditional != nil
        configuration.certificateAuthorityFile = authority.map { absolutePath($0, in: folder) }
        if let timeout { configuration.timeout = .seconds(timeout.seconds) }
        requireSamePlace(configuration, node)
        return HTTPVaultSettings(configuration: configuration, credential: credential?.secret)
    }

    /// Every request speaks of the same place: where one of them has a path or field, all do.
    private mutating func requireSamePlace(_ configuration: HTTPVaultConfiguration, _ node: Node) {
        let write = configuration.write.placeholders
        for placeholder in [Template.Placeholder.value, .path] where !write.contains(placeholder) {
            fault(node["write"] ?? node, "write: '{{\(placeholder.rawValue)}}' stands nowhere")
        }
        let others = [("read", configuration.reading?.placeholders), ("remove", configuration.remove?.placeholders)]
        for (name, placeholders) in others {
            guard let placeholders, let node = node[name] else { continue }
            if !placeholders.contains(.path) { fault(node, "\(name): '{{path}}' stands nowhere") }
            if placeholders.contains(.field) != write.contains(.field) {
                let (with, without) = write.contains(.field) ? ("write", name) : (name, "write")
                fault(node, "\(without): '{{field}}' stands nowhere, but does in '\(with)'")
            }
        }
    }

    private mutating func reading(_ node: Node) -> HTTPVaultConfiguration.Reading? {
        let pointer = node["value"].map { node in
            string(node, "value").flatMap { text in
                made(node, "value") { () throws(TemplateFault) in try PointerTemplate(text) }
            }
        }
        guard let call = call(node, .read, also: ["value"]), pointer.map({ $0 != nil }) ?? true else { return nil }
        return HTTPVaultConfiguration.Reading(call, pointer: pointer ?? nil)
    }

    private mutating func call(_ node: Node, _ role: Role, also further: [String] = []) -> Call? {
        guard check(node, role.name, keys: ["method", "url", "headers", "body", "success"] + further) else {
            return nil
        }
        let method =
            node["method"] == nil && role.usualMethod != nil
            ? role.usualMethod
            : required("method", of: node, role.name).flatMap { choice($0, "method", among: role.methods) }
        let url = required("url", of: node, role.name).flatMap { node in
            string(node, "url").flatMap { text in
                if text.hasPrefix("http://") { doubtPlain(text, "url", node.mark) }
                return made(node, "url") { () throws(TemplateFault) in try URLTemplate(text) }
            }
        }
        let headers = entries(node["headers"], "headers").map { self.header($0, role) }
        let type = node["headers"]?.entries?.first { $0.key.lowercased() == "content-type" }?.value.text
        let body = node["body"].map { self.body($0, type: type, role) }
        if let node = node["body"], method == "GET" { fault(node, "body: a GET has none") }
        let success = node["success"].map { list in
            Set(items(list, "success").compactMap { integer($0, "success", in: 200...299) })
        }
        if let node = node["success"], node.items?.isEmpty == true {
            fault(node, "success: expected at least one status")
        }
        guard let method, let url, headers.allSatisfy({ $0 != nil }), body.map({ $0 != nil }) ?? true else {
            return nil
        }
        // What is gone already is as good as removed.
        let statuses = (success ?? role.usualSuccess).union(role.name == "remove" ? [404] : [])
        return Call(method: method, url: url, headers: headers.compactMap(\.self), body: body ?? nil, success: statuses)
    }

    private mutating func body(_ node: Node, type: String?, _ role: Role) -> BodyTemplate? {
        string(node, "body").flatMap { text in
            made(node, "body") { () throws(TemplateFault) in
                try BodyTemplate(text, type: type, allowing: role.allowed)
            }
        }
    }

    private mutating func header(_ entry: Node.Entry, _ role: Role) -> Call.Header? {
        guard isHeaderName(entry.key, at: entry.keyMark), let text = string(entry.value, entry.key) else { return nil }
        if Self.secretHeaders.contains(entry.key.lowercased()) {
            // Whatever stands there may be the secret itself: it is not shown.
            fault(
                entry.value, "headers: '\(entry.key)' carries a secret, which does not belong in this file",
                hint: "write credential: { header: \(entry.key), secret: file:PATH }")
            return nil
        }
        guard text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            fault(entry.value, "\(entry.key): a header holds printable ASCII alone")
            return nil
        }
        guard entry.key.lowercased() != "content-type" || !text.contains("{{") else {
            fault(entry.value, "\(entry.key): the type of a body is fixed")
            return nil
        }
        return made(entry.value, entry.key) { () throws(TemplateFault) in try Template(text, allowing: role.allowed) }
            .map { Call.Header(name: entry.key, value: $0) }
    }

    private mutating func isHeaderName(_ name: String, at mark: Mark) -> Bool {
        let isName =
            (1...128).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                switch $0 {
                case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"): true
                default: false
                }
            }
        guard isName else {
            fault(mark, "headers: '\(abridged(name))' is not the name of a header")
            return false
        }
        guard !Self.reservedHeaders.contains(name.lowercased()) else {
            fault(mark, "headers: '\(name)' is set by Rota itself", hint: "take it out")
            return false
        }
        return true
    }

    private mutating func credential(
        _ node: Node
    ) -> (header: HTTPVaultConfiguration.CredentialHeader, secret: SecretReference)? {
        guard check(node, "credential", keys: ["header", "secret", "prefix"]) else { return nil }
        let header = required("header", of: node, "credential").flatMap { node in
            string(node, "header").flatMap { isHeaderName($0, at: node.mark) ? $0 : nil }
        }
        let reference = required("secret", of: node, "credential").flatMap { secret($0, "secret") }
        let prefix = node["prefix"].map { string($0, "prefix") ?? "" } ?? ""
        guard let header, let reference else { return nil }
        return (HTTPVaultConfiguration.CredentialHeader(name: header, prefix: prefix), reference)
    }

    /// A template, or the fault in it.
    private mutating func made<T>(_ node: Node, _ key: String, _ make: () throws(TemplateFault) -> T) -> T? {
        do throws(TemplateFault) {
            return try make()
        } catch {
            fault(node, "\(key): \(error.message)", hint: error.hint)
            return nil
        }
    }
}
