extension Value {
    /// Reads `1h30m`, `-1.5h`, `100ms`, `0`: numbers with a unit each, from h down to ns; nil for anything else, and
    /// beyond 292 years.
    static func nanoseconds(from text: String) -> Int64? {
        var rest = Array(text.utf8)[...]
        var isNegative = false
        if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            isNegative = sign == UInt8(ascii: "-")
            rest = rest.dropFirst()
        }
        if rest == [UInt8(ascii: "0")] { return 0 }
        guard !rest.isEmpty else { return nil }
        var total: Int128 = 0
        while !rest.isEmpty {
            let whole = rest.prefix { $0.isDigit }
            rest = rest.dropFirst(whole.count)
            var fraction = rest.prefix(0)
            if rest.first == UInt8(ascii: ".") {
                rest = rest.dropFirst()
                fraction = rest.prefix { $0.isDigit }
                rest = rest.dropFirst(fraction.count)
            }
            guard whole.count + fraction.count > 0, let unit = takeUnit(from: &rest) else { return nil }
            // Twenty digits are more than the longest span has in its smallest unit.
            guard whole.count <= 20 else { return nil }
            // Digits beyond these are worth less than a nanosecond.
            let digits = fraction.prefix(15)
            let scale = digits.reduce(Int128(1)) { scale, _ in scale * 10 }
            total += number(whole) * unit + number(digits) * unit / scale
            guard total <= Int128(Int64.max) + 1 else { return nil }
        }
        return Int64(exactly: isNegative ? -total : total)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int128 {
        digits.reduce(0) { $0 * 10 + Int128($1 - UInt8(ascii: "0")) }
    }

    /// In nanoseconds.
    private static func takeUnit(from rest: inout ArraySlice<UInt8>) -> Int128? {
        let units: [(String, Int128)] = [
            ("ns", 1), ("us", 1000), ("µs", 1000), ("μs", 1000), ("ms", 1_000_000), ("h", 3_600_000_000_000),
            ("m", 60_000_000_000), ("s", 1_000_000_000),
        ]
        for (name, length) in units where rest.starts(with: name.utf8) {
            rest = rest.dropFirst(name.utf8.count)
            return length
        }
        return nil
    }

    /// In seconds: `5400s`, `-0.500s`.
    static func text(ofDuration span: Int64) -> String {
        let (seconds, rest) = span.magnitude.quotientAndRemainder(dividingBy: UInt64(nanosecondsPerSecond))
        return "\(span < 0 ? "-" : "")\(seconds)\(fraction(of: rest))s"
    }

    /// With its dot and three, six or nine digits, as protobuf writes them; nothing for a whole second.
    static func fraction(of nanoseconds: UInt64) -> String {
        guard nanoseconds > 0 else { return "" }
        let digits = String(nanoseconds + UInt64(nanosecondsPerSecond)).dropFirst()
        var text = "." + digits
        while text.hasSuffix("000") { text.removeLast(3) }
        return text
    }
}

extension Timestamp {
    /// Reads RFC 3339: `2026-11-24T03:00:00.5+01:00`; nil for anything else, and outside of the years 1 to 9999.
    init?(_ text: String) {
        var scanner = Digits(rest: Array(text.utf8)[...])
        guard let year = scanner.number(4, 1...9999), scanner.take("-"),
            let month = scanner.number(2, 1...12), scanner.take("-"),
            let day = scanner.number(2, 1...Day.count(inMonth: month, of: year)), scanner.take("T"),
            let hour = scanner.number(2, 0...23), scanner.take(":"), let minute = scanner.number(2, 0...59),
            scanner.take(":"), let second = scanner.number(2, 0...59), let fraction = scanner.fraction(),
            let offset = scanner.take("Z") ? 0 : scanner.offset(), scanner.rest.isEmpty
        else { return nil }
        let days = Day(year: year, month: month, day: day).number
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset
        guard Self.range.contains(seconds) else { return nil }
        self.init(seconds: seconds, nanoseconds: Int32(fraction))
    }

    /// RFC 3339 in UTC.
    var text: String {
        let day = Day(number: seconds.dividedDown(by: 86_400))
        let rest = seconds - day.number * 86_400
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let year = String(repeating: "0", count: max(0, 4 - String(day.year).count)) + String(day.year)
        let date = "\(year)-\(two(day.month))-\(two(day.day))"
        let time = "\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60))"
        return "\(date)T\(time)\(Value.fraction(of: UInt64(nanoseconds)))Z"
    }

    /// A part of the date or the clock, as a zone has it then. Months, days of the month and of the year count from 0,
    /// only `getDate` from 1; Sunday is 0. Nil for a function that asks for something else.
    func field(_ function: Function, offset: Environment.ZoneOffset) -> Int64? {
        let local = seconds + offset(seconds)
        let number = local.dividedDown(by: 86_400)
        let rest = local - number * 86_400
        switch function {
        case .hours: return rest / 3600
        case .minutes: return rest / 60 % 60
        case .seconds: return rest % 60
        case .milliseconds: return Int64(nanoseconds) / 1_000_000
        case .dayOfWeek: return (number % 7 + 11) % 7
        case .fullYear, .month, .date, .dayOfMonth, .dayOfYear: break
        default: return nil
        }
        let day = Day(number: number)
        switch function {
        case .fullYear: return day.year
        case .month: return day.month - 1
        case .date: return day.day
        case .dayOfMonth: return day.day - 1
        default: return number - Day(year: day.year, month: 1, day: 1).number
        }
    }
}

/// How far a zone is ahead of UTC: `UTC`, a fixed one such as `+02:00` or `-3:30`, or one that `named` knows.
func zoneOffset(_ name: String, _ named: (String) -> Environment.ZoneOffset?) -> Environment.ZoneOffset? {
    if name == "UTC" { return { _ in 0 } }
    var scanner = Digits(rest: Array(name.utf8)[...])
    if let first = name.utf8.first, first.isDigit || first == UInt8(ascii: "+") || first == UInt8(ascii: "-") {
        let offset = first.isDigit ? scanner.clock() : scanner.offset()
        guard let offset, scanner.rest.isEmpty else { return nil }
        return { _ in offset }
    }
    return named(name)
}

/// Takes numbers of fixed length from the beginning of a text.
private struct Digits {
    var rest: ArraySlice<UInt8>

    mutating func take(_ sign: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: sign) else { return false }
        rest = rest.dropFirst()
        return true
    }

    mutating func number(_ count: Int, _ range: ClosedRange<Int64>) -> Int64? {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy(\.isDigit) else { return nil }
        rest = rest.dropFirst(count)
        let value = digits.reduce(Int64(0)) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
        return range.contains(value) ? value : nil
    }

    /// Of a second, in nanoseconds: up to nine digits after a dot, or nothing.
    mutating func fraction() -> Int64? {
        guard take(".") else { return 0 }
        let digits = rest.prefix { $0.isDigit }
        guard (1...9).contains(digits.count) else { return nil }
        rest = rest.dropFirst(digits.count)
        let value = digits.reduce(Int64(0)) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
        return (digits.count..<9).reduce(value) { value, _ in value * 10 }
    }

    /// `+02:00`, in seconds.
    mutating func offset() -> Int64? {
        let isWest = take("-")
        guard isWest || take("+"), let clock = clock() else { return nil }
        return isWest ? -clock : clock
    }

    /// `02:00`, in seconds.
    mutating func clock() -> Int64? {
        guard let hours = number(2, 0...23), take(":"), let minutes = number(2, 0...59) else { return nil }
        return hours * 3600 + minutes * 60
    }
}
