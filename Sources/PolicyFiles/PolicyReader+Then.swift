import RotaCore
import YAML

extension PolicyReader {
    /// What follows a quarantine: `then: { revoke-after: 14d }`.
    ///
    /// - parameter action: nil when it has a fault, which has been told.
    mutating func revokeAfter(of fields: [String: Node], action: Action?) -> TimeSpan? {
        guard let node = fields["then"] else { return nil }
        let example = "write 'then: { revoke-after: 14d }'"
        guard let parts = self.fields(of: node, Vocabulary.then) else { return nil }
        if let action, action != .quarantine {
            error(
                "'then' is only for action 'quarantine'", at: node.mark,
                hint: "remove it, or write 'action: quarantine'")
            return nil
        }
        guard let span = parts["revoke-after"] else {
            let isSlip = node.entries?.contains { !Vocabulary.then.keys.contains($0.key) } ?? false
            // A slip has been told already.
            if !isSlip { error("'then' says nothing", at: node.mark, hint: example) }
            return nil
        }
        return self.span(span, "revoke-after")
    }
}
