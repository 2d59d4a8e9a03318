import JSON

/// One JSON document with lists of any length in it, written out as it is made.
struct DocumentWriter {
    private static let flushThreshold = 32 << 10

    private let output: Output
    private var writer = JSONWriter(reservingCapacity: flushThreshold)

    init(on output: Output) {
        self.output = output
        writer.beginObject()
    }

    mutating func add(_ name: String, _ value: JSON) {
        writer.key(name)
        writer.value(value)
    }

    /// A list whose elements come one after the other, for as long as `body` gives them.
    mutating func add(_ name: String, _ body: ((JSON) -> Void) throws -> Void) rethrows {
        writer.key(name)
        writer.beginArray()
        try body { element in
            writer.value(element)
            if writer.bytes.count >= Self.flushThreshold { flush() }
        }
        writer.endArray()
    }

    /// A list whose elements are made one after the other.
    mutating func add<Element>(_ name: String, each elements: some Sequence<Element>, _ json: (Element) -> JSON) {
        writer.key(name)
        writer.beginArray()
        for element in elements {
            writer.value(json(element))
            guard writer.bytes.count >= Self.flushThreshold else { continue }
            flush()
            guard output.isRead else { break }
        }
        writer.endArray()
    }

    mutating func finish() {
        writer.endObject()
        writer.newline()
        flush()
    }

    private mutating func flush() {
        output.bytes(writer.bytes)
        writer.removeAll()
    }
}
