/// Reads a regular expression by recursive descent, no deeper than `deepest`.
struct PatternParser {
    private static let longest = 1000
    private static let deepest = 50
    /// As RE2 has it.
    private static let mostRepetitions = 1000

    private let text: [Unicode.Scalar]
    private var position = 0
    private var depth = 0
    private var flags = Flags()

    private struct Flags {
        var ignoresCase = false
        var isMultiline = false
        var dotTakesLines = false
    }

    init(_ text: String) { self.text = Array(text.unicodeScalars.prefix(Self.longest + 1)) }

    mutating func pattern() throws(EvaluationError.Reason) -> PatternSyntax {
        guard text.count <= Self.longest else { throw .invalid("a pattern of more than \(Self.longest) characters") }
        let choice = try choice()
        guard position == text.count else { throw invalid("a ')' without a '('") }
        return choice
    }

    // MARK: - Reading

    private var next: Unicode.Scalar? { position < text.count ? text[position] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        position += 1
        return true
    }

    private mutating func takeText(_ word: String) -> Bool {
        guard text[position...].starts(with: word.unicodeScalars) else { return false }
        position += word.unicodeScalars.count
        return true
    }

    private func invalid(_ what: String) -> EvaluationError.Reason {
        let shown = String(String.UnicodeScalarView(text.prefix(60))).debugged
        return .invalid("'\(shown)' is no pattern: \(what)")
    }

    // MARK: - Structure

    private mutating func choice() throws(EvaluationError.Reason) -> PatternSyntax {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else { throw invalid("more than \(Self.deepest) groups enclose each other") }
        // Flags that are set within a group end with it.
        let outside = flags
        defer { flags = outside }
        var parts = [try sequence()]
        while take("|") { parts.append(try sequence()) }
        return parts.count == 1 ? parts[0] : .choice(parts)
    }

    private mutating func sequence() throws(EvaluationError.Reason) -> PatternSyntax {
        var parts: [PatternSyntax] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            if takeText("\\Q") {
                while next != nil, !takeText("\\E") { parts.append(letter(takeNext())) }
                continue
            }
            guard let atom = try atom() else { continue }
            parts.append(try repeated(atom))
        }
        return .sequence(parts)
    }

    private mutating func takeNext() -> UInt32 {
        defer { position += 1 }
        return text[position].value
    }

    /// Nil for what only sets flags.
    private mutating func atom() throws(EvaluationError.Reason) -> PatternSyntax? {
        guard let scalar = next else { throw invalid("it ends too early") }
        switch scalar {
        case "(": return try group()
        case "[": return .set(try set())
        case "\\": return try escape()
        case "*", "+", "?": throw invalid("nothing stands before '\(scalar)'")
        default: break
        }
        position += 1
        switch scalar {
        case ".": return .set(flags.dotTakesLines ? .everything : .line)
        case "^": return .assertion(flags.isMultiline ? .lineStart : .textStart)
        case "$": return .assertion(flags.isMultiline ? .lineEnd : .textEnd)
        default: return letter(scalar.value)
        }
    }

    private func letter(_ scalar: UInt32) -> PatternSyntax {
        flags.ignoresCase ? .set(ScalarSet([scalar...scalar], ignoresCase: true)) : .scalar(scalar)
    }

    private mutating func group() throws(EvaluationError.Reason) -> PatternSyntax? {
        position += 1
        let outside = flags
        if take("?") {
            if takeText("P<") || take("<") {
                guard try takeName() else { throw invalid("a group without a name") }
            } else if try takeFlags() {
                return nil
            }
        }
        let inner = try choice()
        flags = outside
        guard take(")") else { throw invalid("a '(' without a ')'") }
        return inner
    }

    private mutating func takeName() throws(EvaluationError.Reason) -> Bool {
        let start = position
        while let scalar = next, scalar != ">" {
            guard ScalarSet.word.contains(scalar.value) else { return false }
            position += 1
        }
        return position > start && take(">")
    }

    /// After `(?`. True when the group ends with them: they then hold for the rest of what encloses it.
    private mutating func takeFlags() throws(EvaluationError.Reason) -> Bool {
        var isOn = true
        while let scalar = next {
            position += 1
            switch scalar {
            case "i": flags.ignoresCase = isOn
            case "m": flags.isMultiline = isOn
            case "s": flags.dotTakesLines = isOn
            case "U": break
            case "-" where isOn: isOn = false
            case ":": return false
            case ")": return true
            default: throw invalid("'(?\(String(Character(scalar)).debugged)' is not part of these patterns")
            }
        }
        throw invalid("a '(' without a ')'")
    }

    // MARK: - Repetition

    private mutating func repeated(_ atom: PatternSyntax) throws(EvaluationError.Reason) -> PatternSyntax {
        let start = position
        guard let range = try quantifier() else { return atom }
        // Whether it takes as little as it can makes no difference to whether it is found.
        _ = take("?")
        if let sign = next, "*+?".unicodeScalars.contains(sign) { throw invalid("two repetitions of one thing") }
        if next == "{", try isQuantifierNext(), start < position { throw invalid("two repetitions of one thing") }
        return .repetition(atom, range.least, range.most)
    }

    private mutating func isQuantifierNext() throws(EvaluationError.Reason) -> Bool {
        let start = position
        defer { position = start }
        return try quantifier() != nil
    }

    private mutating func quantifier() throws(EvaluationError.Reason) -> (least: Int, most: Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        // Braces that hold no numbers stand for themselves.
        let start = position
        guard take("{"), let least = number() else {
            position = start
            return nil
        }
        var most: Int? = least
        if take(",") { most = next == "}" ? nil : number() ?? -1 }
        guard take("}"), most != -1 else {
            position = start
            return nil
        }
        guard max(least, most ?? 0) <= Self.mostRepetitions, most.map({ $0 >= least }) ?? true else {
            throw invalid("repetitions from \(least) to \(most.map(String.init) ?? "any")")
        }
        return (least, most)
    }

    private mutating func number() -> Int? {
        let start = position
        var value = 0
        while let digit = next?.asciiByte, digit.isDigit, position - start < 6 {
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
            position += 1
        }
        return position > start ? value : nil
    }

    // MARK: - Escapes and sets

    private mutating func escape() throws(EvaluationError.Reason) -> PatternSyntax {
        guard position + 1 < text.count else { throw invalid("it ends in a backslash") }
        let assertions: [Unicode.Scalar: PatternSyntax.Assertion] = [
            "A": .textStart, "z": .textEnd, "b": .wordBoundary, "B": .noWordBoundary,
        ]
        if let assertion = assertions[text[position + 1]] {
            position += 2
            return .assertion(assertion)
        }
        if let set = try classEscape() { return .set(flags.ignoresCase ? set.ignoringCase() : set) }
        return letter(try scalarEscape())
    }

    /// `\d`, `\pL` and their like; nil for anything else.
    private mutating func classEscape() throws(EvaluationError.Reason) -> ScalarSet? {
        guard next == "\\", position + 1 < text.count else { return nil }
        let classes: [Unicode.Scalar: ScalarSet] = ["d": .digit, "s": .space, "w": .word]
        let letter = text[position + 1]
        if let set = classes[letter] {
            position += 2
            return set
        }
        if let small = letter.properties.lowercaseMapping.unicodeScalars.first, let set = classes[small] {
            position += 2
            return set.negated()
        }
        guard letter == "p" || letter == "P" else { return nil }
        position += 2
        var name = ""
        if take("{") {
            while let scalar = next, scalar != "}" { name.unicodeScalars.append(Unicode.Scalar(takeNext()) ?? scalar) }
            guard take("}") else { throw invalid("a '{' without a '}'") }
        } else if let scalar = next {
            position += 1
            name = String(Character(scalar))
        }
        var isNegated = letter == "P"
        if name.hasPrefix("^") {
            isNegated.toggle()
            name.removeFirst()
        }
        guard let set = ScalarSet(kind: name) else {
            throw invalid("there is no kind '\(name.debugged)' of characters")
        }
        return isNegated ? set.negated() : set
    }

    private mutating func scalarEscape() throws(EvaluationError.Reason) -> UInt32 {
        position += 1
        guard let letter = next else { throw invalid("it ends in a backslash") }
        position += 1
        switch letter {
        case "a": return 0x07
        case "f": return 0x0C
        case "n": return 0x0A
        case "r": return 0x0D
        case "t": return 0x09
        case "v": return 0x0B
        case "x": return try hexadecimal()
        case "0"..."7":
            position -= 1
            return try octal()
        default:
            guard letter.isASCII, !ScalarSet.word.contains(letter.value) || letter == "_" else {
                throw invalid("there is no escape '\\\(String(Character(letter)).debugged)'")
            }
            return letter.value
        }
    }

    private mutating func octal() throws(EvaluationError.Reason) -> UInt32 {
        // A single digit would be a reference to a group.
        guard next == "0" || position + 1 < text.count && ("0"..."7").contains(text[position + 1]) else {
            throw invalid("references to groups are not part of these patterns")
        }
        var value: UInt32 = 0
        for _ in 0..<3 {
            guard let digit = next, ("0"..."7").contains(digit) else { break }
            value = value * 8 + digit.value - 0x30
            position += 1
        }
        return value
    }

    private mutating func hexadecimal() throws(EvaluationError.Reason) -> UInt32 {
        let isLong = take("{")
        var (value, count): (UInt32, Int) = (0, 0)
        while let digit = next?.asciiByte?.hexadecimal, count < (isLong ? 6 : 2) {
            value = value * 16 + digit
            count += 1
            position += 1
        }
        guard count > 0, isLong ? take("}") : count == 2, value <= 0x10FFFF else { throw invalid("digits after '\\x'") }
        return value
    }

    private mutating func set() throws(EvaluationError.Reason) -> ScalarSet {
        position += 1
        let isNegated = take("^")
        var set = ScalarSet([])
        var isFirst = true
        while isFirst || next != "]" {
            guard let scalar = next else { throw invalid("a '[' without a ']'") }
            isFirst = false
            if let named = try namedSet() {
                set.insert(named)
            } else if let escaped = try classEscape() {
                set.insert(escaped)
            } else {
                set.insert(try range(from: scalar))
            }
        }
        position += 1
        if flags.ignoresCase { set = set.ignoringCase() }
        return isNegated ? set.negated() : set
    }

    private mutating func range(from scalar: Unicode.Scalar) throws(EvaluationError.Reason) -> ClosedRange<UInt32> {
        let first = scalar == "\\" ? try scalarEscape() : takeNext()
        guard next == "-", position + 1 < text.count, text[position + 1] != "]" else { return first...first }
        position += 1
        let last = next == "\\" ? try scalarEscape() : takeNext()
        guard first <= last else { throw invalid("a range that goes back") }
        return first...last
    }

    /// `[:alpha:]`; nil for anything else.
    private mutating func namedSet() throws(EvaluationError.Reason) -> ScalarSet? {
        guard takeText("[:") else { return nil }
        let isNegated = take("^")
        var name = ""
        while let scalar = next, scalar != ":" { name.unicodeScalars.append(Unicode.Scalar(takeNext()) ?? scalar) }
        guard takeText(":]"), let set = ScalarSet.named[name] else {
            throw invalid("there is no kind '\(name.debugged)' of characters")
        }
        return isNegated ? set.negated() : set
    }
}

extension Unicode.Scalar {
    fileprivate var asciiByte: UInt8? { isASCII ? UInt8(truncatingIfNeeded: value) : nil }
}
