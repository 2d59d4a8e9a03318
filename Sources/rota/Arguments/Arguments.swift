import RotaCore

/// The options and operands of a command line, and their typed readings.
struct Arguments: Sendable {
    var values: [String: [String]] = [:]
    var operands: [String] = []

    func has(_ name: String) -> Bool { values[name] != nil }
    func value(_ name: String) -> String? { values[name]?.last }
    func all(_ name: String) -> [String] { values[name] ?? [] }

    /// A time such as `2026-11-24T03:00:00Z`.
    func instant(_ name: String) throws(Failure) -> Instant? {
        guard let text = value(name) else { return nil }
        guard let instant = Instant(text) else {
            throw .usage(
                "--\(name): '\(printable(text))' is not a time",
                hint: "write 2026-11-24T03:00:00Z, or 2026-11-24 for midnight UTC")
        }
        return instant
    }

    /// A length of time such as `90d`.
    func span(_ name: String) throws(Failure) -> TimeSpan? {
        guard let text = value(name) else { return nil }
        guard let span = TimeSpan(text) else {
            throw .usage(
                "--\(name): '\(printable(text))' is not a length of time",
                hint: "write 90d, 24h, 30m, 45s, or a sum such as 1d12h")
        }
        return span
    }

    /// A time, or a length of time from `now`.
    func instant(_ name: String, orSpanFrom now: Instant) throws(Failure) -> Instant? {
        guard let text = value(name) else { return nil }
        if let span = TimeSpan(text) { return now + span }
        if let instant = Instant(text) { return instant }
        throw .usage(
            "--\(name): '\(printable(text))' is neither a time nor a length of time",
            hint: "write 2027-01-31, 2027-01-31T12:00:00Z, or 90d from now")
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(Failure) -> Int? {
        guard let text = value(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            let wanted =
                range.upperBound == Int.max
                ? "of at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
            throw .usage("--\(name): '\(printable(text))' is not a whole number \(wanted)")
        }
        return number
    }

    /// One of the words of an enumeration.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, of type: Choice.Type
    ) throws(Failure) -> Choice? where Choice.RawValue == String {
        guard let text = value(name) else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        let words = Choice.allCases.map(\.rawValue)
        throw .usage(
            "--\(name): '\(printable(text))' is none of \(words.joined(separator: ", "))",
            hint: nearest(to: text, among: words).map { "did you mean '\($0)'?" }
                ?? words.first.map { "write one of these, such as --\(name) \($0)" })
    }

    /// Repeated `key=value` options as a dictionary.
    func pairs(_ name: String) throws(Failure) -> [String: String] {
        var pairs: [String: String] = [:]
        for text in all(name) {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let key = parts.first, !key.isEmpty else {
                throw .usage(
                    "--\(name): '\(printable(text))' has no '='", hint: "write --\(name) env=production")
            }
            guard pairs.updateValue(String(parts[1]), forKey: String(key)) == nil else {
                throw .usage("--\(name): '\(printable(String(key)))' is given twice")
            }
        }
        return pairs
    }
}
