extension JSON {
    /// Reads one document, strictly as RFC 8259 has it, and refuses keys that occur twice in an object.
    ///
    /// - Parameters:
    ///   - bytes: UTF-8, without a byte order mark.
    ///   - maximumBytes: a longer document is refused unread.
    ///   - maximumDepth: how many arrays and objects may enclose each other; at most 512.
    package static func parse(
        _ bytes: [UInt8], maximumBytes: Int, maximumDepth: Int = 64
    ) throws(JSONError) -> JSON {
        guard bytes.count <= maximumBytes else {
            throw JSONError(
                "the document has \(bytes.count) bytes, more than the \(maximumBytes) allowed", at: 0,
                in: bytes)
        }
        var parser = Parser(bytes: bytes, maximumDepth: min(maximumDepth, 512))
        return try parser.document()
    }

    /// Reads one document from a text.
    package static func parse(
        _ text: String, maximumBytes: Int, maximumDepth: Int = 64
    ) throws(JSONError) -> JSON {
        try parse(Array(text.utf8), maximumBytes: maximumBytes, maximumDepth: maximumDepth)
    }
}

/// Reads by recursive descent; the depth is limited, so the stack is too.
struct Parser {
    let bytes: [UInt8]
    let maximumDepth: Int
    var position = 0
    private var depth = 0

    init(bytes: [UInt8], maximumDepth: Int) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
    }

    mutating func document() throws(JSONError) -> JSON {
        skipBlanks()
        let value = try value()
        skipBlanks()
        guard position == bytes.count else { throw expected("the end of the document") }
        return value
    }

    private mutating func value() throws(JSONError) -> JSON {
        guard let byte = next else { throw expected("a value") }
        switch byte {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
        default: throw expected("a value")
        }
    }

    private mutating func object() throws(JSONError) -> JSON {
        try enter()
        var members = JSON.Object()
        if !ends(with: UInt8(ascii: "}")) {
            while true {
                try member(of: &members)
                if try isLast(closing: UInt8(ascii: "}"), "',' or '}' after the member") { break }
            }
        }
        depth -= 1
        return .object(members)
    }

    private mutating func member(of members: inout JSON.Object) throws(JSONError) {
        let start = position
        guard next == UInt8(ascii: "\"") else { throw expected("a key in double quotes") }
        let key = try string()
        skipBlanks()
        guard next == UInt8(ascii: ":") else { throw expected("':' after the key") }
        position += 1
        skipBlanks()
        guard members.insert(key, try value()) else {
            throw error("duplicate key \(Self.shown(key))", at: start)
        }
    }

    private mutating func array() throws(JSONError) -> JSON {
        try enter()
        var elements: [JSON] = []
        if !ends(with: UInt8(ascii: "]")) {
            while true {
                elements.append(try value())
                if try isLast(closing: UInt8(ascii: "]"), "',' or ']' after the element") { break }
            }
        }
        depth -= 1
        return .array(elements)
    }

    /// Steps over the opening bracket, one level down.
    private mutating func enter() throws(JSONError) {
        guard depth < maximumDepth else {
            throw error("nested deeper than the \(maximumDepth) levels allowed", at: position)
        }
        depth += 1
        position += 1
        skipBlanks()
    }

    private mutating func ends(with bracket: UInt8) -> Bool {
        guard next == bracket else { return false }
        position += 1
        return true
    }

    /// Steps over a comma (no) or the closing bracket (yes).
    private mutating func isLast(closing bracket: UInt8, _ what: String) throws(JSONError) -> Bool {
        skipBlanks()
        if ends(with: bracket) { return true }
        guard next == UInt8(ascii: ",") else { throw expected(what) }
        position += 1
        skipBlanks()
        return false
    }

    private mutating func word(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        let letters = word.description.utf8
        guard bytes[position...].starts(with: letters) else { throw expected("'\(word)'") }
        position += letters.count
        return value
    }
}

extension Parser {
    /// The byte to read now; nil at the end.
    var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func skipBlanks() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    func error(_ message: String, at offset: Int) -> JSONError {
        JSONError(message, at: offset, in: bytes)
    }

    func expected(_ what: String) -> JSONError {
        error("expected \(what), found \(found)", at: position)
    }

    /// The character here, in words.
    private var found: String {
        guard let byte = next else { return "the end of the document" }
        guard (0x20..<0x7F).contains(byte) else {
            return "byte 0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        return "'\(Character(Unicode.Scalar(byte)))'"
    }

    /// A key as an error shows it: short, and without control characters.
    private static func shown(_ key: String) -> String {
        let limit = 40
        return JSON.string(key.count > limit ? key.prefix(limit) + "…" : key).serialized()
    }
}
