import RotaCore
import YAML

extension ConfigurationReader {
    mutating func fault(_ node: Node, _ message: String, hint: String? = nil) {
        fault(node.mark, message, hint: hint)
    }

    mutating func fault(_ mark: Mark, _ message: String, hint: String? = nil) {
        faults.append(Fault(file: file, mark: mark, message: message, hint: hint))
    }

    /// What `read` reads; each fault that it finds says whose it is, since many vaults and webhooks have the same keys.
    mutating func naming<R>(_ what: String, _ read: (inout Self) -> R) -> R {
        let first = faults.count
        let result = read(&self)
        for index in faults.indices.dropFirst(first) where !faults[index].message.hasPrefix(what) {
            faults[index].message = "\(what): \(faults[index].message)"
        }
        return result
    }

    /// Whether it is a mapping; its unknown keys become faults.
    mutating func check(_ node: Node, _ what: String, keys: [String], notYet: [String] = []) -> Bool {
        guard let entries = node.entries else {
            fault(node, "\(what): expected a mapping, found \(node.typeName)")
            return false
        }
        for entry in entries where !keys.contains(entry.key) {
            if notYet.contains(entry.key) {
                fault(
                    entry.keyMark, "\(what): '\(entry.key)' is not in this version yet", hint: "take it out")
                continue
            }
            fault(
                entry.keyMark, "\(what): unknown key '\(abridged(entry.key))'",
                hint: nearest(to: entry.key, among: keys).map { "did you mean '\($0)'?" }
                    ?? "known are \(keys.joined(separator: ", "))")
        }
        return true
    }

    mutating func required(_ key: String, of node: Node, _ what: String, hint: String? = nil) -> Node? {
        if let value = node[key], !value.isNull { return value }
        fault(node, "\(what): '\(key)' is missing", hint: hint)
        return nil
    }

    mutating func string(_ node: Node, _ key: String) -> String? {
        guard let text = node.text, !text.isEmpty else {
            fault(node, "\(key): expected a string, found \(node.typeName)")
            return nil
        }
        return text
    }

    mutating func strings(_ node: Node, _ key: String) -> [String] {
        items(node, key).compactMap { string($0, key) }
    }

    mutating func items(_ node: Node?, _ key: String) -> [Node] {
        guard let node, !node.isNull else { return [] }
        guard let items = node.items else {
            fault(node, "\(key): expected a list, found \(node.typeName)")
            return []
        }
        return items
    }

    mutating func entries(_ node: Node?, _ key: String) -> [Node.Entry] {
        guard let node, !node.isNull else { return [] }
        guard let entries = node.entries else {
            fault(node, "\(key): expected a mapping from names, found \(node.typeName)")
            return []
        }
        return entries
    }

    mutating func integer(_ node: Node, _ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let number = node.integer, range.contains(number) else {
            fault(node, "\(key): expected a whole number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    mutating func span(
        _ node: Node, _ key: String, in seconds: ClosedRange<Int64>, hint: String = "write 5s, 5m or 2h"
    ) -> TimeSpan? {
        guard let span = node.text.flatMap({ TimeSpan($0) }), seconds.contains(span.seconds) else {
            let (least, most) = (TimeSpan(seconds: seconds.lowerBound), TimeSpan(seconds: seconds.upperBound))
            fault(
                node, "\(key): expected a length of time from \(least) to \(most)", hint: hint)
            return nil
        }
        return span
    }

    mutating func choice(
        _ node: Node, _ key: String, among words: [String], later: [String] = []
    ) -> String? {
        guard let text = string(node, key) else { return nil }
        if words.contains(text) { return text }
        if later.contains(text) {
            fault(node, "\(key): '\(abridged(text))' is not in this version yet", hint: words.joined(separator: ", "))
        } else {
            fault(
                node, "\(key): '\(abridged(text))' is none of \(words.joined(separator: ", "))",
                hint: nearest(to: text, among: words + later).map { "did you mean '\($0)'?" })
        }
        return nil
    }
}
