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
    private var sums: ComplianceSummary
    private var tally: PostureTally
    /// Nearly all tokens are: they are counted without a look-up.
    private var active = 0
    /// Where an owner stands in `owners`.
    private var ownerPlaces: [String: Int] = [:]
    private var owners: [OwnerPosture] = []
    /// Places of owners seen lately, by the last bytes of their names: cheaper than a hash of all of a name.
    private var recentPlaces = [Int](repeating: 0, count: 256)
    private var violations = Foremost<BrokenRule>(mostViolations)
    private var revocations = Foremost<RecordedRevocation>(mostRevocations)
    private var waived: WaivedTally
    private var rows: RowTally

    /// - parameters:
    ///   - now: the instant that the verdicts are of.
    ///   - since: revocations from then on are told.
    ///   - waivers: those of the planner that judges.
    package init(policies: [Policy], at now: Instant, since: Instant, waivers: ActiveWaivers = ActiveWaivers()) {
        self.policies = policies
        self.now = now
        self.since = since
        tally = PostureTally(policies)
        waived = WaivedTally(waivers)
        rows = RowTally(policies, at: now)
        let requirements = policies.flatMap(\.rules).map(\.requirement)
        sums = ComplianceSummary(
            policies: [],
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
    ///   - idle: its idle clock; nil when its use is not known.
    ///   - blocked: why the action that they call for cannot be taken.
    package mutating func add(
        _ token: Token, _ rulings: [Planner.Ruling], idle: IdleClock?, blocked: BlockedCall?
    ) {
        if token.state == .active { active += 1 } else { sums.states[token.state, default: 0] += 1 }
        let authenticates = token.canAuthenticate(at: now)
        if token.state == .active { sums.expiry.add(token.expiresAt, authenticates: authenticates) }
        if token.state == .revoked { addRevocation(of: token) }
        guard authenticates else { return }
        sums.evaluated += 1
        let gravest = tally.add(rulings)
        waived.add(rulings)
        if let gravest { sums.tokens.add(gravest) } else { sums.uncovered += 1 }
        if let blocked { sums.blocked[blocked.reason, default: 0] += 1 }
        addOwner(of: token, gravest)
        addFacts(of: token)
        addLengths(of: token, rulings, gravest, idle)
        if gravest == .violating { addViolations(of: token, rulings, blocked: blocked) }
        if gravest != .compliant { rows.add(token, rulings, blocked: blocked) }
    }

    /// What was added so far, summed up.
    package func summary() -> ComplianceSummary {
        var summary = sums
        if active > 0 { summary.states[.active] = active }
        summary.verdicts = tally.verdicts
        summary.policies = tally.postures(policies)
        summary.violations = violations.sorted()
        summary.revocations = revocations.sorted()
        summary.revocationsCount = revocations.offered
        summary.waived = waived.uses
        summary.rows = rows.rows
        summary.controls = ControlPosture.all(of: policies, summary.policies)
        let ranked = owners.sorted { left, right in
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
        guard let place = place(of: token.owner) else {
            if let gravest { sums.otherOwners.tokens.add(gravest) } else { sums.otherOwners.uncovered += 1 }
            return
        }
        if let gravest { owners[place].tokens.add(gravest) } else { owners[place].uncovered += 1 }
    }

    /// Nil when no more are counted one by one.
    private mutating func place(of owner: String) -> Int? {
        let recent = Int(owner.utf8.suffix(4).reduce(0) { $0 &* 31 &+ $1 })
        if owners.indices.contains(recentPlaces[recent]), owners[recentPlaces[recent]].owner == owner {
            return recentPlaces[recent]
        }
        guard let place = ownerPlaces[owner] ?? newOwner(owner) else { return nil }
        recentPlaces[recent] = place
        return place
    }

    private mutating func newOwner(_ owner: String) -> Int? {
        guard owners.count < Self.mostOwnersCounted else { return nil }
        owners.append(OwnerPosture(owner: owner))
        ownerPlaces[owner] = owners.count - 1
        return owners.count - 1
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

    private mutating func addLengths(
        of token: Token, _ rulings: [Planner.Ruling], _ gravest: Verdict.Status?, _ idle: IdleClock?
    ) {
        var tooOld = false
        var tooIdle = false
        if gravest == .violating {
            for ruling in rulings where ruling.verdict.status == .violating {
                switch tally.length(of: ruling) {
                case .age: tooOld = true
                case .idle: tooIdle = true
                case .none: break
                }
            }
        }
        sums.age.add(token.values.oldestIssuedAt.map { now - $0 }, violating: tooOld)
        sums.idle.add(idle?.idleness.time, violating: tooIdle)
    }

    /// What a policy that acts says, too, is told of that one alone: what happens next is its.
    private mutating func addViolations(of token: Token, _ rulings: [Planner.Ruling], blocked: BlockedCall?) {
        let violating = rulings.filter { $0.verdict.status == .violating }
        let ofToken = violating.count
        let acted = Set(violating.filter { policies[$0.policy].mode == .enforce }.map(\.verdict.reason.kind))
        for ruling in violating
        where policies[ruling.policy].mode == .enforce || !acted.contains(ruling.verdict.reason.kind) {
            violations.offer(ruling.verdict.overdue(at: now).seconds) {
                BrokenRule(token, ruling, of: policies, at: now, ofToken: ofToken, blocked: blocked)
            }
        }
    }
}

extension Verdict {
    /// From its deadline on; zero before it, and without one.
    func overdue(at now: Instant) -> TimeSpan { deadline.map { max(.zero, now - $0) } ?? .zero }
}

extension BrokenRule {
    init(
        _ token: Token, _ ruling: Planner.Ruling, of policies: [Policy], at now: Instant, ofToken: Int,
        blocked: BlockedCall?
    ) {
        let policy = policies[ruling.policy]
        self.init(
            tokenID: token.id, name: token.name, owner: token.owner, issuer: token.issuer, policy: policy.name,
            rule: policy.rules[ruling.rule].name, reason: ruling.verdict.reason.code,
            message: ruling.verdict.reason.message, deadline: ruling.verdict.deadline,
            overdue: ruling.verdict.overdue(at: now), ofToken: ofToken,
            blocked: ruling.blocked(blocked, of: policies))
    }
}
