import RotaCore
import YAML

/// A policy with the place of its name.
struct PlacedPolicy {
    var policy: Policy
    var mark: Mark
}

/// Reads one file, and gathers every fault of it.
struct PolicyReader {
    let file: String
    private(set) var diagnostics: [Diagnostic] = []
    /// Handed on from file to file.
    var zones: ZoneFiles

    init(file: String, zones: ZoneFiles = ZoneFiles()) {
        self.file = file
        self.zones = zones
    }

    /// The policies that could be made out.
    ///
    /// With an error among the diagnostics they are only good for comparing names.
    mutating func read(_ bytes: [UInt8]) -> [PlacedPolicy] {
        guard !bytes.allSatisfy({ " \t\r\n".utf8.contains($0) }) else {
            fault("the file is empty", hint: "begin it with 'version: 1' and 'policies:'")
            return []
        }
        guard !bytes.contains(0) else {
            fault("this is not a text file", hint: "policies are written in YAML, in UTF-8")
            return []
        }
        do {
            return document(try Document(parsing: bytes).root)
        } catch {
            let hint = unquotedHint(bytes, at: error.mark)
            self.error(error.message, at: error.mark, hint: hint)
            return []
        }
    }

    /// A cron pattern that begins with `*` or `@` is no plain text in YAML, whose own words for it lead nowhere.
    private func unquotedHint(_ bytes: [UInt8], at mark: Mark) -> String? {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.indices.contains(mark.line - 1) else { return nil }
        let line = String(decoding: lines[mark.line - 1], as: UTF8.self)
        guard let key = line.firstRange(of: "cron:") else { return nil }
        switch line[key.upperBound...].first(where: { $0 != " " }) {
        case "*": return "put the pattern into quotes, as in cron: \"*/15 * * * *\""
        case "@": return "put the pattern into quotes, as in cron: \"@daily\""
        default: return nil
        }
    }

    private mutating func document(_ root: Node) -> [PlacedPolicy] {
        guard let fields = fields(of: root, Vocabulary.file) else { return [] }
        if let version = required(
            "version", of: fields, in: "the file", at: root.mark, hint: "begin with 'version: 1'"),
            version.integer != 1
        {
            error(
                "version \(written(version)) is not known", at: version.mark,
                hint: "this rota reads policies of 'version: 1'")
        }
        guard
            let list = required(
                "policies", of: fields, in: "the file", at: root.mark,
                hint: "list the policies under 'policies:'")
        else { return [] }
        guard let items = list.items, !items.isEmpty else {
            error(
                list.items == nil
                    ? "'policies' must be a list, and here is \(list.typeName)"
                    : "'policies' lists no policy",
                at: list.mark, hint: "write each policy as '- name: …'")
            return []
        }
        return items.compactMap { policy($0) }
    }

    private mutating func policy(_ node: Node) -> PlacedPolicy? {
        guard let fields = fields(of: node, Vocabulary.policy) else { return nil }
        let nameNode = required(
            "name", of: fields, in: "this policy", at: node.mark, hint: "write '- name: …'")
        let name = nameNode.flatMap { policyName($0) }
        let rules = required(
            "rules", of: fields, in: policyTitle(name), at: node.mark,
            hint: "write 'rules:' with '- max-age: 90d'")
        var policy = Policy(
            name: name ?? "", description: text("description", of: fields) ?? "",
            basis: text("basis", of: fields) ?? "",
            mode: word("mode", of: fields, Mode.allCases) ?? .observe,
            selector: selector(of: fields, in: policyTitle(name), at: node.mark),
            rules: rules.map { readRules($0) } ?? [], file: file)
        policy.notifyBefore = notices(fields["notify-before"], rules: policy.rules)
        policy.schedule = schedule(fields["schedule"])
        policy.pace = pace(fields["pace"])
        policy.limits = limits(fields["limits"])
        policy.needsApproval = approval(fields["approval"])
        policy.controls = controls(fields["controls"])
        guard name != nil, let nameNode else { return nil }
        return PlacedPolicy(policy: policy, mark: nameNode.mark)
    }

    private func policyTitle(_ name: String?) -> String {
        name.map { "policy '\($0)'" } ?? "this policy"
    }

    private mutating func policyName(_ node: Node) -> String? {
        guard let name = string(node, "name") else { return nil }
        guard (1...100).contains(name.count), !name.hasPrefix(" "), !name.hasSuffix(" "),
            name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value) })
        else {
            error(
                "a policy's name has 1 to 100 characters on one line", at: node.mark,
                hint: "use a short name such as 'production-rotation'")
            return nil
        }
        return name
    }

    // MARK: - Gathering faults

    mutating func error(_ message: String, at mark: Mark, hint: String? = nil) {
        diagnostics.append(
            Diagnostic(file: file, line: mark.line, column: mark.column, message: message, hint: hint))
    }

    mutating func warning(_ message: String, at mark: Mark, hint: String? = nil) {
        diagnostics.append(
            Diagnostic(
                file: file, line: mark.line, column: mark.column, severity: .warning, message: message,
                hint: hint))
    }

    private mutating func fault(_ message: String, hint: String) {
        error(message, at: Mark(line: 1, column: 1), hint: hint)
    }
}
