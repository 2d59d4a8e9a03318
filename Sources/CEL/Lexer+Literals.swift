extension Lexer {
    mutating func number() throws(ProgramError) -> Lexeme.Kind {
        let start = position
        if byte() == UInt8(ascii: "0"), byte(1).map({ $0 | 0x20 }) == UInt8(ascii: "x") {
            position += 2
            let digits = position
            while byte()?.hexadecimal != nil { position += 1 }
            return try whole(source[digits..<position], radix: 16, from: start)
        }
        skipDigits()
        var isWhole = true
        if byte() == UInt8(ascii: "."), byte(1)?.isDigit == true {
            isWhole = false
            position += 1
            skipDigits()
        }
        if let letter = byte(), letter | 0x20 == UInt8(ascii: "e") {
            let sign = byte(1) == UInt8(ascii: "+") || byte(1) == UInt8(ascii: "-") ? 1 : 0
            if byte(1 + sign)?.isDigit == true {
                isWhole = false
                position += 1 + sign
                skipDigits()
            }
        }
        guard !isWhole else { return try whole(source[start..<position], radix: 10, from: start) }
        let spelling = String(decoding: source[start..<position], as: UTF8.self)
        guard let value = Double(spelling), value.isFinite, byte().map({ !$0.isNameStart }) ?? true else {
            throw error("'\(spelling)' is no number", at: start)
        }
        return .double(value)
    }

    private mutating func skipDigits() {
        while byte()?.isDigit == true { position += 1 }
    }

    private mutating func whole(
        _ digits: ArraySlice<UInt8>, radix: Int, from start: Int
    ) throws(ProgramError) -> Lexeme.Kind {
        let isUnsigned = byte().map { $0 | 0x20 } == UInt8(ascii: "u")
        if isUnsigned { position += 1 }
        let spelling = String(decoding: source[start..<position], as: UTF8.self)
        if let next = byte(), next.isNameStart {
            let hint = "a duration is written duration(\"24h\"), with h, m or s"
            throw error("'\(spelling)' is followed by a letter", hint: hint, at: start)
        }
        guard let value = UInt64(String(decoding: digits, as: UTF8.self), radix: radix) else {
            throw error("'\(spelling)' does not fit into 64 bits", at: start)
        }
        return isUnsigned ? .uint(value) : .int(value)
    }

    /// The letters before a quote; nil where no text begins.
    func stringPrefix() -> (length: Int, isRaw: Bool, isBytes: Bool)? {
        var (isRaw, isBytes, length) = (false, false, 0)
        while let letter = byte(length), length <= 2 {
            switch letter {
            case UInt8(ascii: "\""), UInt8(ascii: "'"): return (length, isRaw, isBytes)
            case UInt8(ascii: "r") where !isRaw, UInt8(ascii: "R") where !isRaw: isRaw = true
            case UInt8(ascii: "b") where !isBytes, UInt8(ascii: "B") where !isBytes: isBytes = true
            default: return nil
            }
            length += 1
        }
        return nil
    }

    /// At the quote.
    mutating func text(isRaw: Bool, isBytes: Bool, from start: Int) throws(ProgramError) -> Lexeme.Kind {
        let quote = source[position]
        let isLong = byte(1) == quote && byte(2) == quote
        let closing = Array(repeating: quote, count: isLong ? 3 : 1)
        position += closing.count
        var content: [UInt8] = []
        while !source[position...].starts(with: closing) {
            guard let next = byte() else { throw error("the text that begins here does not end", at: start) }
            if !isLong, next == UInt8(ascii: "\n") || next == UInt8(ascii: "\r") {
                throw error("the text that begins here does not end in its line", at: start)
            }
            if next == UInt8(ascii: "\\"), !isRaw {
                try escape(into: &content, isBytes: isBytes)
            } else {
                // In a raw text a backslash stands for itself; a quote after it is a quote, and ends it.
                content.append(next)
                position += 1
            }
        }
        position += closing.count
        return isBytes ? .bytes(content) : .string(String(decoding: content, as: UTF8.self))
    }

    /// At the backslash.
    private mutating func escape(into content: inout [UInt8], isBytes: Bool) throws(ProgramError) {
        let start = position
        guard let letter = byte(1) else { throw error("the text ends in a backslash", at: start) }
        position += 2
        switch letter {
        case UInt8(ascii: "\\"), UInt8(ascii: "?"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"):
            content.append(letter)
        case UInt8(ascii: "a"): content.append(0x07)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "v"): content.append(0x0B)
        case UInt8(ascii: "x"), UInt8(ascii: "X"): try code(2, 16, into: &content, isBytes: isBytes, from: start)
        case UInt8(ascii: "u") where !isBytes: try code(4, 16, into: &content, isBytes: false, from: start)
        case UInt8(ascii: "U") where !isBytes: try code(8, 16, into: &content, isBytes: false, from: start)
        case UInt8(ascii: "0")...UInt8(ascii: "3"):
            position -= 1
            try code(3, 8, into: &content, isBytes: isBytes, from: start)
        default: throw error("there is no such escape", hint: "a backslash is written \\\\, or r\"...\"", at: start)
        }
    }

    private mutating func code(
        _ count: Int, _ radix: UInt32, into content: inout [UInt8], isBytes: Bool, from start: Int
    ) throws(ProgramError) {
        var value: UInt32 = 0
        for _ in 0..<count {
            guard let digit = byte()?.hexadecimal, digit < radix else {
                throw error("this escape has \(count) digits", at: start)
            }
            // Eight hexadecimal digits are what fits.
            value = value &* radix &+ digit
            position += 1
        }
        if isBytes {
            content.append(UInt8(truncatingIfNeeded: value))
        } else if let scalar = Unicode.Scalar(value) {
            content.append(contentsOf: String(Character(scalar)).utf8)
        } else {
            throw error("there is no such character", at: start)
        }
    }
}
