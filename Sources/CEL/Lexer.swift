/// A word or sign of a source.
struct Lexeme {
    enum Kind {
        /// A name, or a word of the language.
        case name(String)
        /// A name in backquotes, after a dot.
        case quoted(String)
        /// Without its sign.
        case int(UInt64)
        case uint(UInt64)
        case double(Double)
        case string(String)
        case bytes([UInt8])
        case sign(Sign)
        case end
    }

    enum Sign: String, CaseIterable {
        case equal = "=="
        case unequal = "!="
        case lessOrEqual = "<="
        case greaterOrEqual = ">="
        case and = "&&"
        case or = "||"
        case less = "<"
        case greater = ">"
        case plus = "+"
        case minus = "-"
        case times = "*"
        case over = "/"
        case modulo = "%"
        case not = "!"
        case question = "?"
        case colon = ":"
        case comma = ","
        case dot = "."
        case open = "("
        case close = ")"
        case openBracket = "["
        case closeBracket = "]"
        case openBrace = "{"
        case closeBrace = "}"
    }

    var kind: Kind
    /// In bytes.
    var offset: Int
}

/// Takes a source apart.
struct Lexer {
    let source: [UInt8]
    var position = 0

    init(_ source: [UInt8]) { self.source = source }

    static func lexemes(of source: [UInt8]) throws(ProgramError) -> [Lexeme] {
        var lexer = Lexer(source)
        var lexemes: [Lexeme] = []
        while true {
            let next = try lexer.next()
            lexemes.append(next)
            if case .end = next.kind { return lexemes }
        }
    }

    func byte(_ distance: Int = 0) -> UInt8? {
        position + distance < source.count ? source[position + distance] : nil
    }

    func error(_ message: String, hint: String? = nil, at offset: Int) -> ProgramError {
        ProgramError(message, hint: hint, at: offset, in: source)
    }

    private mutating func next() throws(ProgramError) -> Lexeme {
        skipBlanks()
        let start = position
        guard let first = byte() else { return Lexeme(kind: .end, offset: start) }
        if first.isDigit || first == UInt8(ascii: "."), first.isDigit || byte(1)?.isDigit == true {
            return Lexeme(kind: try number(), offset: start)
        }
        if let prefix = stringPrefix() {
            position += prefix.length
            return Lexeme(kind: try text(isRaw: prefix.isRaw, isBytes: prefix.isBytes, from: start), offset: start)
        }
        if first.isNameStart { return Lexeme(kind: .name(name()), offset: start) }
        if first == UInt8(ascii: "`") { return Lexeme(kind: .quoted(try quotedName()), offset: start) }
        return Lexeme(kind: .sign(try sign()), offset: start)
    }

    private mutating func skipBlanks() {
        while let next = byte() {
            if next == UInt8(ascii: "/"), byte(1) == UInt8(ascii: "/") {
                while let more = byte(), more != UInt8(ascii: "\n") { position += 1 }
            } else if next == 0x20 || (0x09...0x0D).contains(next) && next != 0x0B {
                position += 1
            } else {
                return
            }
        }
    }

    private mutating func name() -> String {
        let start = position
        while let next = byte(), next.isNameStart || next.isDigit { position += 1 }
        return String(decoding: source[start..<position], as: UTF8.self)
    }

    private mutating func quotedName() throws(ProgramError) -> String {
        let start = position
        position += 1
        while let next = byte(), next.isNameStart || next.isDigit || ".-/ ".utf8.contains(next) { position += 1 }
        guard byte() == UInt8(ascii: "`"), position > start + 1 else {
            throw error("a name in backquotes has letters, digits, '_', '.', '-', '/' and blanks", at: start)
        }
        position += 1
        return String(decoding: source[start + 1..<position - 1], as: UTF8.self)
    }

    private mutating func sign() throws(ProgramError) -> Lexeme.Sign {
        // Those of two characters come first.
        for sign in Lexeme.Sign.allCases where source[position...].starts(with: sign.rawValue.utf8) {
            position += sign.rawValue.utf8.count
            return sign
        }
        let rest = String(decoding: source[position...].prefix(4), as: UTF8.self)
        let found = rest.unicodeScalars.first.map { String(Character($0)) } ?? ""
        let hint: String? =
            switch found {
            case "=": "'==' compares"
            case "&": "'&&' is and"
            case "|": "'||' is or"
            case "“", "”", "‘", "’": "texts stand in straight quotes"
            default: nil
            }
        throw error("'\(found.debugged)' has no meaning here", hint: hint, at: position)
    }
}

extension String {
    /// Without characters that do something to a terminal.
    var debugged: String {
        String(String.UnicodeScalarView(unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "?" : $0 }))
    }
}

extension UInt8 {
    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    /// A letter, or an underscore.
    var isNameStart: Bool {
        let lower = self | 0x20
        return (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lower) || self == UInt8(ascii: "_")
    }

    var hexadecimal: UInt32? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(self - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(self - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(self - UInt8(ascii: "A")) + 10
        default: nil
        }
    }
}

extension ProgramError {
    init(_ message: String, hint: String? = nil, at offset: Int, in source: [UInt8]) {
        let position = Position(of: offset, in: source)
        self.init(line: Int(position.line), column: Int(position.column), message: message, hint: hint)
    }
}
