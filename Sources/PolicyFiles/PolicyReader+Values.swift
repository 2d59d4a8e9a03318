import RotaCore
import YAML

// Reading single values. Each tells its fault itself and returns nil.
extension PolicyReader {
    /// The values of a mapping by key; tells every key that is not known.
    mutating func fields(of node: Node, _ vocabulary: Vocabulary) -> [String: Node]? {
        guard let entries = node.entries else {
            error(
                "\(vocabulary.title) must be a mapping, and here is \(node.typeName)", at: node.mark,
                hint: vocabulary.advice)
            return nil
        }
        var fields: [String: Node] = [:]
        for entry in entries {
            if vocabulary.keys.contains(entry.key) {
                fields[entry.key] = entry.value
            } else if let place = vocabulary.elsewhere[entry.key] {
                error("'\(entry.key)' does not stand in \(vocabulary.title)", at: entry.keyMark, hint: place)
            } else {
                error(
                    "unknown key '\(abridged(entry.key))' in \(vocabulary.title)", at: entry.keyMark,
                    hint: (vocabulary.synonyms[entry.key] ?? nearest(to: entry.key, among: vocabulary.keys))
                        .map { "did you mean '\($0)'?" }
                        ?? known(vocabulary.keys))
            }
        }
        return fields
    }

    private func known(_ keys: [String]) -> String {
        keys.count == 1 ? "the only key is '\(keys[0])'" : "the keys are \(keys.joined(separator: ", "))"
    }

    /// The value of a key that must be there and not be empty.
    mutating func required(
        _ key: String, of fields: [String: Node], in owner: String, at mark: Mark, hint: String
    ) -> Node? {
        guard let node = fields[key] else {
            error("\(owner) has no '\(key)'", at: mark, hint: hint)
            return nil
        }
        guard !node.isNull else {
            error("'\(key)' has no value", at: node.mark, hint: hint)
            return nil
        }
        return node
    }

    mutating func string(_ node: Node, _ key: String) -> String? {
        if let string = node.string { return string }
        let hint = node.text.map { "quote it: \(key): \"\(abridged($0))\"" }
        error("'\(key)' must be a string, and here is \(node.typeName)", at: node.mark, hint: hint)
        return nil
    }

    mutating func text(_ key: String, of fields: [String: Node]) -> String? {
        fields[key].flatMap { string($0, key) }
    }

    /// One of a few words.
    mutating func word<Word: RawRepresentable<String>>(
        _ key: String, of fields: [String: Node], _ words: [Word]
    ) -> Word? {
        guard let node = fields[key], let text = string(node, key) else { return nil }
        if let word = Word(rawValue: text) { return word }
        let known = words.map(\.rawValue)
        error(
            "unknown \(key) '\(abridged(text))'", at: node.mark,
            hint: nearest(to: text, among: known).map { "did you mean '\($0)'?" }
                ?? "use one of \(known.joined(separator: ", "))")
        return nil
    }

    /// A whole number within a range.
    ///
    /// - parameter advice: what to do about one outside of it.
    mutating func count(
        _ key: String, of fields: [String: Node], in range: ClosedRange<Int>, advice: String? = nil
    ) -> Int? {
        guard let node = fields[key] else { return nil }
        guard let value = node.integer else {
            let digits = (node.text ?? "").filter(\.isNumber)
            error(
                "'\(key)' must be a whole number, and here is \(written(node))", at: node.mark,
                hint: digits.isEmpty ? nil : "write \(key): \(abridged(digits))")
            return nil
        }
        guard range.contains(value) else {
            let wanted =
                range.upperBound == Int.max
                ? "at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
            error(
                "'\(key)' must be \(wanted), and here is \(value)", at: node.mark,
                hint: advice
                    ?? (value == 0 ? "a policy that is to change nothing has 'mode: warn' or 'mode: observe'" : nil))
            return nil
        }
        return value
    }

    /// A string or a list of strings, none of it empty.
    mutating func texts(_ node: Node, _ key: String) -> [String]? {
        let key = abridged(key)
        if let items = node.items {
            guard !items.isEmpty else {
                error(
                    "'\(key)' is an empty list, which nothing matches", at: node.mark,
                    hint: "leave '\(key)' out")
                return nil
            }
            return items.compactMap { scalarText($0, key) }
        }
        return scalarText(node, key).map { [$0] }
    }

    /// Numbers and booleans are taken as they are written: a label may well be `8.6` or `true`.
    private mutating func scalarText(_ node: Node, _ key: String) -> String? {
        if let text = node.text, !text.isEmpty { return text }
        let fault =
            node.isNull
            ? "has no value"
            : node.text == nil ? "must be a string or a list, and here is \(node.typeName)" : "is an empty text"
        error(
            "'\(key)' \(fault)", at: node.mark,
            hint: node.isNull || node.text != nil ? "leave it out; '*' stands for anything" : nil)
        return nil
    }

    // MARK: - Durations

    /// A duration; zero only where that means something.
    ///
    /// - parameter advice: what to do about zero.
    mutating func span(
        _ node: Node, _ key: String, zero: Bool = false, advice: String = "write a duration such as 90d"
    ) -> TimeSpan? {
        guard let text = node.text else {
            error(
                "'\(key)' must be a duration, and here is \(node.typeName)", at: node.mark,
                hint: "write \(key): 90d")
            return nil
        }
        guard let span = TimeSpan(text) else {
            let fault = DurationFault(of: text)
            error("'\(key)': \(fault.message)", at: node.mark, hint: fault.hint)
            return nil
        }
        guard zero || span > .zero else {
            error("'\(key)' must be more than nothing", at: node.mark, hint: advice)
            return nil
        }
        return span
    }

    /// What is written at a scalar, in quotes; else what stands there.
    func written(_ node: Node) -> String {
        node.text.map { "'\(abridged($0))'" } ?? node.typeName
    }
}
