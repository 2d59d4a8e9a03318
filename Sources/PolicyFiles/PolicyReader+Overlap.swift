import RotaCore
import YAML

extension PolicyReader {
    /// What becomes of a previous value that is still in use at its cap.
    private enum AtCap: String, CaseIterable {
        case alarm, revoke
    }

    /// When a previous value is retired whose consumers have changed over.
    private enum Retirement: String, CaseIterable {
        case afterOverlap = "after-overlap"
        case whenIdle = "when-idle"
    }

    /// What a rule says; where it says nothing, a rotation still leaves its consumers time to change over.
    ///
    /// - returns: nil for another action, and for a fault, which has been told.
    mutating func overlap(of fields: [String: Node], action: Action?, _ requirement: Requirement?) -> TimeSpan? {
        guard let node = fields["overlap"] else {
            guard action == .rotate, let requirement else { return nil }
            guard case .maxAge(let limit) = requirement else { return Rule.usualOverlap }
            return Rule.usualOverlap(within: limit)
        }
        return isRotation(action, "overlap", node) ? span(node, "overlap", zero: true) : nil
    }

    /// - parameter overlap: as it was read, or the usual one; nil when there is none.
    mutating func cap(of fields: [String: Node], action: Action?, overlap: TimeSpan?) -> OverlapCap {
        var cap = OverlapCap()
        for key in ["overlap-cap", "at-cap", "retire"] {
            guard let node = fields[key], isRotation(action, key, node) else { continue }
            if overlap == .zero {
                error(
                    "'\(key)' is about an overlap, and there is none", at: node.mark,
                    hint: "write 'overlap: 24h', or remove '\(key)'")
            }
        }
        if let node = fields["overlap-cap"] {
            cap.span = span(node, "overlap-cap")
            if let span = cap.span, let overlap, span < overlap {
                error(
                    "'overlap-cap' (\(span)) is shorter than the overlap (\(overlap))", at: node.mark,
                    hint: "write \(overlap) or more: it counts from the promotion, as the overlap does")
            }
        }
        if fields["retire"] != nil { cap.endsWhenIdle = word("retire", of: fields, Retirement.allCases) == .whenIdle }
        if fields["at-cap"] != nil { cap.revokes = word("at-cap", of: fields, AtCap.allCases) == .revoke }
        return cap
    }

    /// - parameter action: nil when it has a fault, which has been told.
    private mutating func isRotation(_ action: Action?, _ key: String, _ node: Node) -> Bool {
        guard let action, action != .rotate else { return true }
        error(
            "'\(key)' is only for action 'rotate'", at: node.mark, hint: "remove it, or write 'action: rotate'")
        return false
    }
}
