/// The waivers that are in force, found by token and by policy.
package struct ActiveWaivers: Sendable {
    /// As they were given; a verdict refers to one by its place.
    package let list: [Waiver]
    private var ofTokens: [TokenID: [Int]] = [:]
    /// By the name of the policy.
    private var ofSelectors: [String: [Int]] = [:]
    private let policies: Set<String>

    package init(_ waivers: [Waiver] = []) {
        list = waivers
        policies = Set(waivers.map(\.policy))
        for (place, waiver) in waivers.enumerated() {
            switch waiver.subject {
            case .token(let id): ofTokens[id, default: []].append(place)
            case .matching: ofSelectors[waiver.policy, default: []].append(place)
            }
        }
    }

    /// Whether any is about a policy.
    package func concern(_ policy: String) -> Bool { policies.contains(policy) }

    /// The place of the one that a rule over a token is waived by; of several the one that ends last. Nil for none.
    package func place(covering token: Token, rule: String, of policy: String, at now: Instant) -> Int? {
        var found: Int?
        // Two loops, and no list of both: this is asked of every token of a report.
        if !ofTokens.isEmpty, let places = ofTokens[token.id] {
            for place in places { take(place, covering: token, rule, policy, now, into: &found) }
        }
        if !ofSelectors.isEmpty, let places = ofSelectors[policy] {
            for place in places { take(place, covering: token, rule, policy, now, into: &found) }
        }
        return found
    }

    /// The same, the waiver itself.
    package func waiver(covering token: Token, rule: String, of policy: String, at now: Instant) -> Waiver? {
        place(covering: token, rule: rule, of: policy, at: now).map { list[$0] }
    }

    private func take(
        _ place: Int, covering token: Token, _ rule: String, _ policy: String, _ now: Instant, into found: inout Int?
    ) {
        if let found, list[found].endsAt >= list[place].endsAt { return }
        guard list[place].isInForce(at: now), list[place].concerns(rule: rule, of: policy), list[place].covers(token)
        else { return }
        found = place
    }
}

extension Verdict {
    /// The same verdict, waived: it calls for nothing, and keeps what it would have been.
    package func waived() -> Verdict {
        var waived = self
        waived.wouldBe = status
        waived.status = .waived
        return waived
    }
}
