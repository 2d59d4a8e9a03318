/// Sums up tokens and their verdicts, one at a time, in memory that does not grow with their number.
package struct ReportBuilder: Sendable {
    /// How many violations are kept with their sentences.
    package static let mostViolations = 500
    package static let mostOwners = 50
    private static let mostRevocations = 50
    /// Owners are counted one by one up to here; tokens of further ones are summed as others.
    private static let mostOwnersCounted = 10_000
    private static let mostIssuerKinds = 100

    private let policies: [Policy]
    private let now: Instant
    private let since: Instant
    private let tracking: TrackingHistory
    private var sums: ComplianceSummary
    private var owners: [String: OwnerPosture] = [:]
    private var violations = Foremost<BrokenRule>(mostViolations)
    private var revocations = Foremost<RecordedRevocation>(mostRevocations)

    /// - parameters:
    ///   - now: the instant that the verdicts are of.
    ///   - since: revocations from then on are told.
    ///   - tracking: when uses were watched.
    package init(policies: [Policy], at now: Instant, since: Instant, tracking: TrackingHistory) {
        self.policies = policies
        self.now = now
        self.since = since
        self.tracking = tracking
        let requirements = policies.flatMap(\.rules).map(\.requirement)
        sums = ComplianceSummary(
            policies: policies.map { policy in
                PolicyPosture(rules: policy.rules.map { _ in RulePosture() })
            },
            age: Histogram(
                limits: requirements.compactMap { if case .maxAge(let limit) = $0 { limit } else { nil } },
                edge: .allowed),
            idle: Histogram(
                limits: requirements.compactMap { if case .unusedFor(let limit) = $0 { limit } else { nil } },
                edge: .broken),
            expiry: ExpiryOutlook(at: now))
    }

    /// Adds one token.
    /// - parameters:
    ///   - rulings: those of every rule of every policy that selects it, in their order; none for a token
    ///     that does not authenticate.
    ///   - blocked: why the action that they call for cannot be taken.
    package mutating func add(_ token: Token, _ rulings: [Planner.Ruling], blocked: BlockedReason?) {
        sums.states[token.state, default: 0] += 1
        let authenticates = token.canAuthenticate(at: now)
        if token.state == .active { sums.expiry.add(token.expiresAt, authenticates: authenticates) }
        if token.state == .revoked { addRevocation(of: token) }
        guard authenticates else { return }
        sums.evaluated += 1
        let gravest = rulings.map(\.verdict.status).max { $0.gravity < $1.gravity }
        if let gravest { sums.tokens.add(gravest) } else { sums.uncovered += 1 }
        if let blocked { sums.blocked[blocked, default: 0] += 1 }
        addOwner(of: token, gravest)
        addFacts(of: token)
        addPosture(rulings)
        addLengths(of: token, rulings)
        if gravest == .violating { addViolations(of: token, rulings, blocked: blocked) }
    }

    /// What was added so far, summed up.
    package func summary() -> ComplianceSummary {
        var summary = sums
        summary.violations = violations.sorted()
        summary.revocations = revocations.sorted()
        summary.revocationsCount = revocations.offered
        summary.controls = controls()
        let ranked = owners.values.sorted { left, right in
            (right.tokens.violating, right.tokens.total, left.owner)
                < (left.tokens.violating, left.tokens.total, right.owner)
        }
        summary.owners = Array(ranked.prefix(Self.mostOwners))
        for owner in ranked.dropFirst(Self.mostOwners) {
            summary.otherOwners.tokens += owner.tokens
            summary.otherOwners.uncovered += owner.uncovered
            summary.otherOwnersCount += 1
        }
        return summary
    }

    private func controls() -> [ControlPosture] {
        var found: [String: [String: ControlPosture]] = [:]
        for (policy, posture) in zip(policies, sums.policies) {
            for (framework, controls) in policy.controls {
                for control in controls {
                    let empty = ControlPosture(
                        framework: framework, control: control, policies: [], verdicts: StatusCounts())
                    found[framework, default: [:]][control, default: empty].policies.append(policy.name)
                    found[framework, default: [:]][control, default: empty].verdicts += posture.verdicts
                }
            }
        }
        return found.values.flatMap(\.values)
            .sorted { ($0.framework, $0.control) < ($1.framework, $1.control) }
    }
}

// MARK: - One token's share

extension ReportBuilder {
    private mutating func addRevocation(of token: Token) {
        guard let end = token.end, end.at >= since else { return }
        revocations.offer(end.at.seconds) {
            RecordedRevocation(tokenID: token.id, name: token.name, owner: token.owner, end: end)
        }
    }

    private mutating func addOwner(of token: Token, _ gravest: Verdict.Status?) {
        guard owners.count < Self.mostOwnersCounted || owners[token.owner] != nil else {
            if let gravest { sums.otherOwners.tokens.add(gravest) } else { sums.otherOwners.uncovered += 1 }
            return
        }
        if let gravest {
            owners[token.owner, default: OwnerPosture(owner: token.owner)].tokens.add(gravest)
        } else {
            owners[token.owner, default: OwnerPosture(owner: token.owner)].uncovered += 1
        }
    }

    private mutating func addFacts(of token: Token) {
        switch token.issuer {
        case .rota: sums.inventory.driven += 1
        case .external(let kind):
            let known = sums.inventory.external
            let counted = known.count < Self.mostIssuerKinds || known[kind] != nil ? kind : "other"
            sums.inventory.external[counted, default: 0] += 1
        }
        switch token.provenance {
        case .observed: sums.inventory.observed += 1
        case .asserted: sums.inventory.asserted += 1
        }
        switch token.usage {
        case .lastUsed: sums.inventory.used += 1
        case .neverUsed: sums.inventory.neverUsed += 1
        case .unknown: sums.inventory.usageUnknown += 1
        }
        if token.values.oldestIssuedAt == nil { sums.inventory.ageUnknown += 1 }
        if token.owner.isEmpty { sums.inventory.withoutOwner += 1 }
        if token.destinationCount == 0 { sums.inventory.withoutDestination += 1 }
        if token.values.rotationOpen { sums.inventory.rotating += 1 }
        if token.values.awaitingRetirement { sums.inventory.inOverlap += 1 }
    }

    /// Verdicts of one policy follow each other, so the gravest of each is known where the policy changes.
    private mutating func addPosture(_ rulings: [Planner.Ruling]) {
        var gravest: Verdict.Status?
        for (index, ruling) in rulings.enumerated() {
            let status = ruling.verdict.status
            sums.verdicts.add(status)
            sums.policies[ruling.policy].rules[ruling.rule].verdicts.add(status)
            if status == .violating {
                sums.policies[ruling.policy].rules[ruling.rule]
                    .violations[ruling.verdict.reason.code, default: 0] += 1
            }
            if status.gravity >= gravest?.gravity ?? 0 { gravest = status }
            if index + 1 == rulings.count || rulings[index + 1].policy != ruling.policy {
                sums.policies[ruling.policy].tokens.add(gravest ?? status)
                gravest = nil
            }
        }
    }

    private mutating func addLengths(of token: Token, _ rulings: [Planner.Ruling]) {
        var tooOld = false
        var tooIdle = false
        for ruling in rulings where ruling.verdict.status == .violating {
            switch policies[ruling.policy].rules[ruling.rule].requirement {
            case .maxAge: tooOld = true
            case .unusedFor: tooIdle = true
            case .expiry: break
            }
        }
        sums.age.add(token.values.oldestIssuedAt.map { now - $0 }, violating: tooOld)
        sums.idle.add(token.idleness(at: now, tracking: tracking)?.time, violating: tooIdle)
    }

    private mutating func addViolations(of token: Token, _ rulings: [Planner.Ruling], blocked: BlockedReason?) {
        let broken = rulings.filter { $0.verdict.status == .violating }
        for ruling in broken {
            let overdue = ruling.verdict.deadline.map { max(.zero, now - $0) } ?? .zero
            violations.offer(overdue.seconds) {
                BrokenRule(
                    tokenID: token.id, name: token.name, owner: token.owner, issuer: token.issuer,
                    policy: policies[ruling.policy].name,
                    rule: policies[ruling.policy].rules[ruling.rule].name,
                    reason: ruling.verdict.reason.code, message: ruling.verdict.reason.message,
                    deadline: ruling.verdict.deadline, overdue: overdue, ofToken: broken.count,
                    blocked: blocked)
            }
        }
    }
}
