/// A length of time in whole seconds; a day is 86,400 of them.
package struct TimeSpan: Hashable, Comparable, Sendable {
    package let seconds: Int64

    package init(seconds: Int64) {
        self.seconds = seconds
    }

    package static let zero = TimeSpan(seconds: 0)

    package static func days(_ count: Int64) -> TimeSpan { TimeSpan(seconds: count * 86_400) }
    package static func minutes(_ count: Int64) -> TimeSpan { TimeSpan(seconds: count * 60) }
    package static func hours(_ count: Int64) -> TimeSpan { TimeSpan(seconds: count * 3600) }

    /// The longest span that a policy may name: a hundred years. Beyond it, it is a slip of the pen.
    package static let longest = TimeSpan.days(36_500)

    package static func < (left: TimeSpan, right: TimeSpan) -> Bool { left.seconds < right.seconds }
    package static func + (left: TimeSpan, right: TimeSpan) -> TimeSpan {
        TimeSpan(seconds: left.seconds + right.seconds)
    }
    package static func - (left: TimeSpan, right: TimeSpan) -> TimeSpan {
        TimeSpan(seconds: left.seconds - right.seconds)
    }
}

extension TimeSpan: CustomStringConvertible {
    /// Reads `90d`, `24h`, `30m`, `45s`, `2w`, and sums such as `1d12h`, largest unit first.
    /// Nil for anything else, for a negative span, and beyond `longest`.
    package init?(_ text: some StringProtocol) {
        let units: [(UInt8, Int64)] = [
            (UInt8(ascii: "w"), 604_800), (UInt8(ascii: "d"), 86_400), (UInt8(ascii: "h"), 3600),
            (UInt8(ascii: "m"), 60), (UInt8(ascii: "s"), 1),
        ]
        var total: Int64 = 0
        var value: Int64?
        var nextUnit = 0
        for byte in text.utf8 {
            if byte >= 48, byte <= 57 {
                let grown = (value ?? 0) * 10 + Int64(byte - 48)
                guard grown <= TimeSpan.longest.seconds else { return nil }
                value = grown
                continue
            }
            guard let count = value, let unit = units[nextUnit...].firstIndex(where: { $0.0 == byte }) else {
                return nil
            }
            total += count * units[unit].1
            guard total <= TimeSpan.longest.seconds else { return nil }
            value = nil
            nextUnit = unit + 1
        }
        guard value == nil, nextUnit > 0 else { return nil }
        self.init(seconds: total)
    }

    /// The form that policies are written in: `90d`, `1d12h`, `0s`.
    package var description: String {
        guard seconds != 0 else { return "0s" }
        var rest = seconds.magnitude
        var text = seconds < 0 ? "-" : ""
        for (name, size) in [("d", UInt64(86_400)), ("h", 3600), ("m", 60), ("s", 1)] where rest >= size {
            text += "\(rest / size)\(name)"
            rest %= size
        }
        return text
    }

    /// For sentences: the two largest units, `97 days`, `1 day 4 hours`, `40 seconds`.
    package var spoken: String {
        guard seconds != 0 else { return "0 seconds" }
        let words = words(atMost: 2)
        return (seconds.magnitude >= 864_000 ? words.prefix(1) : words[...]).joined(separator: " ")
    }

    /// Beside another span in one sentence: exact enough that two which differ are not told as the same, as in
    /// `90 days and 3 hours` against `90 days`.
    package func spoken(against other: TimeSpan) -> String {
        guard self != other, (self - other).seconds.magnitude < 86_400, spoken == other.spoken else {
            return spoken
        }
        for count in 2...4 {
            let (own, others) = (words(atMost: count), other.words(atMost: count))
            guard own == others else {
                return (own.count > 1 ? [own.dropLast().joined(separator: ", "), own[own.count - 1]] : own)
                    .joined(separator: " and ")
            }
        }
        return description
    }

    /// The largest units that it has some of.
    private func words(atMost most: Int) -> [String] {
        var rest = seconds.magnitude
        var words: [String] = []
        for (name, size) in [("day", UInt64(86_400)), ("hour", 3600), ("minute", 60), ("second", 1)]
        where rest >= size && words.count < most {
            let count = rest / size
            words.append("\(count) \(name)\(count == 1 ? "" : "s")")
            rest %= size
        }
        return words
    }
}
