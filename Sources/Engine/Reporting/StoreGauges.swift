package import RotaCore

/// What the store says at one moment of how things stand, in numbers for a monitoring system. Flat memory, and the cost
/// of what is open: it may be asked every minute.
package struct StoreGauges: Sendable {
    /// How far ahead ends are counted.
    package static let horizons = [TimeSpan.days(1), .days(7), .days(30)]

    package var active: Int
    /// How many active tokens end within each of the horizons; those of a shorter one are among them.
    package var ending: [(within: TimeSpan, count: Int)]
    /// Open violations by rule, as of the last run.
    package var findings: [(rule: RuleReference, count: Int)]
    /// Rotations that are claimed and not through.
    package var openRotations: Int
    /// Those of them that something is in the way of.
    package var stalledRotations: Int
    /// Rotations that could not even begin.
    package var unbegunRotations: Int
    package var blocked: [BlockedReason: Int]
    /// Live tokens that their issuers' lists do not have any more.
    package var missing: Int
    package var deliveries: DeliveryCounts
    package var lastRun: RunRecord?
    /// What became of the actions of the last run.
    package var lastOutcomes: [Outcome: Int]
    package var waivers: Int
    /// Saved plans that wait for an approval.
    package var awaitingApproval: Int

    package init(from store: some StoreReads, at now: Instant) throws {
        active = try store.countActive()
        ending = try Self.horizons.map { (within: $0, count: try store.countEnding(after: now, until: now + $0)) }
        findings = try store.openFindingCounts().sorted { ($0.key.policy, $0.key.rule) < ($1.key.policy, $1.key.rule) }
            .map { (rule: $0.key, count: $0.value) }
        openRotations = try store.openRotations().count { $0.phase == .open }
        stalledRotations = try store.stalledRotations().count
        unbegunRotations = try store.failedAttempts().count
        blocked = try store.blocks().reduce(into: [:]) { $0[$1.reason, default: 0] += 1 }
        missing = try store.countAbsent()
        deliveries = try store.deliveryCounts()
        lastRun = try store.lastRun()
        lastOutcomes = try lastRun.map { try store.outcomes(of: $0.id) } ?? [:]
        waivers = try store.waiversInForce(at: now).count
        awaitingApproval = try store.openPlans(at: now).count { $0.needsApproval && $0.approval(at: now) == nil }
    }
}
