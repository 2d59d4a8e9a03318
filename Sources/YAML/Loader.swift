/// Builds the tree of one document from its events.
struct Loader {
    /// A node with its measures, so that an alias of it is counted without walking it again.
    private struct Measured {
        let node: Node
        let nodes: Int
        let depth: Int
    }

    private let reader: EventReader
    private let limits: Document.Limits
    private var anchors: [String: Measured] = [:]
    private var nodes = 0

    static func load(_ bytes: [UInt8], limits: Document.Limits) throws(YAMLError) -> Node {
        // A byte order mark is no part of the text, and must not move the columns of the first line.
        let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        return try bytes.withUnsafeBufferPointer { (whole) throws(YAMLError) in
            var loader = Loader(
                reader: try EventReader(UnsafeBufferPointer(rebasing: whole[start...])), limits: limits)
            return try loader.document()
        }
    }

    private init(reader: EventReader, limits: Document.Limits) {
        self.reader = reader
        self.limits = limits
    }

    private mutating func document() throws(YAMLError) -> Node {
        _ = try reader.next()
        guard case (.documentStart, _) = try reader.next() else {
            throw YAMLError("the file holds no document", at: Mark(line: 1, column: 1))
        }
        let first = try reader.next()
        let root = try node(first.event, at: first.mark, depth: 0).node
        _ = try reader.next()
        let end = try reader.next()
        guard case .streamEnd = end.event else {
            throw YAMLError("a second document starts here; a file holds exactly one", at: end.mark)
        }
        return root
    }

    /// Reads the value that starts with the event; `depth` collections are around it.
    private mutating func node(_ event: Event, at mark: Mark, depth: Int) throws(YAMLError) -> Measured {
        switch event {
        case .scalar(let scalar, let anchor, let tag):
            try count(1, at: mark)
            let node = Node(.scalar(try Tag.apply(tag, to: scalar, at: mark)), at: mark)
            return keep(Measured(node: node, nodes: 1, depth: 0), as: anchor)
        case .sequenceStart(let anchor, let tag):
            try Tag.check(tag, is: .sequence, at: mark)
            return keep(try sequence(at: mark, depth: depth + 1), as: anchor)
        case .mappingStart(let anchor, let tag):
            try Tag.check(tag, is: .mapping, at: mark)
            return keep(try mapping(at: mark, depth: depth + 1), as: anchor)
        case .alias(let name):
            guard let known = anchors[name] else {
                throw YAMLError("alias '*\(name)' has no anchor that ends before it", at: mark)
            }
            try count(known.nodes, at: mark)
            try check(depth: depth + known.depth, at: mark)
            return known
        default:
            throw YAMLError("a value is missing", at: mark)
        }
    }

    private mutating func sequence(at mark: Mark, depth: Int) throws(YAMLError) -> Measured {
        try check(depth: depth, at: mark)
        try count(1, at: mark)
        var items: [Node] = []
        var (nodes, height) = (1, 0)
        while true {
            let next = try reader.next()
            if case .sequenceEnd = next.event { break }
            let item = try node(next.event, at: next.mark, depth: depth)
            items.append(item.node)
            (nodes, height) = (nodes + item.nodes, max(height, item.depth))
        }
        return Measured(node: Node(.sequence(items), at: mark), nodes: nodes, depth: height + 1)
    }

    private mutating func mapping(at mark: Mark, depth: Int) throws(YAMLError) -> Measured {
        try check(depth: depth, at: mark)
        try count(1, at: mark)
        var entries: [Node.Entry] = []
        var firstMarks: [String: Mark] = [:]
        var (nodes, height) = (1, 0)
        while true {
            let start = try reader.next()
            if case .mappingEnd = start.event { break }
            let name = try key(start.event, at: start.mark, depth: depth)
            if let first = firstMarks.updateValue(start.mark, forKey: name) {
                throw YAMLError(
                    "key '\(YAMLError.shown(name))' stands here again; the first is at \(first.line):\(first.column)",
                    at: start.mark)
            }
            let next = try reader.next()
            let value = try node(next.event, at: next.mark, depth: depth)
            entries.append(Node.Entry(key: name, keyMark: start.mark, value: value.node))
            (nodes, height) = (nodes + 1 + value.nodes, max(height, value.depth))
        }
        return Measured(node: Node(.mapping(entries), at: mark), nodes: nodes, depth: height + 1)
    }

    private mutating func key(_ event: Event, at mark: Mark, depth: Int) throws(YAMLError) -> String {
        guard let scalar = try node(event, at: mark, depth: depth).node.scalar else {
            throw YAMLError("a key must be a scalar, not a list or a mapping", at: mark)
        }
        guard scalar.type != .null else {
            throw YAMLError("a key is missing before the colon", at: mark)
        }
        guard scalar.text != "<<" || !scalar.isPlain else {
            throw YAMLError("merge keys (<<) are not part of YAML 1.2; write the keys out", at: mark)
        }
        return scalar.text
    }

    private mutating func keep(_ node: Measured, as anchor: String?) -> Measured {
        if let anchor { anchors[anchor] = node }
        return node
    }

    private mutating func count(_ more: Int, at mark: Mark) throws(YAMLError) {
        nodes += more
        guard nodes <= limits.nodes else {
            throw YAMLError("more than \(limits.nodes) values, aliases expanded", at: mark)
        }
    }

    private func check(depth: Int, at mark: Mark) throws(YAMLError) {
        guard depth <= limits.depth else {
            throw YAMLError("nested more than \(limits.depth) levels deep", at: mark)
        }
    }
}
