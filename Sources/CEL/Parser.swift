/// Reads by recursive descent; the depth is limited, so the stack is too.
struct Parser {
    /// More is no condition that somebody wrote.
    static let longestSource = 32_768
    /// How many expressions may enclose each other.
    static let greatestHeight = 100

    let source: [UInt8]
    private let lexemes: [Lexeme]
    private var index = 0
    private var depth = 0

    init(_ text: String) throws(ProgramError) {
        source = Array(text.utf8)
        guard source.count <= Self.longestSource else {
            let message = "an expression of \(source.count) bytes, more than the \(Self.longestSource) allowed"
            throw ProgramError(message, at: 0, in: source)
        }
        lexemes = try Lexer.lexemes(of: source)
    }

    mutating func program() throws(ProgramError) -> Expression {
        if case .end = next.kind { throw error("there is no expression", at: next.offset) }
        let expression = try expression()
        guard case .end = next.kind else { throw unexpected("an operator or the end") }
        return expression
    }

    // MARK: - Lexemes

    var next: Lexeme { lexemes[index] }

    func isNext(_ sign: Lexeme.Sign) -> Bool {
        if case .sign(sign) = next.kind { true } else { false }
    }

    /// The offset of the sign; nil when another comes.
    mutating func take(_ sign: Lexeme.Sign) -> Int? {
        guard isNext(sign) else { return nil }
        index += 1
        return lexemes[index - 1].offset
    }

    private mutating func require(_ sign: Lexeme.Sign, opened: Int) throws(ProgramError) {
        guard take(sign) == nil else { return }
        let place = Position(of: opened, in: source)
        throw unexpected("'\(sign.rawValue)' for what was opened at \(place.line):\(place.column)")
    }

    func error(_ message: String, hint: String? = nil, at offset: Int) -> ProgramError {
        ProgramError(message, hint: hint, at: offset, in: source)
    }

    private func unexpected(_ expected: String) -> ProgramError {
        let (found, hint): (String, String?) =
            switch next.kind {
            case .end: ("the end", nil)
            case .sign(let sign): ("'\(sign.rawValue)'", nil)
            case .name(let name): ("'\(name)'", Self.wordHints[name.lowercased()])
            case .quoted: ("a name in backquotes", "such a name stands after a dot")
            case .int, .uint, .double: ("a number", nil)
            case .string, .bytes: ("a text", nil)
            }
        return error("\(found) where \(expected) should be", hint: hint, at: next.offset)
    }

    private static let wordHints = [
        "and": "'&&' is and", "or": "'||' is or", "not": "'!' is not", "is": "'==' compares", "eq": "'==' compares",
        "contains": "it is written text.contains(part)", "matches": "it is written text.matches(pattern)",
    ]

    // MARK: - Expressions

    func make(_ form: Expression.Form, at offset: Int) throws(ProgramError) -> Expression {
        let height = (form.children.map(\.height).max() ?? 0) + 1
        guard height <= Self.greatestHeight else {
            throw error("more than \(Self.greatestHeight) expressions enclose each other", at: offset)
        }
        return Expression(form: form, offset: offset, height: height)
    }

    mutating func expression() throws(ProgramError) -> Expression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.greatestHeight else {
            throw error("more than \(Self.greatestHeight) expressions enclose each other", at: next.offset)
        }
        let condition = try chain(.or)
        guard let offset = take(.question) else { return condition }
        let then = try chain(.or)
        guard take(.colon) != nil else { throw unexpected("':' of '? :'") }
        let otherwise = try expression()
        return try make(.conditional(condition, then: then, otherwise: otherwise), at: offset)
    }

    /// One or more, with `||` or `&&` between them.
    private mutating func chain(_ sign: Lexeme.Sign) throws(ProgramError) -> Expression {
        let first = try link(of: sign)
        guard isNext(sign) else { return first }
        let offset = next.offset
        var parts = [first]
        while take(sign) != nil { parts.append(try link(of: sign)) }
        return try make(sign == .or ? .any(parts) : .all(parts), at: offset)
    }

    private mutating func link(of sign: Lexeme.Sign) throws(ProgramError) -> Expression {
        guard sign == .or else { return try binary(0) }
        return try chain(.and)
    }

    private static let levels: [[Operation]] = [
        [.equal, .unequal, .less, .lessOrEqual, .greater, .greaterOrEqual, .membership],
        [.add, .subtract], [.multiply, .divide, .remainder],
    ]

    private func operation(_ level: Int) -> Operation? {
        let spelling: String
        switch next.kind {
        case .sign(let sign): spelling = sign.rawValue
        case .name("in"): spelling = "in"
        default: return nil
        }
        return Self.levels[level].first { $0.rawValue == spelling }
    }

    private mutating func binary(_ level: Int) throws(ProgramError) -> Expression {
        guard level < Self.levels.count else { return try unary() }
        var left = try binary(level + 1)
        while let operation = operation(level) {
            let offset = next.offset
            index += 1
            let right = try binary(level + 1)
            left = try make(.binary(operation, left, right), at: offset)
        }
        return left
    }

    private mutating func unary() throws(ProgramError) -> Expression {
        guard isNext(.not) || isNext(.minus) else { return try member() }
        let sign: Lexeme.Sign = isNext(.not) ? .not : .minus
        var offsets: [Int] = []
        while let offset = take(sign) { offsets.append(offset) }
        // The sign belongs to the number, since the lowest int has no counterpart.
        var isNegative = false
        if sign == .minus {
            switch next.kind {
            case .int, .double: isNegative = true
            default: break
            }
        }
        var operand = try member(isNegative: isNegative)
        if isNegative { offsets.removeLast() }
        for offset in offsets.reversed() {
            operand = try make(sign == .not ? .not(operand) : .negated(operand), at: offset)
        }
        return operand
    }

    private mutating func member(isNegative: Bool = false) throws(ProgramError) -> Expression {
        var operand = try primary(isNegative: isNegative)
        while true {
            if take(.dot) != nil {
                let offset = next.offset
                let name = try selector()
                if let opened = take(.open) {
                    let arguments = try arguments(opened: opened)
                    operand = try call(name, on: operand, arguments, at: offset)
                } else {
                    operand = try make(.select(operand, name), at: offset)
                }
            } else if let opened = take(.openBracket) {
                let key = try expression()
                try require(.closeBracket, opened: opened)
                operand = try make(.binary(.index, operand, key), at: opened)
            } else if isNext(.openBrace) {
                throw error("there are no messages here", hint: "a map is written {\"key\": value}", at: next.offset)
            } else {
                return operand
            }
        }
    }

    private mutating func selector() throws(ProgramError) -> String {
        switch next.kind {
        case .quoted(let name):
            index += 1
            guard !isNext(.open) else { throw error("a function has no name in backquotes", at: next.offset) }
            return name
        case .name(let name) where !["in", "true", "false", "null"].contains(name):
            index += 1
            return name
        default: throw unexpected("the name of a field")
        }
    }

    private mutating func primary(isNegative: Bool) throws(ProgramError) -> Expression {
        let offset = next.offset
        switch next.kind {
        case .int(let magnitude):
            index += 1
            let value = isNegative ? Int64(exactly: -Int128(magnitude)) : Int64(exactly: magnitude)
            guard let value else { throw error("'\(magnitude)' does not fit into an int", at: offset) }
            return try make(.literal(.int(value)), at: offset)
        case .uint(let value): return try literal(.uint(value))
        case .double(let value): return try literal(.double(isNegative ? -value : value))
        case .string(let value): return try literal(.string(value))
        case .bytes(let value): return try literal(.bytes(value))
        case .name("true"): return try literal(.bool(true))
        case .name("false"): return try literal(.bool(false))
        case .name("null"): return try literal(.null)
        case .name: return try name(isAbsolute: false)
        case .sign(.dot):
            index += 1
            guard case .name = next.kind else { throw unexpected("a name") }
            return try name(isAbsolute: true)
        case .sign(.open):
            index += 1
            let inner = try expression()
            try require(.close, opened: offset)
            return inner
        case .sign(.openBracket):
            index += 1
            return try make(.list(try items(until: .closeBracket, opened: offset)), at: offset)
        case .sign(.openBrace):
            index += 1
            return try map(opened: offset)
        default: throw unexpected("a value")
        }
    }

    private mutating func literal(_ value: Value) throws(ProgramError) -> Expression {
        index += 1
        return try make(.literal(value), at: lexemes[index - 1].offset)
    }

    private static let reserved: Set = [
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "in", "let", "loop", "package",
        "namespace", "return", "var", "void", "while",
    ]

    private mutating func name(isAbsolute: Bool) throws(ProgramError) -> Expression {
        let offset = next.offset
        guard case .name(let name) = next.kind, !Self.reserved.contains(name) else { throw unexpected("a value") }
        index += 1
        guard let opened = take(.open) else { return try make(.name(name, isAbsolute: isAbsolute), at: offset) }
        let arguments = try arguments(opened: opened)
        return try call(name, on: nil, arguments, at: offset)
    }

    private mutating func arguments(opened: Int) throws(ProgramError) -> [Expression] {
        guard take(.close) == nil else { return [] }
        var items = [try expression()]
        while take(.comma) != nil { items.append(try expression()) }
        try require(.close, opened: opened)
        return items
    }

    /// A comma may stand after the last.
    private mutating func items(until closing: Lexeme.Sign, opened: Int) throws(ProgramError) -> [Expression] {
        var items: [Expression] = []
        while !isNext(closing) {
            items.append(try expression())
            if take(.comma) == nil { break }
        }
        try require(closing, opened: opened)
        return items
    }

    private mutating func map(opened: Int) throws(ProgramError) -> Expression {
        var entries: [(key: Expression, value: Expression)] = []
        while !isNext(.closeBrace) {
            let key = try expression()
            guard take(.colon) != nil else { throw unexpected("':' between key and value") }
            entries.append((key, try expression()))
            if take(.comma) == nil { break }
        }
        try require(.closeBrace, opened: opened)
        return try make(.map(entries), at: opened)
    }
}
