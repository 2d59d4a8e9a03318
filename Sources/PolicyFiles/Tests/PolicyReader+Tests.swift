import RotaCore
import YAML

// Tests of policies: made-up tokens, and what is to be said of them.
extension PolicyReader {
    /// The instant at which everything is judged.
    mutating func testInstant(of fields: [String: Node], at mark: Mark) -> Instant? {
        if let version = required(
            "version", of: fields, in: "the file", at: mark, hint: "begin with 'version: 1'"), version.integer != 1
        {
            error(
                "version \(written(version)) is not known", at: version.mark,
                hint: "this rota reads tests of 'version: 1'")
        }
        let hint = "write the day that the tests are about, such as now: 2027-01-01"
        guard let node = required("now", of: fields, in: "the file", at: mark, hint: hint) else { return nil }
        guard let now = node.text.flatMap({ Instant($0) }) else {
            error("'now' must be a time, and here is \(written(node))", at: node.mark, hint: hint)
            return nil
        }
        return now
    }

    mutating func tests(_ node: Node?, _ policies: [Policy], at now: Instant, root: Mark) -> [PolicyTest] {
        guard let node, let items = node.items, !items.isEmpty else {
            let fault =
                node.map {
                    $0.items == nil ? "'tests' must be a list, and here is \($0.typeName)" : "no test is listed"
                }
            error(
                fault ?? "the file has no 'tests'", at: node?.mark ?? root,
                hint: "write each test as '- name: …' with 'token' and 'expect'")
            return []
        }
        var names: [String: Int] = [:]
        return items.compactMap { item in
            guard let test = test(item, policies, at: now) else { return nil }
            if let line = names[test.name] {
                error(
                    "a second test named '\(abridged(test.name))'; the first is in line \(line)", at: item.mark,
                    hint: "give one of them another name")
            }
            names[test.name] = names[test.name] ?? item.mark.line
            return test
        }
    }

    private mutating func test(_ node: Node, _ policies: [Policy], at now: Instant) -> PolicyTest? {
        guard let fields = fields(of: node, Vocabulary.test) else { return nil }
        let name = required(
            "name", of: fields, in: "this test", at: node.mark,
            hint: "write what it claims: '- name: a value older than a quarter is rotated'"
        ).flatMap { string($0, "name") }
        let tokenNode = required(
            "token", of: fields, in: "this test", at: node.mark,
            hint: "write its facts, such as 'token: { labels: { env: production }, age: 91d }'")
        let expectNode = required(
            "expect", of: fields, in: "this test", at: node.mark, hint: "write 'expect: { action: rotate }'")
        let read = tokenNode.flatMap { testToken($0, policies, at: now) }
        guard let name, let (token, quarantine) = read, let tokenNode, let expectNode,
            let expected = expectedFields(expectNode)
        else { return nil }
        let test = PolicyTest(
            name: name, token: token, quarantine: quarantine,
            verdicts: expectedVerdicts(expected["verdicts"], of: token, policies, at: now),
            action: expected["action"].flatMap { expectedAction($0, policies) }, place: PolicyTest.Place(node.mark))
        if expectNode.entries?.isEmpty ?? true {
            error(
                "this test expects nothing", at: expectNode.mark,
                hint: "write 'action: none', or 'verdicts: { POLICY: { RULE: violating } }'")
        }
        if let quarantine, quarantine.rule == nil, test.action?.action == .revoke {
            error(
                "a quarantine that no rule called for comes to no revocation", at: tokenNode.mark,
                hint: "in 'quarantined': " + quarantiningRules(policies))
        }
        checkSelection(of: test, policies, at: tokenNode.mark)
        return test
    }

    /// The fields of `expect`; who writes a word alone is told where it belongs.
    private mutating func expectedFields(_ node: Node) -> [String: Node]? {
        var vocabulary = Vocabulary.expect
        if let word = node.text {
            if word == "none" || Action(rawValue: word) != nil {
                vocabulary.advice = "write 'expect: { action: \(word) }'"
            } else if word == "not-selected" {
                vocabulary.advice = "write 'expect: { verdicts: { POLICY: not-selected } }'"
            } else {
                vocabulary.advice = "write 'expect: { verdicts: { POLICY: { RULE: \(abridged(word)) } } }'"
            }
        }
        return fields(of: node, vocabulary)
    }

    /// A token that no policy selects tests nothing, unless just that is expected.
    private mutating func checkSelection(of test: PolicyTest, _ policies: [Policy], at mark: Mark) {
        let mismatches = policies.map { ($0.name, $0.selector.mismatch(with: test.token)) }
        guard mismatches.allSatisfy({ $0.1 != nil }), test.verdicts.isEmpty else { return }
        let why = mismatches.first.flatMap { name, mismatch in mismatch.map { "'\(name)': \($0)" } } ?? ""
        error(
            "no policy selects this token, so that nothing is tested", at: mark,
            hint: "\(why); where that is meant, write 'verdicts: { POLICY: not-selected }'")
    }

    // MARK: - What is expected

    private mutating func expectedVerdicts(
        _ node: Node?, of token: Token, _ policies: [Policy], at now: Instant
    ) -> [PolicyTest.ExpectedVerdict] {
        guard let node else { return [] }
        guard let entries = node.entries, !entries.isEmpty else {
            error(
                "'verdicts' must say what each policy says, and here is \(node.typeName)", at: node.mark,
                hint: "write 'verdicts: { POLICY: { RULE: violating } }'")
            return []
        }
        return entries.flatMap { entry -> [PolicyTest.ExpectedVerdict] in
            guard let index = place(of: entry.key, among: policies.map(\.name), "policy", at: entry.keyMark) else {
                return []
            }
            let policy = policies[index]
            if entry.value.text == "not-selected" {
                return [PolicyTest.ExpectedVerdict(policy: index, place: PolicyTest.Place(entry.value.mark))]
            }
            if !token.canAuthenticate(at: now) {
                let standing = token.state == .active ? "past its end" : token.state.rawValue
                error(
                    "no rule is held against a token that is \(standing)",
                    at: entry.value.mark, hint: "expect 'action' alone, or 'not-selected'")
                return []
            }
            guard let rules = entry.value.entries else {
                guard policy.rules.count == 1 else {
                    error(
                        "policy '\(policy.name)' has \(policy.rules.count) rules, and none of them is named here",
                        at: entry.value.mark,
                        hint: "write { RULE: \(entry.value.text ?? "violating") } with one of "
                            + policy.rules.map(\.name).joined(separator: ", ") + "; or 'not-selected'")
                    return []
                }
                return [expectedVerdict(entry.value, policy: index, rule: 0, policy.rules[0])].compactMap(\.self)
            }
            return rules.compactMap { rule in
                guard let place = place(of: rule.key, among: policy.rules.map(\.name), "rule", at: rule.keyMark) else {
                    return nil
                }
                return expectedVerdict(rule.value, policy: index, rule: place, policy.rules[place])
            }
        }
    }

    private mutating func place(of name: String, among names: [String], _ kind: String, at mark: Mark) -> Int? {
        if let place = names.firstIndex(of: name) { return place }
        error(
            "there is no \(kind) '\(abridged(name))' here", at: mark,
            hint: nearest(to: name, among: names).map { "did you mean '\($0)'?" }
                ?? "there are \(names.prefix(20).joined(separator: ", "))")
        return nil
    }

    /// `violating`, `max-age-exceeded`, or `{ status: violating, reason: max-age-exceeded }`.
    private mutating func expectedVerdict(
        _ node: Node, policy: Int, rule: Int, _ source: Rule
    ) -> PolicyTest.ExpectedVerdict? {
        var expected = PolicyTest.ExpectedVerdict(policy: policy, rule: rule, place: PolicyTest.Place(node.mark))
        if node.entries != nil {
            guard let fields = fields(of: node, Vocabulary.expectedVerdict) else { return nil }
            expected.status = word("status", of: fields, Verdict.Status.allCases)
            if let node = fields["reason"] {
                guard let reason = reason(node, [], of: source) else { return nil }
                expected.reason = reason
            }
            if fields.isEmpty { error("nothing is expected here", at: node.mark, hint: "write 'status: violating'") }
        } else if let status = node.text.flatMap({ Verdict.Status(rawValue: $0) }) {
            expected.status = status
        } else {
            guard let reason = reason(node, Verdict.Status.allCases.map(\.rawValue), of: source) else { return nil }
            expected.reason = reason
        }
        if expected.status == .due, !source.requirement.movesWithTime {
            error(
                "'\(source.name)' is never due: it is violated at once or not at all", at: node.mark,
                hint: "expect violating or compliant")
        }
        return expected
    }

    private mutating func reason(_ node: Node, _ statuses: [String], of rule: Rule) -> Reason.Kind? {
        let text = node.text ?? ""
        let reachable = rule.requirement.reasons.map(\.code)
        if let reason = rule.requirement.reasons.first(where: { $0.code == text }) { return reason }
        let isReason = Reason.Kind.allCases.contains { $0.code == text }
        // It is no verdict of a rule, so that it is not among them.
        let others = statuses.isEmpty ? "" : "; or 'POLICY: not-selected' for a policy that has no say about the token"
        error(
            isReason
                ? "'\(rule.name)' never gives the reason '\(text)'"
                : "\(written(node)) is neither a status nor a reason", at: node.mark,
            hint: nearest(to: text, among: statuses + reachable).map { "did you mean '\($0)'?" }
                ?? "use one of \((statuses + reachable).joined(separator: ", "))\(others)")
        return nil
    }

    /// `rotate`, `none`, or `{ action: rotate, policy: …, rule: …, blocked: no-destination }`.
    private mutating func expectedAction(_ node: Node, _ policies: [Policy]) -> PolicyTest.ExpectedAction? {
        let place = PolicyTest.Place(node.mark)
        guard node.entries != nil else {
            if node.text == "none" { return PolicyTest.ExpectedAction(nil, place: place) }
            return action(of: ["action": node], policies).map { PolicyTest.ExpectedAction($0, place: place) }
        }
        guard let fields = fields(of: node, Vocabulary.expectedAction),
            required("action", of: fields, in: "'action'", at: node.mark, hint: "write 'action: rotate'") != nil,
            let action = action(of: fields, policies)
        else { return nil }
        var expected = PolicyTest.ExpectedAction(
            action, blocked: word("blocked", of: fields, [BlockedReason.issuerNotDriven, .noDestination]), place: place)
        if let node = fields["policy"], let name = string(node, "policy"),
            let index = self.place(of: name, among: policies.map(\.name), "policy", at: node.mark)
        {
            expected.policy = name
            if let node = fields["rule"], let rule = string(node, "rule"),
                self.place(of: rule, among: policies[index].rules.map(\.name), "rule", at: node.mark) != nil
            {
                expected.rule = rule
            }
        } else if let node = fields["rule"] {
            error("'rule' does not say of which policy", at: node.mark, hint: "add 'policy: …'")
        }
        return expected
    }

    /// An action that some policy may take.
    private mutating func action(of fields: [String: Node], _ policies: [Policy]) -> Action? {
        guard let node = fields["action"], let action = word("action", of: fields, Action.allCases) else { return nil }
        let rules = policies.filter { $0.mode == .enforce }.flatMap(\.rules)
        guard !rules.contains(where: { $0.action == action || action == .revoke && $0.revokeAfter != nil }) else {
            return action
        }
        let looks = policies.contains { $0.mode != .enforce && $0.rules.contains { $0.action == action } }
        error(
            "no policy here takes the action '\(action.rawValue)'", at: node.mark,
            hint: looks
                ? "those that have it only observe or warn: write 'mode: enforce' at the top of the tests to judge as "
                    + "if they acted, or expect 'none'"
                : "expect 'none', or an action that a rule has")
        return nil
    }
}

extension PolicyTest.Place {
    init(_ mark: Mark) { self.init(line: mark.line, column: mark.column) }
}
