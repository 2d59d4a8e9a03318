import RotaCore

/// What is wrong with a text that is no duration, and how it should be written.
struct DurationFault {
    var message: String
    var hint: String

    init(of text: String) {
        let trimmed = text.filter { $0 != " " && $0 != "_" }.lowercased()
        let shown = abridged(text, to: 40)
        if trimmed.hasPrefix("-") {
            message = "a duration cannot be negative"
            hint = TimeSpan(trimmed.dropFirst()).map { "write \($0)" } ?? DurationFault.advice
            return
        }
        let digits = trimmed.prefix { $0.isASCII && $0.isNumber }
        let unit = String(trimmed.dropFirst(digits.count))
        message = "'\(shown)' is not a duration"
        if digits.isEmpty, let span = DurationFault.standard(trimmed) {
            hint = "write \(span)"
        } else if digits.isEmpty {
            hint = DurationFault.advice
        } else if DurationFault.isTooLong(trimmed) {
            message = "'\(shown)' is longer than a hundred years"
            hint = "write at most \(TimeSpan.longest)"
        } else if unit.isEmpty {
            message = "'\(shown)' has no unit"
            hint = "write \(digits)d for days; the units are w, d, h, m and s"
        } else if text.last == "M", unit == "m", let count = Int64(digits), count <= 100 {
            // Months to whoever writes it, and a large letter is no slip for minutes.
            message = "'\(shown)' is not a duration: 'm' is minutes, and a month has no fixed length"
            hint = "write \(count * 30)d for months, or \(digits)m for minutes"
        } else if let letter = DurationFault.units[unit] {
            hint = "write \(digits)\(letter)"
        } else if let days = DurationFault.calendarUnits[unit], let count = Int64(digits), count <= 100 {
            message = "'\(shown)' has no fixed length"
            hint = "write \(count * days)d"
        } else {
            let isFraction = unit.first == "." && unit.dropFirst().first?.isNumber == true
            hint = isFraction ? "write whole numbers, as in 1d12h for one and a half days" : DurationFault.advice
        }
    }

    private static let advice = "write a duration such as 90d, 24h, 30m or 1d12h, the largest unit first"

    private static let units: [String: String] = [
        "d": "d", "day": "d", "days": "d", "h": "h", "hr": "h", "hrs": "h", "hour": "h", "hours": "h",
        "m": "m",
        "min": "m", "mins": "m", "minute": "m", "minutes": "m", "s": "s", "sec": "s", "secs": "s",
        "second": "s",
        "seconds": "s", "w": "w", "week": "w", "weeks": "w",
    ]

    private static let calendarUnits: [String: Int64] = [
        "mo": 30, "month": 30, "months": 30, "y": 365, "yr": 365, "year": 365, "years": 365,
    ]

    /// `P90D` and `PT12H` as ISO 8601 has them, but for months and years, which have no fixed length.
    private static func standard(_ text: String) -> TimeSpan? {
        guard text.hasPrefix("p") else { return nil }
        let parts = text.dropFirst().split(separator: "t", maxSplits: 1, omittingEmptySubsequences: false)
        guard let days = parts.first, !days.contains("m") else { return nil }
        return TimeSpan(parts.joined())
    }

    /// Well formed, but beyond the longest span.
    private static func isTooLong(_ text: String) -> Bool {
        // With every number cut down to one digit it is a duration, so only the numbers were too large.
        var cut = ""
        for character in text where !(character.isNumber && cut.last?.isNumber == true) {
            cut.append(character.isNumber ? "1" : character)
        }
        return TimeSpan(text) == nil && TimeSpan(cut) != nil
    }
}
