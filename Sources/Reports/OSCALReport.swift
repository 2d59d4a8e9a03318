import Crypto
package import Engine
import JSON
package import RotaCore

/// Assessment results of NIST's OSCAL 1.2.1: an observation for every violation and every rule, a risk for every rule
/// that is violated, and a finding for every control that a policy serves and a token was judged by.
///
/// Identifiers are made of what they name and the time: the same report has the same ones.
package struct OSCALReport: ReportFormat {
    package static let order = TokenOrder.byName
    static let version = "1.2.1"
    /// Of our properties.
    private static let namespace = "urn:rota:assessment-results"

    private let sink: ByteSink
    private var writer = JSONWriter(reservingCapacity: bufferSize + 4096)
    private var policies: [Policy] = []
    private var at = ""
    private var seed = ""
    private var hasObservations = false

    package init(to sink: @escaping ByteSink) { self.sink = sink }

    package mutating func begin(_ facts: ReportFacts) throws {
        policies = facts.policies.policies
        at = facts.at.description
        seed = "\(facts.store.instance) \(facts.store.generation) \(facts.policies.digest) \(at)"
        let plan = identifier("plan")
        writer.beginObject()
        writer.key("assessment-results")
        writer.beginObject()
        member("uuid", .string(identifier("results")))
        member(
            "metadata",
            [
                "title": "API token compliance", "last-modified": .string(facts.madeAt.description),
                "version": .string(at), "oscal-version": .string(Self.version),
            ])
        member("import-ap", ["href": .string("#\(plan)")])
        writer.key("results")
        beginResult(facts)
    }

    /// What it refers to, and what it was built from.
    private func resources(_ facts: ReportFacts) -> [JSON] {
        var resources: [JSON] = [
            [
                "uuid": .string(identifier("plan")), "title": "Policies in force",
                "description": .string(
                    "The policies with digest \(facts.policies.digest), judged by \(facts.generator)."),
            ]
        ]
        if let checkpoint = facts.checkpoint {
            resources.append([
                "uuid": .string(identifier("checkpoint")), "title": "Checkpoint of the audit log",
                "description": "What the audit log was, as a signed note (C2SP tlog-checkpoint).",
                "base64": [
                    "filename": "audit.checkpoint", "media-type": "text/plain",
                    "value": .string(Base64.standard.encode(Array(checkpoint.utf8))),
                ],
            ])
        }
        resources += facts.origins.imports.enumerated().map { number, list in
            resource(
                "import \(number)", "Inventory list \(list.file)", list.words, [(list.file, list.digest)],
                [
                    ("rows", "\(list.rows)"), ("added", "\(list.added)"), ("updated", "\(list.updated)"),
                    ("unchanged", "\(list.unchanged)"), ("left-out", "\(list.leftOut)"),
                    ("vanished", list.vanished.map { "\($0)" } ?? ""), ("imported-at", list.at.description),
                    ("imported-by", list.actor),
                ])
        }
        resources += facts.origins.usageImports.enumerated().map { number, log in
            resource(
                "usage import \(number)", "Log of uses \(log.file)", log.words, [(log.file, log.digest)],
                [
                    ("rows", "\(log.rows)"), ("uses", "\(log.uses)"), ("unknown-rows", "\(log.unknownRows)"),
                    ("first", log.first?.description ?? ""), ("last", log.last?.description ?? ""),
                    ("complete", "\(log.isComplete)"), ("imported-at", log.at.description),
                    ("imported-by", log.actor),
                ])
        }
        resources += facts.origins.loads.enumerated().map { number, load in
            resource(
                "load \(number)", "Policies loaded at \(load.at)", load.words,
                load.files.map { ($0.name, $0.digest) },
                [("loaded-at", load.at.description), ("loaded-by", load.actor), ("cause", load.cause)])
        }
        return resources
    }

    private func resource(
        _ what: String, _ title: String, _ description: String, _ files: [(name: String, digest: String)],
        _ facts: [(name: String, value: String)]
    ) -> JSON {
        var resource: JSON.Object = [
            "uuid": .string(identifier(what)), "title": .string(Self.line(title)),
            "description": .string(Self.line(description)),
        ]
        resource["props"] = .array(facts.compactMap { property($0.name, $0.value) })
        let links: [JSON] = files.map { file in
            let digest = file.digest.split(separator: ":").last.map(String.init) ?? ""
            return [
                "href": .string("./\(PercentEncoding.encode(file.name))"),
                "hashes": [["algorithm": "SHA-256", "value": .string(digest)]],
            ]
        }
        if !links.isEmpty { resource["rlinks"] = .array(links) }
        return .object(resource)
    }

    private mutating func beginResult(_ facts: ReportFacts) {
        writer.beginArray()
        writer.beginObject()
        member("uuid", .string(identifier("result")))
        member("title", "Every live token, judged by every policy that selects it")
        member(
            "description",
            .string(
                (facts.hypothetical
                    ? "The tokens as they were at \(facts.madeAt), judged as if it were \(at)."
                    : "The tokens of instance \(facts.store.instance) as they were at \(at).") + Self.extent(facts)))
        member("start", .string(at))
        member("reviewed-controls", ["control-selections": [selection]])
        writer.key("observations")
        writer.beginArray()
    }

    package mutating func add(_ token: Token, _ rulings: [Planner.Ruling], blocked: BlockedCall?) throws {
        for ruling in rulings where ruling.verdict.status == .violating {
            let policy = policies[ruling.policy]
            let rule = policy.rules[ruling.rule]
            var properties = [property("token-id", token.id.text), property("policy", policy.name)]
            properties += [property("rule", rule.name), property("reason", ruling.verdict.reason.code)]
            if !token.owner.isEmpty { properties.append(property("owner", token.owner)) }
            observe(
                identifier("violation \(token.id) \(policy.name) \(rule.name)"),
                "\(Self.line(token.name)): \(rule.name)",
                ruling.verdict.reason.message, properties.compactMap(\.self))
        }
        if writer.bytes.count >= bufferSize { try flush() }
    }

    package mutating func end(_ report: Report) throws {
        var risks: [JSON] = []
        for (policy, posture) in zip(policies, report.summary.policies) {
            for (rule, counted) in zip(policy.rules, posture.rules) {
                let counts = counted.verdicts
                let text = Verdict.Status.allCases.map { "\(counts[$0]) \($0.rawValue)" }.joined(separator: ", ")
                observe(
                    identifier("rule \(policy.name) \(rule.name)"), Self.line("\(policy.name): \(rule.name)"),
                    "Of \(counts.total) verdicts: \(text).",
                    [property("policy", policy.name), property("rule", rule.name)].compactMap(\.self))
                if counts.violating > 0 { risks.append(risk(policy, rule.name, counts)) }
            }
        }
        observeMissing(report)
        writer.endArray()
        member("props", .array(ground(of: report)))
        if !risks.isEmpty { member("risks", .array(risks)) }
        let findings = report.summary.controls.filter { $0.standing != .notApplicable }.map(finding)
        if !findings.isEmpty { member("findings", .array(findings)) }
        writer.endObject()
        writer.endArray()
        member("back-matter", ["resources": .array(resources(report.facts))])
        writer.endObject()
        writer.endObject()
        writer.newline()
        try flush()
    }

    /// Tokens that a list of their issuer does not have any more.
    private mutating func observeMissing(_ report: Report) {
        for entry in report.missing.listed {
            observe(
                identifier("missing \(entry.token.id)"), "\(Self.line(entry.token.name)): missing from its list",
                entry.words,
                [
                    property("token-id", entry.token.id.text), property("missing-since", "\(entry.absence.since)"),
                ].compactMap(\.self), by: "EXAMINE")
        }
    }

    /// How much of it was seen here, and how much was told.
    private func ground(of report: Report) -> [JSON] {
        let inventory = report.summary.inventory
        let counts =
            [("tokens-issued-here", inventory.observed), ("tokens-told-by-lists", inventory.asserted)]
            + report.facts.originCounts
        let missing = report.facts.missingRecords.map { property("missing-records", $0) }
        return (counts.map { property($0.0, "\($0.1)") } + missing).compactMap(\.self)
    }

    // MARK: - Its parts

    private static func extent(_ facts: ReportFacts) -> String {
        let slice = facts.owner.map { " A slice: only tokens whose owner matches '\(line($0))'." } ?? ""
        return slice + (facts.isRedacted ? " Redacted: names are pseudonyms." : "")
    }

    /// Which controls policies serve; all, where none is named.
    private var selection: JSON {
        var controls = Set<String>()
        for policy in policies {
            for (framework, names) in policy.controls {
                for name in names { controls.insert(ControlName(framework, name).control) }
            }
        }
        guard !controls.isEmpty else { return ["include-all": [:]] }
        return ["include-controls": .array(controls.sorted().map { ["control-id": .string($0)] })]
    }

    private mutating func observe(
        _ uuid: String, _ title: String, _ description: String, _ properties: [JSON],
        by method: JSON = "TEST"
    ) {
        var observation: JSON.Object = ["uuid": .string(uuid), "title": .string(title)]
        observation["description"] = .string(Self.line(description))
        if !properties.isEmpty { observation["props"] = .array(properties) }
        observation["methods"] = [method]
        observation["types"] = ["control-objective"]
        observation["collected"] = .string(at)
        writer.value(.object(observation))
    }

    private func risk(_ policy: Policy, _ rule: String, _ counts: StatusCounts) -> JSON {
        let observation: JSON = ["observation-uuid": .string(identifier("rule \(policy.name) \(rule)"))]
        return [
            "uuid": .string(identifier("risk \(policy.name) \(rule)")),
            "title": .string(Self.line("\(policy.name): \(rule) is violated")),
            "description": .string("\(counts.violating) of \(counts.total) tokens violate it."),
            "statement": .string(Self.line(policy.description.isEmpty ? policy.name : policy.description)),
            "status": "open", "related-observations": [observation],
        ]
    }

    private func finding(_ posture: ControlPosture) -> JSON {
        let name = ControlName(posture.framework, posture.control)
        let isMet = posture.standing == .evidenced
        let serving = policies.filter { posture.policies.contains($0.name) }
        func each(_ key: String, _ kind: String, _ isWanted: (String, String) -> Bool) -> [JSON] {
            serving.flatMap { policy in
                policy.rules.filter { isWanted(policy.name, $0.name) }
                    .map { [key: .string(identifier("\(kind) \(policy.name) \($0.name)"))] }
            }
        }
        return [
            "uuid": .string(identifier("finding \(posture.framework) \(posture.control)")),
            "title": .string(Self.line("\(posture.framework) \(posture.control)")),
            "description": .string(
                "\(posture.verdicts.violating) of \(posture.verdicts.total) verdicts are violations, "
                    + "\(posture.verdicts.waived) waived, \(posture.verdicts.unknown) unknown; by "
                    + Self.line(posture.policies.joined(separator: ", ")) + "."),
            "target": [
                "type": "objective-id", "target-id": .string(name.objective),
                "status": [
                    "state": .string(isMet ? "satisfied" : "not-satisfied"),
                    "reason": .string(isMet ? "pass" : posture.verdicts.violating > 0 ? "fail" : "other"),
                ],
            ],
            "props": .array(
                [
                    property("observed-verdicts", "\(posture.observed)"),
                    property("asserted-verdicts", "\(posture.asserted)"),
                ].compactMap(\.self)),
            "related-observations": .array(each("observation-uuid", "rule") { _, _ in true }),
        ]
    }

    private mutating func member(_ key: String, _ value: JSON) {
        writer.key(key)
        writer.value(value)
    }

    private func property(_ name: String, _ value: String) -> JSON? {
        let value = Self.line(value)
        return value.isEmpty ? nil : ["name": .string(name), "ns": .string(Self.namespace), "value": .string(value)]
    }

    /// Text of anybody's making on one line, without blanks around it.
    private static func line(_ text: String) -> String {
        let plain = text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : Character($0) }
        return String(plain).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// A UUID of version 5's form, of SHA-256: OSCAL takes versions 4 and 5 alone.
    private func identifier(_ what: String) -> String {
        var bytes = Array(SHA256.digest(of: "\(seed)\n\(what)")[..<16])
        bytes[6] = bytes[6] & 0x0F | 0x50
        bytes[8] = bytes[8] & 0x3F | 0x80
        let hex = Array(Hex.encode(bytes))
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(hex[$0]) }.joined(separator: "-")
    }

    private mutating func flush() throws {
        try sink(writer.bytes)
        writer.removeAll()
    }
}
