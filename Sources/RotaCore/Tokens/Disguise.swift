/// What makes a text pass for another one.
extension Unicode.Scalar {
    /// Control characters, marks and overrides of direction, invisible ones, and what XML forbids: no page has them.
    package var isUnseen: Bool {
        switch value {
        case 0..<0x20, 0x7F...0x9F, 0xAD, 0x61C, 0x180E, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F,
            0xFEFF, 0xFFF0...0xFFFB, 0xFFFE, 0xFFFF, 0xE0000...0xE0FFF:
            true
        default: properties.isNoncharacterCodePoint
        }
    }

    /// Blanks that are not the usual one, and what fonts draw nothing for.
    fileprivate var isBlankInDisguise: Bool {
        // U+2800 is a braille cell without dots.
        properties.generalCategory == .spaceSeparator && value != 0x20 || value == 0x2800
    }

    fileprivate var disguise: String? {
        if properties.generalCategory == .control { return "a control character" }
        if isBlankInDisguise { return "a blank that is not the usual one" }
        if (0x202A...0x202E).contains(value) || (0x2066...0x2069).contains(value) {
            return "a character that turns the direction of reading"
        }
        return isUnseen || properties.isDefaultIgnorableCodePoint ? "an invisible character" : nil
    }
}

extension TokenFields {
    /// Why a name is none, as a sentence; nil where it is one.
    package static func fault(ofName name: String) -> String? {
        if let disguise = disguise(in: name) { return "the name has \(disguise)" }
        guard isText(name, longest: longestName), !name.isEmpty, !name.hasPrefix(" "), !name.hasSuffix(" ") else {
            return "a name has 1 to \(longestName) characters, no control characters and no blank at its ends"
        }
        if name.hasPrefix(TokenID.prefix), TokenID.isWellFormed(name) {
            return "the name looks like the id of a token, and a command could not tell it from one"
        }
        return name == "." || name == ".."
            ? "a name is not '\(name)', which clients take out of an address that has it" : nil
    }

    /// The first character by which somebody's name, or what he works with, would look like another: what it is, and
    /// where. Nil where there is none.
    package static func disguise(in text: String) -> String? {
        // Nearly every text is plain, and an import asks this of a million.
        if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return nil }
        for (place, scalar) in text.unicodeScalars.enumerated() {
            guard let disguise = scalar.disguise else { continue }
            let digits = String(scalar.value, radix: 16, uppercase: true)
            let code = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            return "\(disguise), U+\(code), at place \(place + 1)"
        }
        return nil
    }

    /// A text as somebody reads it off a page, and types it: without what is not seen, and each gap as one blank.
    package static func asRead(_ text: String) -> String {
        var read = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isGap = scalar == " " || scalar == "\n" || scalar == "\t" || scalar.isBlankInDisguise
            if isGap {
                if let last = read.last, last != " " { read.append(" ") }
            } else if !scalar.isUnseen {
                read.append(scalar)
            }
        }
        if read.last == " " { read.removeLast() }
        return String(read)
    }
}
