import RotaCore
import YAML

extension ConfigurationReader {
    /// `retention: 400d` for all of them, or each by its name.
    mutating func retention(_ node: Node) -> Retention {
        let kinds = RecordKind.allCases
        guard node.entries != nil else {
            let span = kept(node, "retention")
            return Retention(Dictionary(uniqueKeysWithValues: kinds.compactMap { kind in span.map { (kind, $0) } }))
        }
        guard check(node, "retention", keys: kinds.map(\.rawValue)) else { return Retention() }
        var spans: [RecordKind: TimeSpan] = [:]
        for kind in kinds {
            spans[kind] = node[kind.rawValue].flatMap { kept($0, "retention.\(kind.rawValue)") }
        }
        return Retention(spans)
    }

    private mutating func kept(_ node: Node, _ key: String) -> TimeSpan? {
        guard let span = node.text.flatMap({ TimeSpan($0) }) else {
            fault(node, "\(key): expected a length of time", hint: "write 400d; leave it out to keep them for ever")
            return nil
        }
        // A century; beyond it nothing is ever removed, which is said by leaving it out.
        guard (Retention.shortest.seconds...TimeSpan.days(36_525).seconds).contains(span.seconds) else {
            fault(
                node,
                "\(key): evidence is kept for thirteen months at least, and \(span) is not that, or no time at all",
                hint: "write 396d or more; leave it out to keep them for ever")
            return nil
        }
        return span
    }
}
