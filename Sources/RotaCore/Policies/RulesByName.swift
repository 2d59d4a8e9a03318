extension Sequence<Policy> {
    /// The end that a rule gives a token where it is taken at an instant; nil for one that gives none, or is not here.
    package func newEnd(of id: TokenID, by rule: String, of policy: String, at now: Instant) -> Instant? {
        first { $0.name == policy }?.rules.first { $0.name == rule }?.newEnd?.end(of: id, at: now)
    }

    /// Whether a rule goes by idle time, which grows only while somebody watches uses.
    package var countIdleTime: Bool {
        contains { $0.rules.contains { if case .unusedFor = $0.requirement { true } else { false } } }
    }
}
