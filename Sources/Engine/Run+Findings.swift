import RotaCore

extension RunUseCase {
    /// Opens a finding for each violation that has none, and announces it where the policy does more than
    /// observe. Answers those that it opened.
    func openFindings(
        _ pass: RunPass, _ violations: Violations, progress: ProgressReport?
    ) async throws -> FindingKeys {
        guard !violations.isEmpty else { return FindingKeys() }
        let fresh = try await store.read { store in
            var found: [FindingKey] = []
            try store.eachOpenFinding { finding in
                found.append(FindingKey(finding))
                return true
            }
            let known = FindingKeys(found)
            return violations.indices.filter { !known.contains(FindingKey(violations[$0])) }
        }
        var opened: [FindingKey] = []
        opened.reserveCapacity(fresh.count)
        for (number, batch) in fresh.batches(of: Self.largestBatch).enumerated() {
            progress?(StepProgress(.recording, number * Self.largestBatch, of: fresh.count))
            let now = clock.now()
            opened.append(
                contentsOf: try await store.write { store in
                    try batch.map { violations[$0] }.filter { violation in
                        try store.openFinding(
                            Finding(violation, at: now), blocked: violation.blocked,
                            announce: violation.mode != .observe,
                            change: pass.change(violation.policy, violation.verdict.reason, at: now))
                    }.map(FindingKey.init)
                })
        }
        return FindingKeys(opened)
    }

    /// Closes the findings whose rule is no longer violated. Those that the plan saw violating, and that no
    /// action touched, are still open without a look.
    func closeFindings(
        _ pass: RunPass, _ violations: Violations, after report: RunReport, progress: ProgressReport?
    ) async throws {
        let recovered = report.recovery.rotations.map(\.tokenID)
        let touched = Set(report.actions.touched.map { Imprint($0.text) } + recovered.map { Imprint($0.text) })
        let doubtful = try await store.read { store in
            var keys: [FindingKey] = []
            keys.reserveCapacity(violations.count)
            for violation in violations where !touched.contains(Imprint(violation.tokenID.text)) {
                keys.append(FindingKey(violation))
            }
            let standing = FindingKeys(keys)
            var doubtful: [Doubt] = []
            try store.eachOpenFinding { finding in
                let isTouched = touched.contains(Imprint(finding.tokenID.text))
                if !standing.contains(FindingKey(finding)), isTouched || pass.judges(finding) {
                    doubtful.append(Doubt(finding))
                }
                return true
            }
            return doubtful
        }
        for (number, batch) in doubtful.batches(of: Self.largestBatch).enumerated() {
            progress?(StepProgress(.closing, number * Self.largestBatch, of: doubtful.count))
            let now = clock.now()
            try await store.write { store in
                for finding in batch {
                    let token = try store.token(finding.tokenID)
                    guard let how = pass.closing(of: finding, token, at: now) else { continue }
                    let change = Change(actor: "policy:\(finding.policy)", at: now, cause: how, run: pass.id)
                    try store.closeFinding(finding.id, how: how, change: change)
                }
            }
        }
    }
}

extension RunPass {
    /// Whether the plan looked at what the finding is about. A policy that is not loaded has nobody else.
    fileprivate func judges(_ finding: Finding) -> Bool {
        acting.contains(finding.policy) || !policies.policies.contains { $0.name == finding.policy }
    }

    /// How a finding came to its end; nil while it stands.
    fileprivate func closing(of finding: Doubt, _ token: Token?, at now: Instant) -> String? {
        guard let token else { return "the token is not in the store any more" }
        guard token.state == .active else { return "the token is \(token.state.rawValue)" }
        guard token.canAuthenticate(at: now) else { return "the token's end has passed" }
        guard let (policy, rule) = rule(finding.rule, of: finding.policy) else {
            return Closing.ruleGone
        }
        guard policy.selects(token, at: now, tracking: tracking) else {
            return Closing.notSelected
        }
        if let waiver = waivers.waiver(covering: token, rule: rule.name, of: policy.name, at: now) {
            return waiver.sentence
        }
        let verdict = policy.verdict(of: rule, on: token, at: now, tracking: tracking)
        return verdict.status == .violating ? nil : "\(verdict.reason.code): \(verdict.reason.message)"
    }
}

/// A finding that may have come to its end; of its words, those that this is found out by.
private struct Doubt: Sendable {
    var id: Int64
    var tokenID: TokenID
    var policy: String
    var rule: String

    init(_ finding: Finding) {
        id = finding.id
        tokenID = finding.tokenID
        policy = finding.policy
        rule = finding.rule
    }
}

/// What a finding is about: token, policy and rule, of which there may be as many as tokens.
struct FindingKey: Comparable, Sendable {
    private let imprint: Imprint

    init(_ tokenID: TokenID, _ policy: String, _ rule: String) {
        imprint = Imprint(tokenID.text, policy, rule)
    }

    init(_ finding: Finding) { self.init(finding.tokenID, finding.policy, finding.rule) }
    init(_ violation: Violation) { self.init(violation.tokenID, violation.policy, violation.rule) }

    static func < (one: FindingKey, other: FindingKey) -> Bool { one.imprint < other.imprint }
}

/// Very many findings, to be asked for one by one.
typealias FindingKeys = SortedKeys<FindingKey>

/// Very many keys. In order, and not as a set: that takes two to four times as much
/// memory, the more while it grows.
struct SortedKeys<Key: Comparable & Sendable>: Sendable {
    private var sorted: [Key]

    init(_ keys: consuming [Key] = []) {
        sorted = keys
        sorted.sort()
    }

    func contains(_ key: Key) -> Bool {
        var range = sorted.indices
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if sorted[middle] == key { return true }
            range = sorted[middle] < key ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return false
    }
}

extension Finding {
    fileprivate init(_ violation: Violation, at now: Instant) {
        let reason = violation.verdict.reason
        self.init(
            tokenID: violation.tokenID, policy: violation.policy, rule: violation.rule, reason: reason.code,
            message: reason.message, openedAt: now)
    }
}
