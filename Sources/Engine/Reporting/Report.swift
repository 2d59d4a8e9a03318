package import RotaCore

/// What to report on.
package struct ReportRequest: Sendable {
    package var policies: PolicySet
    /// The names of the configured vaults.
    package var vaults: Set<String>
    /// When the report is made.
    package var now: Instant
    /// The instant to judge the present inventory at, as if it were then; nil: now.
    package var hypotheticalAt: Instant?
    /// The instant that the store was rebuilt for, and the policies are of; nil: the store is as it is now.
    package var asOf: Instant?
    /// How far back actions and revocations are told.
    package var period: TimeSpan
    /// What made it, such as `rota 0.1.0`.
    package var generator: String
    /// Who asked for it, such as `cli:alice`.
    package var actor: String
    /// Only the tokens of owners that match are told of; nil: all.
    package var owner: Glob?
    /// Names become pseudonyms, and free text is left out.
    package var isRedacted = false
    /// What pseudonyms are made with; nil: what the store is known by, which others may find out.
    package var pseudonymKey: [UInt8]?
    /// The newest checkpoint of the audit log, signed; nil: the newest that the store has.
    package var checkpoint: String?

    /// Whether pseudonyms are made with what the store is known by.
    var hasOpenPseudonyms: Bool { isRedacted && pseudonymKey == nil }

    package init(
        policies: PolicySet, vaults: Set<String>, now: Instant, hypotheticalAt: Instant? = nil, asOf: Instant? = nil,
        period: TimeSpan = .days(30), generator: String, actor: String
    ) {
        self.policies = policies
        self.vaults = vaults
        self.now = now
        self.hypotheticalAt = hypotheticalAt
        self.asOf = asOf
        self.period = period
        self.generator = generator
        self.actor = actor
    }
}

/// Which report this is: known before the first token is read.
package struct ReportFacts: Sendable {
    package var store: StoreIdentity
    package var policies: PolicySet
    /// The instant that every verdict is of.
    package var at: Instant
    /// `at` is not when the report was made: the present inventory is judged as if it were then.
    package var hypothetical: Bool
    package var madeAt: Instant
    /// The instant that all of it is as of; nil: when it was made.
    package var asOf: Instant?
    /// The beginning of the period that ends at `until`.
    package var since: Instant
    /// When uses were watched; unbroken where it is hypothetical.
    package var tracking: TrackingHistory
    /// Those that are in force at that instant.
    package var waivers: ActiveWaivers
    package var generator: String
    package var actor: String
    /// Whose tokens alone are told of, as it was asked for; nil: everybody's.
    package var owner: String?
    package var isRedacted = false
    /// What the audit log was when it was made: a signed note; nil where nothing was signed yet.
    package var checkpoint: String?
    /// What of the period, or of uses before it, is not in the store any more, and before when: by retention.
    package var gone: [RecordKind: Instant] = [:]
    /// What it was built from.
    package var origins = Origins()
    package var missing = MissingTokens()

    /// What keeps it from being all of what is so, for people; empty for all of it.
    package var extent: [String] {
        [
            owner.map { "owners \($0)" }, isRedacted ? "redacted" : nil, hypothetical ? "hypothetical" : nil,
        ].compactMap(\.self)
    }
    /// How old what trackers say may be to hold until now.
    package static let longestUnwritten = TimeSpan(seconds: 150)

    /// The end of the period, and what the store is as of.
    package var until: Instant { asOf ?? madeAt }
    /// From when on records of a kind are told: from the beginning of the period, or since there are any.
    package func known(_ kind: RecordKind) -> Instant { max(since, gone[kind] ?? since) }
    /// What is missing, for people: `what runs did before 2025-10-01`.
    package var missingRecords: [String] {
        RecordKind.allCases.compactMap { kind in gone[kind].map { "\(kind.spoken) before \($0.date)" } }
    }
    /// How much of the period uses were watched; nil where that is assumed.
    package var watched: TimeSpan? { hypothetical ? nil : tracking.watched(from: since, to: until) }
}

/// Everything that a report says beside its rows.
package struct Report: Sendable {
    package var facts: ReportFacts
    package var summary: ComplianceSummary
    package var activity: PeriodActivity
    package var rotations: OpenRotations
    package var waivers: ListedWaivers
    package var lastRun: RunRecord?
    /// Of the whole store; nil in a slice of it.
    package var deliveries: DeliveryCounts?
    /// Those of the period, latest first.
    package var freezes: [PastFreeze]
    /// How many violations stood open, and how long they took to be mended.
    package var history: ViolationHistory
    /// The latest runs of the period, latest first; none in a slice of the store.
    package var runs: [ToldRun]
    package var register: SecurityInventory
    /// Who has taken checkpoints of the audit log, each the one that it took last.
    package var witnesses: [WitnessRecord]
    package var sentNotices: NoticeDeliveries
    /// Nil where it is held against no earlier one.
    package var comparison: ReportComparison?

    package var origins: Origins { facts.origins }
    package var missing: MissingTokens { facts.missing }
}

/// A run with what came of its actions.
package struct ToldRun: Sendable {
    package static let most = 20

    package var run: RunRecord
    package var outcomes: [Outcome: Int]
}

/// Writes one format of a report while the tokens stream by: `begin`, `add` for each live token, `end`.
package protocol ReportFormat {
    /// The order that tokens come in.
    static var order: TokenOrder { get }
    mutating func begin(_ facts: ReportFacts) throws
    /// - parameters:
    ///   - rulings: in the order of policies and rules; each makes one row. None of a live token that no policy
    ///     selects.
    ///   - blocked: why the action that they call for cannot be taken.
    mutating func add(_ token: Token, _ rulings: [Planner.Ruling], blocked: BlockedCall?) throws
    mutating func end(_ report: Report) throws
}
