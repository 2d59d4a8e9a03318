import Crypto

/// All loaded policies, with the digest of what was parsed.
package struct PolicySet: Hashable, Sendable {
    package var policies: [Policy]
    /// `sha256:<hex>` of the parsed policies in canonical form: comments and layout do not count.
    package var digest: String

    /// Whether a rule looks at what a token is said to be for.
    package var asksForDescription: Bool {
        policies.contains { policy in
            policy.rules.contains { $0.requirement == .description }
                || policy.condition?.asks(for: .description) == true
        }
    }

    package init(policies: [Policy], digest: String) {
        self.policies = policies
        self.digest = digest
    }

    /// Works the digest out.
    package init(_ policies: [Policy]) {
        self.init(policies: policies, digest: PolicySet.digest(of: policies))
    }

    /// When each policy runs by itself.
    ///
    /// - parameter fallback: when those run that do not say so.
    package func scheduled(otherwise fallback: Schedule) -> [ScheduledPolicy] {
        policies.map { ScheduledPolicy($0.name, $0.schedule ?? fallback) }
    }

    /// The same whatever files and order the policies stood in.
    private static func digest(of policies: [Policy]) -> String {
        var canonical = CanonicalText()
        for policy in policies.sorted(by: { $0.name < $1.name }) { canonical.append(policy) }
        return "sha256:" + Hex.encode(SHA256.digest(of: canonical.text))
    }
}

/// A rendering in which different policies never look the same: every text stands with its length, and every
/// list between brackets.
private struct CanonicalText {
    var text = ""

    mutating func append(_ policy: Policy) {
        append(policy.name)
        append(policy.description)
        append(policy.basis)
        append(policy.mode.rawValue)
        append(policy.selector)
        // Without one, digests stay as they were.
        if let condition = policy.condition {
            append("when")
            append(condition.source)
        }
        list(policy.rules) { $0.append($1) }
        list(policy.notifyBefore) { $0.append($1.seconds) }
        list(policy.schedule.map { [$0.description] } ?? []) { $0.append($1) }
        append(policy.pace)
        append(policy.limits.all)
        // A list begins with a bracket, and what follows is one: without these, digests stay as they were.
        append(policy.limits.perOwner, as: "per-owner")
        append(policy.limits.perVault, as: "per-vault")
        list(policy.controls.sorted { $0.key < $1.key }) { canonical, control in
            canonical.append(control.key)
            canonical.list(control.value) { $0.append($1) }
        }
        // No policy's name is followed by a number; without it, digests stay as they were.
        if let span = policy.minimumNotice {
            append("minimum-notice")
            append(span.seconds)
        }
        // Likewise.
        if policy.needsApproval {
            append("approval-required")
            append(1)
        }
    }

    private mutating func append(_ ceiling: Ceiling) {
        append(ceiling.actions)
        append(ceiling.percent)
    }

    private mutating func append(_ ceiling: Ceiling, as name: String) {
        guard !ceiling.isOpen else { return }
        append(name)
        append(ceiling)
    }

    private mutating func append(_ rule: Rule) {
        append(rule.name)
        switch rule.requirement {
        case .maxAge(let limit), .unusedFor(let limit), .expiresWithin(let limit): append(limit.seconds)
        case .owner(let globs), .name(let globs): append(globs)
        case .description, .destination: break
        case .scopes(let deny, let most):
            append(deny)
            append(most)
        case .sources(let addresses, let agents, let within):
            append(addresses)
            append(agents)
            append(within.seconds)
        case .expiry(let required, let maxLifetime, let maxRemaining):
            append(required ? 1 : 0)
            append(maxLifetime?.seconds)
            append(maxRemaining?.seconds)
        }
        append(rule.action.rawValue)
        append(rule.startBefore.seconds)
        append(rule.overlap.seconds)
        append(rule.cap.span?.seconds)
        append(rule.cap.revokes ? 1 : 0)
        if rule.cap.endsWhenIdle { append("retire-when-idle") }
        if let end = rule.newEnd {
            append("set-expiry")
            append(end.ahead.seconds)
            append(end.spread.seconds)
        }
        if let span = rule.renewal {
            append("renew")
            append(span.seconds)
        }
        // No rule has this for its name, so it is never taken for the next one; without it, digests stay as they were.
        if let span = rule.revokeAfter {
            append("revoke-after")
            append(span.seconds)
        }
    }

    private mutating func append(_ selector: Selector) {
        list(selector.labels.sorted { $0.key < $1.key }) { canonical, label in
            canonical.append(label.key)
            canonical.append(label.value)
        }
        for globs in [
            selector.scopes, selector.owners, selector.integrations, selector.names, selector.issuers,
        ] {
            append(globs)
        }
        list(selector.except) { $0.append($1) }
    }

    private mutating func append(_ globs: [Glob]) {
        list(globs) { $0.append($1.description) }
    }

    private mutating func append(_ string: String) {
        text += "\(string.utf8.count):\(string)"
    }

    private mutating func append(_ number: (some BinaryInteger)?) {
        text += number.map { "\($0);" } ?? "-;"
    }

    private mutating func list<Element>(_ elements: [Element], _ each: (inout CanonicalText, Element) -> Void) {
        text += "["
        for element in elements { each(&self, element) }
        text += "]"
    }
}
