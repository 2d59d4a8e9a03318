import Crypto
import RotaCore
import YAML

extension PolicyReader {
    /// `when: token.labels.env == "prod"`: checked now, with the place of what is wrong.
    mutating func condition(_ node: Node?) -> Condition? {
        guard let node, let source = conditionText(node) else { return nil }
        let zones = ConditionZones()
        do throws(ConditionFault) {
            let condition = try Condition(source, zones: { zones.zone(named: $0) })
            zones.close()
            warn(ofUnaskedFieldsOf: condition, in: node)
            return condition
        } catch {
            let place = place(in: node, line: error.line, column: error.column)
            let within = place == nil ? " (line \(error.line), column \(error.column) of the condition)" : ""
            self.error("'when': \(error.message)\(within)", at: place ?? node.mark, hint: error.hint)
            return nil
        }
    }

    private mutating func warn(ofUnaskedFieldsOf condition: Condition, in node: Node) {
        for unasked in condition.unasked {
            let name = unasked.field.rawValue
            let place = place(in: node, line: unasked.line, column: unasked.column)
            warning(
                "'when': a token without \(name) makes the condition err, and is left alone",
                at: place ?? node.mark,
                hint: "write has(\(name)) && …, or !has(\(name)) || …")
        }
    }

    private mutating func conditionText(_ node: Node) -> String? {
        if let text = node.string {
            // 'when: ! (…)' is the tag '!' to YAML, and what is left of the condition says the opposite.
            guard beginsWithTag(node) else { return text }
            error(
                "'when' begins with '!', which YAML takes for a tag", at: node.mark,
                hint: "put the whole condition into quotes, or below 'when: |'")
            return nil
        }
        let example = "'when: token.labels.env == \"prod\"'"
        error(
            "'when' must be an expression, and here is \(node.typeName)", at: node.mark,
            hint: node.boolean == nil
                ? "write \(example); one that begins with a quote, or has ': ' or ' #' in it, stands in quotes or after"
                    + " '|'"
                : "leave it out where nothing has to hold, or write one such as \(example)")
        return nil
    }
}

/// The zones that conditions name, read while a policy file is: to judge a token touches no file, so that a name which
/// is only worked out then is none.
private final class ConditionZones: Sendable {
    private let state = Locked((files: ZoneFiles(), isOpen: true))

    func zone(named name: String) -> Zone? {
        state.withLock { state in
            guard state.isOpen, case .success(let zone) = state.files.zone(named: name) else { return nil }
            return zone
        }
    }

    func close() { state.withLock { $0.isOpen = false } }
}
