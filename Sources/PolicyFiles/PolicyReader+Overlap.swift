import RotaCore
import YAML

extension PolicyReader {
    /// What becomes of a previous value that is still in use at its cap.
    private enum AtCap: String, CaseIterable {
        case alarm, revoke
    }

    mutating func overlap(of fields: [String: Node], action: Action?) -> TimeSpan? {
        guard let node = fields["overlap"], isRotation(action, "overlap", node) else { return nil }
        return span(node, "overlap", zero: true)
    }

    /// - parameter overlap: as it was read; nil when there is none.
    mutating func cap(of fields: [String: Node], action: Action?, overlap: TimeSpan?) -> OverlapCap {
        var cap = OverlapCap()
        for key in ["overlap-cap", "at-cap"] {
            guard let node = fields[key], isRotation(action, key, node) else { continue }
            if fields["overlap"] == nil || overlap == .zero {
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
                    hint: "it counts from the promotion, as the overlap does")
            }
        }
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
