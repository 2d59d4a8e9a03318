/// The text of an object in which one member can be changed while every other byte stays as somebody wrote it:
/// blanks, the order of members, and how their texts and numbers are spelled.
///
///     let text = try ObjectText(parsing: bytes, maximumBytes: 65_536)
///     let changed = text.setting("token", to: "new")
package struct ObjectText: Sendable {
    private struct Place {
        var member: Range<Int>
        var value: Range<Int>
    }

    private let bytes: [UInt8]
    /// Where each member of `object` is, in the same order.
    private let places: [Place]
    package let object: JSON.Object

    /// Throws for what is not JSON, has a key twice, or is no object.
    package init(parsing bytes: [UInt8], maximumBytes: Int) throws(JSONError) {
        guard let object = try JSON.parse(bytes, maximumBytes: maximumBytes).object else {
            throw JSONError("expected an object", at: 0, in: bytes)
        }
        self.bytes = bytes
        self.object = object
        var scanner = Scanner(bytes: bytes)
        places = object.members.map { _ in scanner.member() }
    }

    /// The text with a member's value replaced; a new member comes last, set as the one before it.
    package func setting(_ key: String, to value: JSON) -> [UInt8] {
        let new = value.serializedBytes()
        if let index = index(of: key) { return replacing(places[index].value, by: new) }
        let quoted = JSON.string(key).serializedBytes()
        guard let last = places.last else {
            let opening = bytes.firstIndex(of: UInt8(ascii: "{")) ?? 0
            return replacing(opening + 1..<opening + 1, by: quoted + [UInt8(ascii: ":")] + new)
        }
        let member = [UInt8(ascii: ",")] + blanks(before: last.member.lowerBound) + quoted + [UInt8(ascii: ":")]
        let end = last.value.upperBound
        return replacing(end..<end, by: member + blanks(before: last.value.lowerBound) + new)
    }

    /// The text without a member; as it is when there is none.
    package func removing(_ key: String) -> [UInt8] {
        guard let index = index(of: key) else { return bytes }
        let member = places[index].member
        if index > 0 { return replacing(places[index - 1].member.upperBound..<member.upperBound, by: []) }
        let end = places.count > 1 ? places[1].member.lowerBound : member.upperBound
        return replacing(member.lowerBound..<end, by: [])
    }

    private func index(of key: String) -> Int? {
        object.members.firstIndex { $0.key.hasSameBytes(as: key) }
    }

    private func replacing(_ range: Range<Int>, by new: [UInt8]) -> [UInt8] {
        bytes[..<range.lowerBound] + new + bytes[range.upperBound...]
    }

    private func blanks(before end: Int) -> [UInt8] {
        Array(bytes[..<end].reversed().prefix(while: Scanner.isBlank).reversed())
    }
}

extension ObjectText {
    /// Walks over the members of an object that is known to be well formed.
    private struct Scanner {
        let bytes: [UInt8]
        /// At the opening brace, or at the comma before the next member.
        private var position: Int

        init(bytes: [UInt8]) {
            self.bytes = bytes
            position = bytes.firstIndex(of: UInt8(ascii: "{")) ?? 0
        }

        static func isBlank(_ byte: UInt8) -> Bool { [0x20, 0x0A, 0x0D, 0x09].contains(byte) }

        mutating func member() -> Place {
            skip()
            let start = position
            skipText()
            skipBlanks()
            skip()
            let value = position
            skipValue()
            let end = position
            skipBlanks()
            return Place(member: start..<end, value: value..<end)
        }

        /// One byte and the blanks after it.
        private mutating func skip() {
            position += 1
            skipBlanks()
        }

        private mutating func skipBlanks() {
            while Self.isBlank(bytes[position]) { position += 1 }
        }

        private mutating func skipText() {
            position += 1
            while bytes[position] != UInt8(ascii: "\"") {
                position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
            }
            position += 1
        }

        private mutating func skipValue() {
            var depth = 0
            repeat {
                switch bytes[position] {
                case UInt8(ascii: "\""): skipText()
                case UInt8(ascii: "{"), UInt8(ascii: "["): (depth, position) = (depth + 1, position + 1)
                case UInt8(ascii: "}"), UInt8(ascii: "]"): (depth, position) = (depth - 1, position + 1)
                case UInt8(ascii: ","), UInt8(ascii: ":"): position += 1
                case let byte where Self.isBlank(byte): position += 1
                default: skipWord()
                }
            } while depth > 0
        }

        /// A number, `true`, `false` or `null`.
        private mutating func skipWord() {
            while !",]}".utf8.contains(bytes[position]), !Self.isBlank(bytes[position]) { position += 1 }
        }
    }
}
