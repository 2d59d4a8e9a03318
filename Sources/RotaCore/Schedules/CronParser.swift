/// Reads a cron pattern, and tells the first fault with its column.
struct CronParser {
    /// A piece of the text with the column at which it begins, from 1.
    private struct Piece {
        var text: String
        var column: Int
    }

    /// More than any pattern needs: every minute written out has fewer.
    private static let longest = 512

    private static let nicknames = [
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
        "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
    ]

    private static let example = "write minute, hour, day of month, month, day of week: 0 3 * * 1-5"

    private let text: String

    init(_ text: String) {
        self.text = text
    }

    func pattern() throws(CronFault) -> Cron {
        guard text.unicodeScalars.count <= Self.longest else {
            throw CronFault(
                message: "the pattern has more than \(Self.longest) characters", column: 1, hint: Self.example)
        }
        let pieces = Self.split(Piece(text: text, column: 1)) { $0 == " " || $0 == "\t" }
            .filter { !$0.text.isEmpty }
        guard let first = pieces.first else {
            throw CronFault(message: "the pattern is empty", column: 1, hint: Self.example)
        }
        if first.text.hasPrefix("@") { return try nickname(first, alone: pieces.count == 1) }
        guard pieces.count == CronField.allCases.count else { throw wrongCount(pieces) }
        return try cron(pieces, description: pieces.map(\.text).joined(separator: " "))
    }

    private func cron(_ pieces: [Piece], description: String) throws(CronFault) -> Cron {
        var sets: [CronField: CronSet] = [:]
        for (field, piece) in zip(CronField.allCases, pieces) { sets[field] = try set(piece, field) }
        return Cron(fields: sets, texts: pieces.map(\.text), description: description)
    }

    private func wrongCount(_ pieces: [Piece]) -> CronFault {
        let count = pieces.count
        let fields = count == 1 ? "is 1" : "are \(count)"
        if count > 5 {
            return CronFault(
                message: "a cron pattern has five fields, and here \(fields)", column: pieces[5].column,
                hint: "leave out seconds and years: \(Self.example)")
        }
        let missing = CronField.allCases[count...].map(\.title).joined(separator: ", ")
        return CronFault(
            message: "a cron pattern has five fields, and here \(fields): there is no \(missing)",
            column: text.unicodeScalars.count + 1, hint: Self.example)
    }

    private func nickname(_ piece: Piece, alone: Bool) throws(CronFault) -> Cron {
        let name = piece.text.lowercased()
        let known = Self.nicknames.keys.sorted()
        guard alone else {
            throw CronFault(
                message: "nothing may follow a nickname", column: piece.column, hint: "write \(name) alone")
        }
        guard name != "@reboot" else {
            throw CronFault(
                message: "'@reboot' is no time: a restart never runs a policy", column: piece.column,
                hint: "write one of \(known.joined(separator: ", "))")
        }
        guard let pattern = Self.nicknames[name] else {
            throw CronFault(
                message: "there is no nickname '\(abridged(piece.text))'", column: piece.column,
                hint: nearest(to: name, among: known).map { "did you mean '\($0)'?" }
                    ?? "write one of \(known.joined(separator: ", "))")
        }
        return try cron(Self.split(Piece(text: pattern, column: 1)) { $0 == " " }, description: name)
    }

    // MARK: - One field

    private func set(_ piece: Piece, _ field: CronField) throws(CronFault) -> CronSet {
        var set = CronSet()
        for item in Self.split(piece, where: { $0 == "," }) {
            guard !item.text.isEmpty else {
                throw CronFault(
                    message: "a value is missing in the \(field.title)", column: item.column,
                    hint: "write the values with one comma between two")
            }
            let (range, step) = try range(item, field)
            for value in stride(from: range.lowerBound, through: range.upperBound, by: Int(step)) {
                set.insert(field == .dayOfWeek && value == 7 ? 0 : value)
            }
        }
        return set
    }

    /// `*`, `5`, `1-5`, and the first and the last of these with `/2`.
    private func range(_ item: Piece, _ field: CronField) throws(CronFault) -> (ClosedRange<Int64>, step: Int64) {
        let parts = Self.split(item) { $0 == "/" }
        guard parts.count <= 2 else {
            throw CronFault(
                message: "'\(abridged(item.text))' has two steps", column: parts[2].column - 1, hint: "write one")
        }
        let base = parts[0]
        let step = parts.count == 2 ? try step(parts[1], of: base, field) : 1
        if base.text == "*" { return (field.everything, step) }
        let ends = Self.split(base) { $0 == "-" }
        guard ends.count <= 2 else {
            throw CronFault(
                message: "'\(abridged(base.text))' has two dashes", column: ends[2].column - 1,
                hint: "write a range as \(field.range.lowerBound)-\(field.range.upperBound)")
        }
        let first = try value(ends[0], field)
        guard ends.count == 2 else {
            guard parts.count == 1 else {
                throw CronFault(
                    message: "a step needs a range or '*' before it", column: base.column,
                    hint: "write \(first)-\(field.everything.upperBound)/\(step), or \(first) alone")
            }
            return (first...first, 1)
        }
        let last = try value(ends[1], field)
        guard first <= last else {
            let most = field.everything.upperBound
            let least = field.everything.lowerBound
            throw CronFault(
                message: "the range '\(abridged(base.text))' runs backwards", column: base.column,
                hint: field == .dayOfWeek && last == 0
                    ? "write \(first)-7: 7 is Sunday too"
                    : "write \(first)-\(most),\(least)-\(last)")
        }
        return (first...last, step)
    }

    private func step(_ piece: Piece, of base: Piece, _ field: CronField) throws(CronFault) -> Int64 {
        guard !base.text.isEmpty else {
            throw CronFault(
                message: "a step needs a range or '*' before it", column: base.column,
                hint: "write */\(abridged(piece.text))")
        }
        let most = field.everything.upperBound
        guard let step = Self.number(piece.text) else {
            throw CronFault(
                message: "the step '\(abridged(piece.text))' is no number", column: piece.column,
                hint: "write a number from 1 to \(most)")
        }
        guard step >= 1, step <= most else {
            throw CronFault(
                message: step == 0
                    ? "a step of 0 leads nowhere" : "a step of \(abridged(piece.text)) is beyond the \(field.title)",
                column: piece.column,
                hint: step == 0 ? "write a number from 1 to \(most)" : beyond(field))
        }
        return step
    }

    /// What somebody may mean who steps further than the field is long.
    private func beyond(_ field: CronField) -> String {
        switch field {
        case .minute: "write */15 for every quarter of an hour; or use 'every: 90m' in place of 'cron'"
        case .hour: "write */6 for every six hours; or use 'every: 36h' in place of 'cron'"
        default: "write a number from 1 to \(field.everything.upperBound)"
        }
    }

    private func value(_ piece: Piece, _ field: CronField) throws(CronFault) -> Int64 {
        if let index = field.names.firstIndex(of: piece.text.uppercased()) {
            return field.range.lowerBound + Int64(index)
        }
        guard let number = Self.number(piece.text) else { throw noValue(piece, field) }
        guard field.range.contains(number) else {
            throw CronFault(
                message: "\(abridged(piece.text)) is no \(field.title)", column: piece.column,
                hint: "write \(field.allowed)")
        }
        return number
    }

    private func noValue(_ piece: Piece, _ field: CronField) -> CronFault {
        let foreign = ["?": "write *", "L": "list the days, or use a day that every month has"]
        let shown =
            piece.text.isEmpty
            ? "a value is missing in the \(field.title)" : "'\(abridged(piece.text))' is no \(field.title)"
        let near = nearest(to: String(piece.text.prefix(3)), among: field.names)
        let hint =
            foreign[piece.text.uppercased()]
            ?? (piece.text.contains("#") || piece.text.uppercased().hasSuffix("W")
                ? "'#', 'L' and 'W' are not in this dialect: write \(field.allowed)" : nil)
            ?? (piece.text.count >= 3 ? near.map { "did you mean '\($0)'?" } : nil)
            ?? "write \(field.allowed)"
        return CronFault(message: shown, column: piece.column, hint: hint)
    }

    // MARK: - Helpers

    /// Decimal digits, few enough to be any value at all; nil for anything else.
    private static func number(_ text: String) -> Int64? {
        guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int64(text)
    }

    /// The pieces between separators, empty ones included.
    private static func split(_ piece: Piece, where isSeparator: (Unicode.Scalar) -> Bool) -> [Piece] {
        var pieces = [Piece(text: "", column: piece.column)]
        for (index, scalar) in piece.text.unicodeScalars.enumerated() {
            if isSeparator(scalar) {
                pieces.append(Piece(text: "", column: piece.column + index + 1))
            } else {
                pieces[pieces.count - 1].text.unicodeScalars.append(scalar)
            }
        }
        return pieces
    }
}
