import RotaCore
import YAML

// What a policy says beside its rules: notices, pace, limits, approval, controls.
extension PolicyReader {
    /// One duration or a list; longest first.
    mutating func notices(_ node: Node?, rules: [Rule]) -> [TimeSpan] {
        guard let node else { return [] }
        if node.items?.isEmpty ?? false {
            error(
                "'notify-before' is an empty list, by which nobody would be told of anything", at: node.mark,
                hint: "write notify-before: [14d, 3d], or leave it out")
        }
        var spans: [TimeSpan] = []
        for item in node.items ?? [node] {
            guard let span = span(item, "notify-before") else { continue }
            if spans.contains(span) {
                error("'notify-before' has \(span) twice", at: item.mark, hint: "remove one of them")
                continue
            }
            warn(ofEarlyNotice: span, rules, at: item.mark)
            spans.append(span)
        }
        return spans.sorted(by: >)
    }

    /// How old a notice must be before anything is done.
    mutating func minimumNotice(_ node: Node?, rules: [Rule]) -> TimeSpan? {
        let advice = "leave it out where nothing is to wait for a notice"
        guard let node, let span = span(node, "minimum-notice", advice: advice) else { return nil }
        warn(ofEarlyNotice: span, rules, at: node.mark)
        if !rules.isEmpty, rules.allSatisfy({ $0.action == .notify }) {
            warning(
                "'minimum-notice' holds nothing back: every rule of this policy only notifies", at: node.mark,
                hint: "give a rule an action, or remove it")
        }
        return span
    }

    /// A lead time as long as what is waited for gives notice of everything, always.
    private mutating func warn(ofEarlyNotice span: TimeSpan, _ rules: [Rule], at mark: Mark) {
        for rule in rules {
            switch rule.requirement {
            case .maxAge(let limit) where span >= limit - rule.lead:
                warning(
                    "a notice \(span) ahead would come before the value is made: max-age is \(limit)", at: mark,
                    hint: "write a shorter one")
            case .unusedFor(let limit) where span >= limit - rule.lead:
                warning(
                    "a notice \(span) ahead would come with each use: unused-for is \(limit)", at: mark,
                    hint: "write a shorter one")
            default: break
            }
        }
    }

    mutating func pace(_ node: Node?) -> Int? {
        guard let node, let fields = guardFields(of: node, Vocabulary.pace, example: "pace: { actions: 50 }")
        else {
            return nil
        }
        return count("actions", of: fields, in: 1...Int.max)
    }

    mutating func limits(_ node: Node?) -> Limits {
        guard let node,
            let fields = guardFields(
                of: node, Vocabulary.limits, example: "limits: { actions: 500, percent: 10 }")
        else { return Limits() }
        return Limits(
            actions: count("actions", of: fields, in: 1...Int.max),
            percent: count("percent", of: fields, in: 1...100),
            perOwner: ceiling("per-owner", of: fields), perVault: ceiling("per-vault", of: fields))
    }

    private mutating func ceiling(_ key: String, of fields: [String: Node]) -> Ceiling {
        guard let node = fields[key],
            let fields = guardFields(of: node, Vocabulary.limit(key), example: "\(key): { actions: 20, percent: 10 }")
        else { return Ceiling() }
        return Ceiling(
            actions: count("actions", of: fields, in: 1...Int.max), percent: count("percent", of: fields, in: 1...100))
    }

    /// Whether it is required.
    mutating func approval(_ node: Node?) -> Bool {
        guard let node else { return false }
        switch node.string {
        case "none"?: return false
        case "required"?: return true
        default:
            let known = ["none", "required"]
            error(
                "'approval' is none or required, not \(written(node))", at: node.mark,
                hint: node.text.flatMap { nearest(to: $0, among: known) }.map { "did you mean '\($0)'?" }
                    ?? "write 'approval: required', or leave it out")
            return false
        }
    }

    /// The fields of a small mapping that must not be empty: a limit left blank by a slip would be no limit.
    private mutating func guardFields(of node: Node, _ vocabulary: Vocabulary, example: String) -> [String:
        Node]?
    {
        guard let entries = node.entries, !entries.isEmpty else {
            let what = node.entries == nil ? "must be a mapping, and here is \(node.typeName)" : "is empty"
            error("\(vocabulary.title) \(what)", at: node.mark, hint: "write '\(example)'")
            return nil
        }
        return fields(of: node, vocabulary)
    }

    mutating func controls(_ node: Node?) -> [String: [String]] {
        guard let node else { return [:] }
        guard let entries = node.entries, !entries.isEmpty else {
            let what = node.entries == nil ? "must be a mapping, and here is \(node.typeName)" : "is empty"
            error("'controls' \(what)", at: node.mark, hint: "write 'controls: { pci-dss-4.0.1: [8.6.3] }'")
            return [:]
        }
        var controls: [String: [String]] = [:]
        for entry in entries {
            controls[entry.key] = texts(entry.value, entry.key)
            checkRepetition(of: entry.value, in: entry.key)
        }
        return controls
    }

    /// One that is named twice would be counted twice, however it is written.
    private mutating func checkRepetition(of node: Node, in framework: String) {
        var named: [String: String] = [:]
        for item in node.items ?? [] {
            guard let text = item.text else { continue }
            let objective = ControlName(framework, text).objective
            if let first = named[objective] {
                let other = first == text ? "" : ", as '\(abridged(first))' before"
                error(
                    "'\(abridged(framework))' names the control '\(abridged(text))' twice\(other)", at: item.mark,
                    hint: "remove one of them")
            } else {
                named[objective] = text
            }
        }
    }
}
