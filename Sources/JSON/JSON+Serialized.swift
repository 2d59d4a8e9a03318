extension JSON {
    /// The document without blanks, members in their order.
    package func serialized() -> String {
        String(decoding: serializedBytes(), as: UTF8.self)
    }

    /// The document without blanks, as UTF-8.
    package func serializedBytes() -> [UInt8] {
        var writer = JSONWriter()
        writer.value(self)
        return writer.bytes
    }

    /// The one spelling that digests and audit entries are made of: no blanks, members sorted by the bytes of
    /// their keys at every level, numbers as they are spelled.
    package func canonicalBytes() -> [UInt8] {
        var writer = JSONWriter()
        writer.canonical(self)
        return writer.bytes
    }

    /// The document for people: two blanks a level, a member or element a line, a newline at the end.
    package func pretty() -> String {
        var text = ""
        writePretty(to: &text, indent: "\n")
        return text + "\n"
    }

    private func writePretty(to text: inout String, indent: String) {
        switch self {
        case .array(let elements) where !elements.isEmpty:
            var separator = "["
            for element in elements {
                text += separator + indent + "  "
                element.writePretty(to: &text, indent: indent + "  ")
                separator = ","
            }
            text += indent + "]"
        case .object(let object) where !object.isEmpty:
            var separator = "{"
            for member in object.members {
                text += separator + indent + "  " + JSON.string(member.key).serialized() + ": "
                member.value.writePretty(to: &text, indent: indent + "  ")
                separator = ","
            }
            text += indent + "}"
        default:
            text += serialized()
        }
    }
}

extension JSONWriter {
    /// A whole value in its canonical spelling: the members of every object are sorted by the bytes of their keys.
    package mutating func canonical(_ value: JSON) {
        switch value {
        case .array(let elements):
            beginArray()
            for element in elements { canonical(element) }
            endArray()
        case .object(let object):
            beginObject()
            for member in object.members.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
                key(member.key)
                canonical(member.value)
            }
            endObject()
        default:
            self.value(value)
        }
    }
}
