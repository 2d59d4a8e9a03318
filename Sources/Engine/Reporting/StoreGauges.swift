package import RotaCore

/// What the store says at one moment of how things stand, in numbers for a monitoring system. In flat memory: the
/// database counts, which costs a look at an index for each active token and each open violation.
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
    /// Rotations that something is in the way of, be it in their overlap.
    package var stalledRotations: Int
    /// Rotations of policies that could not even begin.
    package var unbegunRotations: Int
    package var blocked: [BlockedReason: Int]
    /// Live tokens that their issuers' lists do not have any more.
    package var missing: Int
    package var deliveries: DeliveryCounts
    /// The one that ended last.
    package var lastRun: RunRecord?
    /// When the run that is under way began; nil where none is.
    package var unfinishedRunStart: Instant?
    /// What became of the actions of the one that ended last.
    package var lastOutcomes: [Outcome: Int]
    package var waivers: Int
    /// Saved plans that wait for an approval.
    package var awaitingApproval: Int
    /// Who has which checkpoint of the audit log, and who takes none.
    package var witnesses: [WitnessRecord]

    package init(from store: some StoreReads, at now: Instant) throws {
        active = try store.countActive()
        ending = try Self.horizons.map { (within: $0, count: try store.countEnding(after: now, until: now + $0)) }
        findings = try store.openFindingCounts().sorted { ($0.key.policy, $0.key.rule) < ($1.key.policy, $1.key.rule) }
            .map { (rule: $0.key, count: $0.value) }
        openRotations = try store.countOpenRotations()
        stalledRotations = try store.countStalledRotations()
        unbegunRotations = try store.countFailedAttempts()
        blocked = try store.blockCounts()
        missing = try store.countAbsent()
        deliveries = try store.deliveryCounts()
        lastRun = try store.lastFinishedRun()
        unfinishedRunStart = try store.unfinishedRunStart()
        lastOutcomes = try lastRun.map { try store.outcomes(of: $0.id) } ?? [:]
        waivers = try store.countWaivers(inForceAt: now)
        awaitingApproval = try store.countPlans(awaitingApprovalAt: now)
        witnesses = try store.witnesses()
    }
}
