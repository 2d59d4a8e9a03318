import RotaCore
import YAML

extension PolicyReader {
    mutating func readRules(_ node: Node) -> [Rule] {
        guard let items = node.items, !items.isEmpty else {
            error(
                node.items == nil
                    ? "'rules' must be a list, and here is \(node.typeName)" : "'rules' lists no rule",
                at: node.mark, hint: "write each rule as '- max-age: 90d'")
            return []
        }
        var rules: [Rule] = []
        var lines: [String: Int] = [:]
        for item in items {
            guard let rule = rule(item) else { continue }
            if let line = lines[rule.name] {
                error(
                    "a second '\(rule.name)' rule in one policy; the first is in line \(line)", at: item.mark,
                    hint: "keep the stricter one, or make two policies")
            }
            lines[rule.name] = lines[rule.name] ?? item.mark.line
            rules.append(rule)
        }
        return rules
    }

    private mutating func rule(_ node: Node) -> Rule? {
        guard let fields = fields(of: node, Vocabulary.rule) else { return nil }
        let found = Vocabulary.requirements.filter { fields[$0] != nil }
        guard let key = found.first, let value = fields[key] else {
            // A requirement of a later version, or a slip, has been told already.
            let isOther = node.entries?.contains { !Vocabulary.rule.keys.contains($0.key) } ?? false
            if !isOther {
                error(
                    "this rule requires nothing", at: node.mark,
                    hint: "add one of \(Vocabulary.requirements.joined(separator: ", "))")
            }
            return nil
        }
        guard found.count == 1 else {
            error(
                "a rule has one requirement, and here are \(found.joined(separator: " and "))", at: node.mark,
                hint: "write them as separate rules, each with its action")
            return nil
        }
        let action = action(of: fields, for: key)
        let start = fields["start-before"].flatMap { span($0, "start-before", zero: true) }
        let read = requirement(key, value)
        let overlap = overlap(of: fields, action: action, read)
        let cap = cap(of: fields, action: action, overlap: overlap)
        guard let requirement = read else { return nil }
        let rule = Rule(
            requirement, action: action ?? .notify, startBefore: start ?? .zero, overlap: overlap ?? .zero,
            cap: cap, newEnd: newEnd(of: fields, requirement, action: action, at: node.mark),
            renewal: renewal(of: fields, requirement, action: action, at: node.mark),
            revokeAfter: revokeAfter(of: fields, action: action))
        checkLead(of: rule, fields)
        return rule
    }

    private mutating func requirement(_ key: String, _ node: Node) -> Requirement? {
        switch key {
        case "max-age": span(node, key).map(Requirement.maxAge)
        case "unused-for": span(node, key).map(Requirement.unusedFor)
        case "expires-within": span(node, key).map(Requirement.expiresWithin)
        case "expiry": expiry(node)
        default: facts(key, node)
        }
    }

    private mutating func expiry(_ node: Node) -> Requirement? {
        guard let fields = fields(of: node, Vocabulary.expiry) else { return nil }
        let required = fields["required"].map { flag($0, "required") } ?? false
        let lifetime = fields["max-lifetime"].flatMap { span($0, "max-lifetime") }
        let remaining = fields["max-remaining"].flatMap { span($0, "max-remaining") }
        // Nil is a fault that has been told.
        guard let required else { return nil }
        if !required, fields["max-lifetime"] == nil, fields["max-remaining"] == nil {
            error(
                "'expiry' requires nothing", at: node.mark,
                hint: "write 'required: true', max-lifetime or max-remaining")
            return nil
        }
        return .expiry(required: required, maxLifetime: lifetime, maxRemaining: remaining)
    }

    mutating func flag(_ node: Node, _ key: String) -> Bool? {
        if let boolean = node.boolean { return boolean }
        error(
            "'\(key)' must be true or false, not \(written(node))", at: node.mark,
            hint: "write \(key): true, without quotes")
        return nil
    }

    /// What a new value cures.
    private static let rotatable = ["max-age", "expires-within"]

    private mutating func action(of fields: [String: Node], for requirement: String) -> Action? {
        guard let node = fields["action"] else { return .notify }
        guard let action = word("action", of: fields, Action.allCases) else { return nil }
        if action == .rotate, !Self.rotatable.contains(requirement) {
            let why =
                switch requirement {
                case "expiry": "a new value has the same end; use notify, set-expiry, quarantine or revoke"
                case "unused-for": "a rotation is not a use; use notify, quarantine or revoke"
                case "sources": "whoever shares it reads the new value there, too; use notify, quarantine or revoke"
                default: "a new value changes nothing about it; use notify, quarantine or revoke"
                }
            error("action 'rotate' does not cure '\(requirement)'", at: node.mark, hint: why)
            return nil
        }
        if action == .setExpiry, requirement != "expiry" {
            error(
                "action 'set-expiry' does not cure '\(requirement)'", at: node.mark,
                hint: "it is for 'expiry'; use notify, "
                    + (Self.rotatable.contains(requirement) ? "rotate, " : "") + "quarantine or revoke")
            return nil
        }
        return action
    }

    /// A new end that is near enough to be renewed itself would have the token turn over for ever.
    private mutating func checkRenewal(of rule: Rule, within limit: TimeSpan, _ fields: [String: Node]) {
        let due = limit + rule.lead
        guard let renewal = rule.renewal, renewal > limit, renewal <= due, let node = fields["renew"] else { return }
        let usual = fields["overlap"] == nil ? "; the overlap is \(rule.overlap) where none is written" : ""
        error(
            "'renew' (\(renewal)) is not more than expires-within, start-before and overlap together (\(due)): "
                + "it would be due again at once",
            at: node.mark, hint: "write one that is longer than \(due), such as renew: \(due + limit)\(usual)")
    }

    /// A lead of more than half of the limit would have the token turn over all the time.
    private mutating func checkLead(of rule: Rule, _ fields: [String: Node]) {
        let limit: TimeSpan
        switch rule.requirement {
        case .maxAge(let span), .unusedFor(let span): limit = span
        // What ends in a while may well be looked at long before that.
        case .expiresWithin(let limit): return checkRenewal(of: rule, within: limit, fields)
        case .expiry, .owner, .description, .destination, .scopes, .name, .sources:
            if let node = fields["start-before"] {
                error(
                    "'start-before' has no meaning for '\(rule.name)', which is violated at once or not at all",
                    at: node.mark, hint: "remove it")
            }
            return
        }
        guard rule.lead.seconds > limit.seconds / 2, let node = fields["start-before"] ?? fields["overlap"]
        else { return }
        let parts = rule.action == .rotate ? "start-before and overlap together" : "start-before"
        let verb = rule.action == .rotate ? "are" : "is"
        let isUsual = rule.action == .rotate && fields["overlap"] == nil
        let usual = isUsual ? "; the overlap is \(rule.overlap) where none is written" : ""
        error(
            "\(parts) (\(rule.lead)) \(verb) more than half of \(rule.name) (\(limit))", at: node.mark,
            hint: "leave at most \(TimeSpan(seconds: limit.seconds / 2))\(usual)")
    }
}
