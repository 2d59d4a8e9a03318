/// Numbers and strings.
extension Parser {
    /// A number, checked and kept as it is spelled.
    mutating func number() throws(JSONError) -> String {
        let start = position
        skip(UInt8(ascii: "-"))
        if next == UInt8(ascii: "0") {
            position += 1
            if isDigit { throw error("a number does not begin with 0 when more digits follow", at: start) }
        } else {
            try digits("a digit")
        }
        if skip(UInt8(ascii: ".")) { try digits("a digit after the decimal point") }
        if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
            if !skip(UInt8(ascii: "+")) { skip(UInt8(ascii: "-")) }
            try digits("a digit of the exponent")
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private var isDigit: Bool {
        guard let byte = next else { return false }
        return (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    @discardableResult
    private mutating func skip(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func digits(_ what: String) throws(JSONError) {
        guard isDigit else { throw expected(what) }
        while isDigit { position += 1 }
    }

    /// A string; `position` is at its opening quote.
    mutating func string() throws(JSONError) -> String {
        let opening = position
        position += 1
        let start = position
        try skipPlain()
        // Most strings have no escape: their bytes are taken as they stand.
        if next == UInt8(ascii: "\"") {
            position += 1
            return try text(bytes[start..<position - 1], from: opening)
        }
        var unescaped = Array(bytes[start..<position])
        while next != UInt8(ascii: "\"") {
            try escape(into: &unescaped)
            let plain = position
            try skipPlain()
            unescaped += bytes[plain..<position]
        }
        position += 1
        return try text(unescaped[...], from: opening)
    }

    /// Steps to the next quote or backslash.
    private mutating func skipPlain() throws(JSONError) {
        while let byte = next {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return }
            guard byte >= 0x20 else { throw expected("an escape such as \\n for a control character") }
            position += 1
        }
        throw expected("'\"' to end the string")
    }

    private func text(_ slice: ArraySlice<UInt8>, from opening: Int) throws(JSONError) -> String {
        guard let text = String(validating: slice, as: UTF8.self) else {
            throw error("the string is not valid UTF-8", at: opening)
        }
        return text
    }

    private mutating func escape(into unescaped: inout [UInt8]) throws(JSONError) {
        let start = position
        position += 1
        switch next {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(bytes[position])
        case UInt8(ascii: "b"): unescaped.append(0x08)
        case UInt8(ascii: "f"): unescaped.append(0x0C)
        case UInt8(ascii: "n"): unescaped.append(0x0A)
        case UInt8(ascii: "r"): unescaped.append(0x0D)
        case UInt8(ascii: "t"): unescaped.append(0x09)
        case UInt8(ascii: "u"):
            unescaped += UTF8.encode(try scalar(escapedAt: start)) ?? UTF8.encodedReplacementCharacter
            return
        default: throw expected("one of \"\\/bfnrtu after the backslash")
        }
        position += 1
    }

    /// The scalar of `\uXXXX`, or of two of them that are a surrogate pair; `position` is at the `u`.
    private mutating func scalar(escapedAt start: Int) throws(JSONError) -> Unicode.Scalar {
        let first = try codeUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        let low = UInt16(0xDC00)...0xDFFF
        guard !low.contains(first), skip(UInt8(ascii: "\\")), next == UInt8(ascii: "u") else {
            throw error("half of a surrogate pair stands alone", at: start)
        }
        let second = try codeUnit()
        guard low.contains(second) else { throw error("half of a surrogate pair stands alone", at: start) }
        let value = 0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00)
        guard let scalar = Unicode.Scalar(value) else {
            throw error("half of a surrogate pair stands alone", at: start)
        }
        return scalar
    }

    /// The four digits after a `u`.
    private mutating func codeUnit() throws(JSONError) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            position += 1
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80
            else {
                throw expected("four hexadecimal digits after \\u")
            }
            value = value << 4 | UInt16(digit)
        }
        position += 1
        return value
    }
}
