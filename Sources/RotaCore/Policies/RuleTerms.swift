/// What of a rule is needed to judge times by it, as plain data.
///
/// A report copies it for every token; a rule, which has patterns in it, would count their references each time, and
/// that was a tenth of the time of a report.
struct RuleTerms: Sendable {
    enum Limit: Hashable, Sendable {
        case age(TimeSpan)
        case idleness(TimeSpan)
        case expiry(required: Bool, maxLifetime: TimeSpan?, maxRemaining: TimeSpan?)
        case end(TimeSpan)
        case sources(addresses: Int?, agents: Int?, within: TimeSpan)
        /// No time: the rule itself has to be asked.
        case facts
    }

    var limit: Limit
    var action: Action
    var lead: TimeSpan
    var overlap: TimeSpan
    var cap: OverlapCap
    var newEnd: NewEnd?

    /// Whether its action waits for what is under way: a rotation for all of another one, a quarantine until the new
    /// value has arrived, since nothing would be driven on while nobody may authenticate.
    func waits(for values: ValueSummary) -> Bool {
        switch action {
        case .rotate: values.isChanging
        case .quarantine: values.rotationOpen
        case .notify, .setExpiry, .revoke: false
        }
    }
}

extension Rule {
    var terms: RuleTerms {
        let limit: RuleTerms.Limit =
            switch requirement {
            case .maxAge(let limit): .age(limit)
            case .unusedFor(let limit): .idleness(limit)
            case .expiry(let required, let maxLifetime, let maxRemaining):
                .expiry(required: required, maxLifetime: maxLifetime, maxRemaining: maxRemaining)
            case .expiresWithin(let limit): .end(limit)
            case .sources(let addresses, let agents, let within):
                .sources(addresses: addresses, agents: agents, within: within)
            case .owner, .description, .destination, .scopes, .name: .facts
            }
        return RuleTerms(limit: limit, action: action, lead: lead, overlap: overlap, cap: cap, newEnd: newEnd)
    }
}
