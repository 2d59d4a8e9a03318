import RotaCore
import YAML

extension PolicyReader {
    mutating func selector(of fields: [String: Node], in owner: String, at mark: Mark) -> Selector {
        let hint = "write 'match: all' for every token, or conditions such as 'labels: { env: production }'"
        guard let node = required("match", of: fields, in: owner, at: mark, hint: hint) else { return .all }
        if let word = node.text {
            if word != "all" {
                error("'match' is the word all or a mapping, not \(written(node))", at: node.mark, hint: hint)
            }
            return .all
        }
        return selector(node, "match", emptyHint: hint)
    }

    private mutating func selector(_ node: Node, _ key: String, emptyHint: String) -> Selector {
        var vocabulary = Vocabulary.selector
        vocabulary.title = "'\(key)'"
        vocabulary.advice = emptyHint
        guard let fields = fields(of: node, vocabulary) else { return .all }
        if node.entries?.isEmpty ?? false {
            error("'\(key)' is empty", at: node.mark, hint: emptyHint)
        }
        return Selector(
            labels: labels(fields["labels"]), scopes: globs("scopes", of: fields),
            owners: globs("owner", of: fields),
            integrations: globs("integration", of: fields), names: globs("name", of: fields),
            issuers: globs("issuer", of: fields), except: exceptions(fields["except"]))
    }

    private mutating func globs(_ key: String, of fields: [String: Node]) -> [Glob] {
        fields[key].flatMap { patterns($0, key) } ?? []
    }

    private mutating func patterns(_ node: Node, _ key: String) -> [Glob]? {
        guard node["not"] == nil else {
            error(
                "'\(abridged(key))' must be a string or a list, and here is a mapping", at: node.mark,
                hint: Vocabulary.exceptAdvice)
            return nil
        }
        return texts(node, key)?.map(Glob.init)
    }

    private mutating func labels(_ node: Node?) -> [String: [Glob]] {
        guard let node else { return [:] }
        let hint = "write 'labels: { env: production }'"
        guard let entries = node.entries, !entries.isEmpty else {
            error(
                node.entries == nil
                    ? "'labels' must be a mapping, and here is \(node.typeName)" : "'labels' is empty",
                at: node.mark, hint: hint)
            return [:]
        }
        var labels: [String: [Glob]] = [:]
        for entry in entries {
            if !TokenFields.isLabelKey(entry.key) {
                error(
                    "'\(abridged(entry.key))' is not a label key", at: entry.keyMark,
                    hint: "a key has 1 to 63 letters, digits, '.', '-', '_' and '/'")
            } else if let values = patterns(entry.value, entry.key) {
                labels[entry.key] = values
            }
        }
        return labels
    }

    private mutating func exceptions(_ node: Node?) -> [Selector] {
        guard let node else { return [] }
        let hint = "write conditions such as 'except: { labels: { tier: break-glass } }', or leave it out"
        if let items = node.items {
            if items.isEmpty { error("'except' is empty", at: node.mark, hint: hint) }
            return items.map { selector($0, "except", emptyHint: hint) }
        }
        return [selector(node, "except", emptyHint: hint)]
    }
}
