import RotaCore
import YAML

// The facts of a made-up token. What is not said is ordinary: made just now, one place, active, use unknown.
extension PolicyReader {
    mutating func testToken(_ node: Node, _ policies: [Policy], at now: Instant) -> (Token, Quarantine?)? {
        guard let fields = fields(of: node, Vocabulary.testToken) else { return nil }
        exclude("age", "value-issued-at", in: fields)
        exclude("idle", "last-used-at", in: fields)
        let before = diagnostics.count
        let issued = fields["age"] ?? fields["value-issued-at"]
        let created = fields["created-at"].flatMap { instant($0, "created-at", before: now) }
        let issuedKey = fields["age"] == nil ? "value-issued-at" : "age"
        let isUnknown = issued?.text == "unknown"
        let currentIssuedAt =
            isUnknown ? nil : issued.flatMap { instant($0, issuedKey, before: now) } ?? created ?? now
        let previous = fields["previous-issued-at"].flatMap { instant($0, "previous-issued-at", before: now) }
        let used = fields["idle"] ?? fields["last-used-at"]
        let useKey = fields["idle"] == nil ? "last-used-at" : "idle"
        let isKnown = !["never", "unknown"].contains(used?.text)
        let seen = seenFrom(fields, isUsed: isKnown)
        let lastUse =
            isKnown ? used.map { instant($0, useKey, before: now) } ?? (seen.isEmpty ? nil : now) : nil
        // Without a word it is as old as the oldest thing that is known of it.
        let createdAt = created ?? [currentIssuedAt, previous, lastUse].compactMap(\.self).min() ?? now
        let quarantine = quarantine(fields, policies, at: now)
        var values = ValueSummary(
            currentIssuedAt: currentIssuedAt, oldestIssuedAt: previous,
            rotationOpen: fields["rotating"].flatMap { flag($0, "rotating") } ?? false,
            awaitingRetirement: previous != nil)
        if let node = fields["overlap-ends-at"] {
            values.overlapEndsAt = instant(node, "overlap-ends-at", after: now)
            if previous == nil {
                error(
                    "'overlap-ends-at' is about a previous value, and there is none", at: node.mark,
                    hint: "write 'previous-issued-at: 91d' with it")
            }
        }
        let token = Token(
            id: TokenID("tok_test"), name: text("name", of: fields) ?? "test",
            description: text("description", of: fields) ?? "", owner: text("owner", of: fields) ?? "",
            integration: text("integration", of: fields) ?? "",
            scopes: fields["scopes"].flatMap { list($0, "scopes") } ?? [], labels: testLabels(fields["labels"]),
            issuer: testIssuer(fields["issuer"]),
            state: quarantine == nil
                ? word("state", of: fields, TokenState.allCases) ?? .active : TokenState.quarantined,
            createdAt: createdAt, expiresAt: fields["expires-at"].flatMap { instant($0, "expires-at", after: now) },
            usage: used?.text == "never"
                ? .neverUsed(since: createdAt) : lastUse.map(Usage.lastUsed) ?? .unknown,
            seenFrom: SeenFrom(
                addresses: days(of: seen["addresses"], lastUse), agents: days(of: seen["agents"], lastUse)),
            watchedSince: createdAt, values: values, destinationCount: destinationCount(of: fields) ?? 1)
        return diagnostics.count == before ? (token, quarantine) : nil
    }

    /// How many different places it was used from, all on the day of its last use.
    private mutating func seenFrom(_ fields: [String: Node], isUsed: Bool) -> [String: Int] {
        var counts: [String: Int] = [:]
        for key in ["addresses", "agents"] {
            guard let node = fields[key] else { continue }
            counts[key] = count(key, of: fields, in: 1...SeenFrom.most, advice: "leave it out where none is known")
            if !isUsed {
                error(
                    "'\(key)' is about uses, and there is none", at: node.mark, hint: "write 'idle: 1h', or remove it")
            }
        }
        return counts
    }

    private func days(of count: Int?, _ lastUse: Instant?) -> [Instant] {
        lastUse.map { Array(repeating: $0.midnight, count: count ?? 0) } ?? []
    }

    private mutating func destinationCount(of fields: [String: Node]) -> Int? {
        if let node = fields["destinations"], node.integer == nil {
            error(
                "'destinations' is how many there are, and here is \(written(node))", at: node.mark,
                hint: "write destinations: \(node.items?.count ?? 1)")
            return nil
        }
        return count("destinations", of: fields, in: 0...TokenFields.mostDestinations)
    }

    private mutating func exclude(_ one: String, _ other: String, in fields: [String: Node]) {
        guard fields[one] != nil, let node = fields[other] else { return }
        error("'\(one)' and '\(other)' say the same", at: node.mark, hint: "remove one of them")
    }

    private mutating func instant(_ node: Node, _ key: String, before now: Instant) -> Instant? {
        guard let instant = instant(node, key, span: { now - $0 }, meaning: "90d for 90 days before 'now'") else {
            return nil
        }
        guard instant <= now else {
            error(
                "'\(key)' (\(written(node))) is after 'now' (\(now))", at: node.mark,
                hint: "nothing is known of the future: write a time until then, or let 'now' be later")
            return nil
        }
        return instant
    }

    private mutating func instant(_ node: Node, _ key: String, after now: Instant) -> Instant? {
        instant(node, key, span: { now + $0 }, meaning: "90d for 90 days after 'now'")
    }

    private mutating func instant(
        _ node: Node, _ key: String, span: (TimeSpan) -> Instant, meaning: String
    ) -> Instant? {
        if let text = node.text {
            if let length = TimeSpan(text) { return span(length) }
            if let instant = Instant(text) { return instant }
        }
        error(
            "'\(key)' must be a time or a duration, and here is \(written(node))", at: node.mark,
            hint: "write 2026-11-24, 2026-11-24T03:00:00Z, or \(meaning)")
        return nil
    }

    /// Empty where that is meant.
    private mutating func list(_ node: Node, _ key: String) -> [String]? {
        if let items = node.items, items.isEmpty { return [] }
        return texts(node, key)
    }

    private mutating func testLabels(_ node: Node?) -> [String: String] {
        guard let node else { return [:] }
        guard let entries = node.entries else {
            error(
                "'labels' must be a mapping, and here is \(node.typeName)", at: node.mark,
                hint: "write 'labels: { env: production }'")
            return [:]
        }
        var labels: [String: String] = [:]
        for entry in entries {
            guard let text = entry.value.text else {
                error(
                    "label '\(abridged(entry.key))' must be a text, and here is \(entry.value.typeName)",
                    at: entry.value.mark)
                continue
            }
            labels[entry.key] = text
        }
        return labels
    }

    private mutating func testIssuer(_ node: Node?) -> Issuer {
        guard let node else { return .rota }
        guard let issuer = node.text.flatMap({ Issuer($0) }) else {
            error(
                "\(written(node)) is no issuer", at: node.mark,
                hint: "write rota, or external:KIND such as external:aws-iam")
            return .rota
        }
        return issuer
    }

    /// `quarantined: { since: 15d, policy: …, rule: … }`; without a rule a person did it.
    private mutating func quarantine(_ fields: [String: Node], _ policies: [Policy], at now: Instant) -> Quarantine? {
        guard let node = fields["quarantined"] else {
            return fields["state"]?.text == TokenState.quarantined.rawValue
                ? Quarantine(since: now, by: "test", cause: "test") : nil
        }
        if let state = fields["state"], state.text != TokenState.quarantined.rawValue {
            error("a token that is 'quarantined' is not \(written(state))", at: state.mark, hint: "remove 'state'")
        }
        guard let parts = self.fields(of: node, Vocabulary.quarantined),
            let since = required("since", of: parts, in: "'quarantined'", at: node.mark, hint: "write 'since: 15d'")
        else { return nil }
        let start = instant(since, "since", before: now) ?? now
        var reference: RuleReference?
        if let policy = parts["policy"], let rule = parts["rule"] {
            let isKnown = policies.contains { known in
                known.name == policy.text && known.rules.contains { $0.name == rule.text && $0.action == .quarantine }
            }
            if !isKnown {
                error(
                    "policy \(written(policy)) has no rule \(written(rule)) that quarantines", at: policy.mark,
                    hint: quarantiningRules(policies))
            }
            reference = RuleReference(policy: policy.text ?? "", rule: rule.text ?? "")
        } else if let half = parts["policy"] ?? parts["rule"] {
            error("a rule is named by 'policy' and 'rule'", at: half.mark, hint: quarantiningRules(policies))
        }
        return Quarantine(since: start, by: "test", cause: "test", rule: reference)
    }

    /// What names them, for a hint.
    func quarantiningRules(_ policies: [Policy]) -> String {
        let rules = policies.flatMap { policy in
            policy.rules.filter { $0.action == .quarantine }.map { "policy: \(policy.name), rule: \($0.name)" }
        }
        return rules.isEmpty ? "no rule here quarantines; leave both out" : "write " + rules.joined(separator: "; or ")
    }
}
