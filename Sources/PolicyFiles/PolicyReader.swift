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
    /// How many of the diagnostics are errors.
    private var errors = 0
    /// Handed on from file to file.
    var zones: ZoneFiles
    private var source: SourceText?

    /// - parameter source: what the nodes were read from, for places within them; nil where it is read here.
    init(file: String, zones: ZoneFiles = ZoneFiles(), source: [UInt8]? = nil) {
        self.file = file
        self.zones = zones
        self.source = source.map { SourceText($0) }
    }

    /// The policies that could be made out.
    ///
    /// With an error among the diagnostics they are only good for comparing names.
    mutating func read(_ bytes: [UInt8]) -> [PlacedPolicy] {
        parse(bytes, beginning: "'version: 1' and 'policies:'").map { document($0) } ?? []
    }

    /// What the file holds; nil when it is no document, which has been told.
    ///
    /// - parameter beginning: what such a file begins with, for a hint.
    mutating func parse(_ bytes: [UInt8], beginning: String) -> Node? {
        guard !bytes.allSatisfy({ " \t\r\n".utf8.contains($0) }) else {
            fault("the file is empty", hint: "begin it with \(beginning)")
            return nil
        }
        guard !bytes.contains(0) else {
            fault("this is not a text file", hint: "policies are written in YAML, in UTF-8")
            return nil
        }
        var source = SourceText(bytes)
        self.source = source
        do {
            return try Document(parsing: bytes).root
        } catch {
            self.error(
                error.message, at: error.mark,
                hint: syntaxHint(error, line: source.text(from: Mark(line: error.line, column: 1))))
            return nil
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
        let before = errors
        let listed = rules.map { readRules($0) } ?? []
        // What is said of notices goes by the rules: nothing, where they are not as they were meant.
        let soundRules = errors == before ? listed : []
        var policy = Policy(
            name: name ?? "", description: text("description", of: fields) ?? "",
            basis: text("basis", of: fields) ?? "",
            mode: word("mode", of: fields, Mode.allCases) ?? .observe,
            selector: selector(of: fields, in: policyTitle(name), at: node.mark), when: condition(fields["when"]),
            rules: listed, file: file)
        policy.notifyBefore = notices(fields["notify-before"], rules: soundRules)
        policy.minimumNotice = minimumNotice(fields["minimum-notice"], rules: soundRules)
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

    /// Where a place within the text of a scalar is written; nil where that cannot be told.
    mutating func place(in node: Node, line: Int, column: Int) -> Mark? {
        // What is not told any more needs none.
        guard errors <= Self.mostFaults, let scalar = node.scalar else { return nil }
        return source?.mark(of: scalar, at: node.mark, line: line, column: column)
    }

    /// Whether a '!' stands before a value, which is then no part of it.
    mutating func beginsWithTag(_ node: Node) -> Bool {
        source?.text(from: node.mark).hasPrefix("!") ?? false
    }

    // MARK: - Gathering faults

    /// How many errors, and how many warnings, are told of a file: one that is no policy file at all could have
    /// hundreds of thousands.
    static let mostFaults = 200
    private static let longestMessage = 400

    mutating func error(_ message: String, at mark: Mark, hint: String? = nil) {
        tell(.error, message, at: mark, hint: hint)
    }

    mutating func warning(_ message: String, at mark: Mark, hint: String? = nil) {
        tell(.warning, message, at: mark, hint: hint)
    }

    /// Each severity has a measure of its own, so that no number of warnings can hide an error.
    private mutating func tell(_ severity: Diagnostic.Severity, _ message: String, at mark: Mark, hint: String?) {
        let told = severity == .error ? errors : diagnostics.count - errors
        guard told <= Self.mostFaults else { return }
        // Whatever a message repeats of the file, it stays one short line that is written from left to right.
        var diagnostic = Diagnostic(
            file: file, line: mark.line, column: mark.column, severity: severity,
            message: abridged(message, to: Self.longestMessage),
            hint: hint.map { abridged($0, to: Self.longestMessage) })
        if told == Self.mostFaults {
            diagnostic.message = "there are more than \(Self.mostFaults) \(severity.rawValue)s, and no more are told"
            diagnostic.hint = "mend those that are told first"
        }
        diagnostics.append(diagnostic)
        if severity == .error { errors += 1 }
    }

    private mutating func fault(_ message: String, hint: String) {
        error(message, at: Mark(line: 1, column: 1), hint: hint)
    }
}
