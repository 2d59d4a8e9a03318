import YAML

/// The text of a file, to find a place within one of its scalars.
struct SourceText {
    private let bytes: [UInt8]
    /// Where each line begins; found when it is first asked for.
    private var lines: [Int]?

    init(_ bytes: [UInt8]) {
        // A byte order mark is no part of the text.
        self.bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    }

    /// The rest of the line from a mark on, without its end.
    mutating func text(from mark: Mark) -> String {
        guard let start = start(of: mark) else { return "" }
        return String(decoding: bytes[start...].prefix { $0 != 10 && $0 != 13 }, as: UTF8.self)
    }

    /// Where a place in the text of a scalar is written; nil where that cannot be told.
    ///
    /// Folding, indentation and quotes only move blanks and line breaks about, so that the other characters stand in
    /// the file in the order that they have in the text. A place at a blank is that of what follows it.
    ///
    /// - parameters:
    ///   - line: of the text, from 1.
    ///   - column: in it, from 1, in Unicode scalars.
    mutating func mark(of scalar: Scalar, at start: Mark, line: Int, column: Int) -> Mark? {
        guard let from = self.start(of: start) else { return nil }
        let text = Array(scalar.text.unicodeScalars)
        var (index, left) = (0, line - 1)
        while left > 0, index < text.count {
            if text[index] == "\n" { left -= 1 }
            index += 1
        }
        index = min(index + column - 1, text.count)
        var reader = Reader(String(decoding: bytes[from...].prefix(8 * scalar.text.utf8.count + 4096), as: UTF8.self))
        guard reader.begin(at: start, isPlain: scalar.isPlain) else { return nil }
        for (number, wanted) in text.enumerated() where !wanted.isBlank {
            guard let found = reader.next(), found.scalar.map({ $0 == wanted }) ?? true else { return nil }
            if number >= index { return found.mark }
        }
        return reader.end
    }

    private mutating func start(of mark: Mark) -> Int? {
        let lines = lines ?? Self.lines(of: bytes)
        self.lines = lines
        guard lines.indices.contains(mark.line - 1) else { return nil }
        var (index, column) = (lines[mark.line - 1], 1)
        while column < mark.column, index < bytes.count {
            index += 1
            // Columns are counted in Unicode scalars.
            while index < bytes.count, bytes[index] & 0xC0 == 0x80 { index += 1 }
            column += 1
        }
        return index < bytes.count ? index : nil
    }

    private static func lines(of bytes: [UInt8]) -> [Int] {
        [0] + bytes.indices.filter { bytes[$0] == 10 }.map { $0 + 1 }
    }
}

/// Reads what is written of a scalar, but for blanks, character by character.
private struct Reader {
    private enum Style {
        case plain, single, double, block
    }

    private let scalars: [Unicode.Scalar]
    private var index = 0
    private var place = Mark(line: 1, column: 1)
    private var style = Style.plain
    /// Behind the last character that was read.
    private(set) var end = Mark(line: 1, column: 1)

    init(_ text: String) {
        scalars = Array(text.unicodeScalars)
    }

    /// Passes what the scalar begins with; false for what is not written here, such as an alias.
    mutating func begin(at mark: Mark, isPlain: Bool) -> Bool {
        place = mark
        end = mark
        guard let first = scalars.first else { return false }
        if isPlain { return first != "*" && first != "&" && first != "!" }
        switch first {
        case "'", "\"":
            style = first == "'" ? .single : .double
            step()
            return true
        case "|", ">":
            style = .block
            // The rest of its line says how it is read.
            while index < scalars.count, scalars[index] != "\n" { step() }
            return true
        default: return false
        }
    }

    /// The next one that is no blank: what it stands for, nil for an escape, and where it is written.
    mutating func next() -> (scalar: Unicode.Scalar?, mark: Mark)? {
        while index < scalars.count {
            let (scalar, mark) = (scalars[index], place)
            step()
            if scalar.isBlank { continue }
            if style == .double, scalar == "\\" {
                guard index < scalars.count else { return nil }
                let escape = scalars[index]
                step()
                // Those that stand for blanks.
                if escape.isBlank || "0abtnvfreNLP_".unicodeScalars.contains(escape) { continue }
                for _ in 0..<(["x": 2, "u": 4, "U": 8][escape] ?? 0) where index < scalars.count { step() }
                end = place
                return (nil, mark)
            }
            // Written twice, it stands for one.
            if style == .single, scalar == "'" {
                guard index < scalars.count, scalars[index] == "'" else { return nil }
                step()
            }
            end = place
            return (scalar, mark)
        }
        return nil
    }

    private mutating func step() {
        let isBreak = scalars[index] == "\n"
        place = Mark(line: place.line + (isBreak ? 1 : 0), column: isBreak ? 1 : place.column + 1)
        index += 1
    }
}

extension Unicode.Scalar {
    /// What folding may move, and the escapes of a double quoted text that are passed over with it.
    fileprivate var isBlank: Bool { properties.isWhitespace || value < 0x20 }
}
