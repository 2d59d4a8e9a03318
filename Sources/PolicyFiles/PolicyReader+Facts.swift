import RotaCore
import YAML

// Rules about what is written down of a token, and the ends that actions give.
extension PolicyReader {
    /// - parameter key: one of owner, description, destination, scopes, name and sources.
    mutating func facts(_ key: String, _ node: Node) -> Requirement? {
        switch key {
        case "owner":
            if node.string == "required" { return .owner([]) }
            return texts(node, key).map { .owner($0.map(Glob.init)) }
        case "description": return isRequired(node, key) ? .description : nil
        case "destination": return isRequired(node, key) ? .destination : nil
        case "name": return texts(node, key).map { .name($0.map(Glob.init)) }
        case "sources": return sources(node)
        default: return scopes(node)
        }
    }

    private mutating func isRequired(_ node: Node, _ key: String) -> Bool {
        if node.string == "required" { return true }
        error(
            "'\(key)' can only be required, and here is \(written(node))", at: node.mark,
            hint: "write \(key): required")
        return false
    }

    private mutating func scopes(_ node: Node) -> Requirement? {
        guard let fields = fields(of: node, Vocabulary.scopes) else { return nil }
        guard fields["deny"] != nil || fields["max"] != nil else {
            if node.entries?.isEmpty ?? true {
                error(
                    "'scopes' requires nothing", at: node.mark, hint: "write deny: [\"*:admin\"], or max: 5")
            }
            return nil
        }
        let deny = fields["deny"].map { texts($0, "deny") ?? [] } ?? []
        let most = count("max", of: fields, in: 0...10_000)
        if fields["max"] != nil, most == nil { return nil }
        return .scopes(deny: deny.map(Glob.init), max: most)
    }

    /// From how many places it may be used. As many as are told apart of one value on one day is no limit: one more
    /// would not be seen.
    private mutating func sources(_ node: Node) -> Requirement? {
        guard let fields = fields(of: node, Vocabulary.sources) else { return nil }
        guard fields["max-addresses"] != nil || fields["max-agents"] != nil else {
            // A slip has been told already.
            if node.entries?.allSatisfy({ Vocabulary.sources.keys.contains($0.key) }) ?? false {
                error("'sources' limits nothing", at: node.mark, hint: "write max-addresses: 3, or max-agents: 2")
            }
            return nil
        }
        let addresses = count(
            "max-addresses", of: fields, in: 1...15, advice: "of one day no more than 16 addresses are told apart")
        let agents = count(
            "max-agents", of: fields, in: 1...7, advice: "of one day no more than 8 agents are told apart")
        guard let within = fields["within"].map({ span($0, "within") }) ?? .days(30) else { return nil }
        guard (TimeSpan.days(1)...SeenFrom.longest).contains(within) else {
            error(
                "'within' must be from 1d to \(SeenFrom.longest), and here is \(within)",
                at: fields["within"]?.mark ?? node.mark, hint: "write within: 30d, which it is where none is written")
            return nil
        }
        guard (addresses == nil) == (fields["max-addresses"] == nil), (agents == nil) == (fields["max-agents"] == nil)
        else { return nil }
        return .sources(addresses: addresses, agents: agents, within: within)
    }

    /// The end that `set-expiry` gives.
    ///
    /// - parameter action: nil when it has a fault, which has been told.
    mutating func newEnd(
        of fields: [String: Node], _ requirement: Requirement, action: Action?, at mark: Mark
    ) -> NewEnd? {
        guard action == .setExpiry else {
            for key in ["expires-in", "spread"] {
                guard let node = fields[key], action != nil else { continue }
                error(
                    "'\(key)' is only for action 'set-expiry'", at: node.mark,
                    hint: "remove it, or write 'action: set-expiry'")
            }
            return nil
        }
        guard let node = fields["expires-in"] else {
            error(
                "action 'set-expiry' does not say how far ahead the end is to be", at: mark,
                hint: "write expires-in: 30d; it is the notice that owners have")
            return nil
        }
        guard let ahead = span(node, "expires-in") else { return nil }
        let written = fields["spread"].map { span($0, "spread", zero: true) ?? .zero }
        let spread = written ?? TimeSpan(seconds: ahead.seconds / 2)
        if case .expiry(_, let lifetime, let remaining) = requirement {
            for (key, limit) in [("max-remaining", remaining), ("max-lifetime", lifetime)] {
                guard let limit, ahead + spread > limit else { continue }
                error(
                    "an end \(ahead + spread) ahead would be beyond \(key) (\(limit))", at: node.mark,
                    hint: "expires-in and spread together must be at most \(limit); "
                        + "the spread is half of expires-in where none is written")
            }
        }
        return NewEnd(ahead: ahead, spread: spread)
    }

    /// The end that a rotation gives, without which it would cure nothing.
    mutating func renewal(
        of fields: [String: Node], _ requirement: Requirement, action: Action?, at mark: Mark
    ) -> TimeSpan? {
        guard action == .rotate, case .expiresWithin(let limit) = requirement else {
            if let node = fields["renew"], action != nil {
                error(
                    "'renew' is only for 'expires-within' with action 'rotate'", at: node.mark,
                    hint: "remove it; a rotation for another reason leaves the end as it is")
            }
            return nil
        }
        guard let node = fields["renew"] else {
            error(
                "action 'rotate' alone does not cure 'expires-within': a new value has the same end", at: mark,
                hint: "write how long it is to live from then on, such as renew: 90d")
            return nil
        }
        guard let renewal = span(node, "renew") else { return nil }
        if renewal <= limit {
            error(
                "'renew' (\(renewal)) is not more than expires-within (\(limit)): it would be due again at once",
                at: node.mark, hint: "write one that is longer than \(limit), such as renew: \(limit + limit)")
        }
        return renewal
    }
}
