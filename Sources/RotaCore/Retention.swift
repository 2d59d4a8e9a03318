/// What is kept beside the audit log, and would grow for ever.
package enum RecordKind: String, CaseIterable, Sendable {
    /// Violations that are over.
    case findings
    /// What runs did, action by action.
    case actions
    /// Events, and how they were delivered.
    case deliveries
    /// Plans that were applied, withdrawn or have expired.
    case plans
    /// Uses of tokens by day, and what logs told of them; the last one of each value stays.
    case uses

    /// In a sentence.
    package var spoken: String {
        switch self {
        case .findings: "violations that were over"
        case .actions: "what runs did"
        case .deliveries: "events and their deliveries"
        case .plans: "plans that were over"
        case .uses: "uses of tokens"
        }
    }
}

/// How long records are kept that are no longer needed but as evidence.
///
/// Nothing is removed of which nobody has said how long it is kept; and never what is younger than thirteen months,
/// whatever was said: an auditor asks for a year, and comes later.
package struct Retention: Hashable, Sendable {
    package static let shortest = TimeSpan.days(396)

    /// The latest horizon that there may be.
    package static func youngest(at now: Instant) -> Instant { now - shortest }

    private let spans: [RecordKind: TimeSpan]

    package init(_ spans: [RecordKind: TimeSpan] = [:]) { self.spans = spans }

    package var kinds: [RecordKind] { RecordKind.allCases.filter { spans[$0] != nil } }

    /// How long it is kept; nil: for ever.
    package func span(of kind: RecordKind) -> TimeSpan? { spans[kind].map { max($0, Self.shortest) } }

    /// What is older may go: a midnight of UTC, so that there is one pruning a day. Nil where all of it stays.
    package func horizon(of kind: RecordKind, at now: Instant) -> Instant? {
        span(of: kind).map { (now - $0).midnight }
    }
}
