/// A point in time: whole seconds since 1970-01-01T00:00:00Z, without leap seconds.
///
/// One unit everywhere, cut to whole seconds once: what is stored is what is compared.
package struct Instant: Hashable, Comparable, Sendable {
    /// Seconds since the epoch.
    package let seconds: Int64

    package init(seconds: Int64) {
        self.seconds = seconds
    }

    package static func < (left: Instant, right: Instant) -> Bool {
        left.seconds < right.seconds
    }

    package static func + (instant: Instant, span: TimeSpan) -> Instant {
        Instant(seconds: instant.seconds + span.seconds)
    }

    package static func - (instant: Instant, span: TimeSpan) -> Instant {
        Instant(seconds: instant.seconds - span.seconds)
    }

    /// The span from `right` to `left`; negative when `right` is later.
    package static func - (left: Instant, right: Instant) -> TimeSpan {
        TimeSpan(seconds: left.seconds - right.seconds)
    }
}

// MARK: - RFC 3339

extension Instant: CustomStringConvertible {
    /// RFC 3339 in UTC, for example `2026-11-24T03:00:00Z`.
    package var description: String {
        String(decoding: utf8, as: UTF8.self)
    }

    /// The date alone, for example `2026-11-24`.
    package var date: String {
        String(decoding: utf8.prefix(10), as: UTF8.self)
    }

    /// The bytes of `description`: twenty ASCII characters for the years 0 to 9999.
    package var utf8: [UInt8] {
        let days = seconds.flooredQuotient(86_400)
        let rest = seconds - days * 86_400
        let date = CivilDate(daysSinceEpoch: days)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(20)
        func append(_ value: Int64, digits: Int) {
            var scale: Int64 = 1
            for _ in 1..<digits { scale *= 10 }
            while scale > 0 {
                bytes.append(UInt8(48 + (value / scale) % 10))
                scale /= 10
            }
        }
        append(date.year, digits: 4)
        bytes.append(UInt8(ascii: "-"))
        append(date.month, digits: 2)
        bytes.append(UInt8(ascii: "-"))
        append(date.day, digits: 2)
        bytes.append(UInt8(ascii: "T"))
        append(rest / 3600, digits: 2)
        bytes.append(UInt8(ascii: ":"))
        append(rest / 60 % 60, digits: 2)
        bytes.append(UInt8(ascii: ":"))
        append(rest % 60, digits: 2)
        bytes.append(UInt8(ascii: "Z"))
        return bytes
    }

    /// Reads RFC 3339 (`2026-11-24T03:00:00Z`, `2026-11-24 03:00:00.5+01:00`) or a bare date
    /// (`2026-11-24`, midnight UTC). A fraction is cut off. Nil for anything else, such as 30 February.
    package init?(_ text: String) {
        let bytes = text.utf8.span
        var position = 0
        guard let year = number(4, in: bytes, at: &position), take("-", from: bytes, at: &position),
            let month = number(2, in: bytes, at: &position), take("-", from: bytes, at: &position),
            let day = number(2, in: bytes, at: &position), let date = CivilDate(year: year, month: month, day: day)
        else { return nil }
        let days = date.daysSinceEpoch
        if position == bytes.count {
            self.init(seconds: days * 86_400)
            return
        }
        guard
            take("T", from: bytes, at: &position) || take("t", from: bytes, at: &position)
                || take(" ", from: bytes, at: &position),
            let hour = number(2, in: bytes, at: &position), hour < 24, take(":", from: bytes, at: &position),
            let minute = number(2, in: bytes, at: &position), minute < 60, take(":", from: bytes, at: &position),
            let second = number(2, in: bytes, at: &position), second < 60, skipFraction(of: bytes, at: &position),
            let offset = zoneOffset(in: bytes, at: &position), position == bytes.count
        else { return nil }
        self.init(seconds: days * 86_400 + hour * 3600 + minute * 60 + second - offset)
    }
}

// Each looks at the bytes of a time from a position on, and moves it past what it took.

private func take(_ expected: Unicode.Scalar, from bytes: borrowing Span<UInt8>, at position: inout Int) -> Bool {
    guard position < bytes.count, bytes[position] == UInt8(ascii: expected) else { return false }
    position += 1
    return true
}

private func number(_ digits: Int, in bytes: borrowing Span<UInt8>, at position: inout Int) -> Int64? {
    guard position + digits <= bytes.count else { return nil }
    var value: Int64 = 0
    for index in position..<position + digits {
        let byte = bytes[index]
        guard byte >= 48, byte <= 57 else { return nil }
        value = value * 10 + Int64(byte - 48)
    }
    position += digits
    return value
}

private func skipFraction(of bytes: borrowing Span<UInt8>, at position: inout Int) -> Bool {
    guard take(".", from: bytes, at: &position) else { return true }
    let start = position
    while position < bytes.count, bytes[position] >= 48, bytes[position] <= 57 { position += 1 }
    return position > start
}

/// Seconds east of UTC.
private func zoneOffset(in bytes: borrowing Span<UInt8>, at position: inout Int) -> Int64? {
    if take("Z", from: bytes, at: &position) || take("z", from: bytes, at: &position) { return 0 }
    let sign: Int64
    if take("+", from: bytes, at: &position) {
        sign = 1
    } else if take("-", from: bytes, at: &position) {
        sign = -1
    } else {
        return nil
    }
    guard let hours = number(2, in: bytes, at: &position), hours < 24, take(":", from: bytes, at: &position),
        let minutes = number(2, in: bytes, at: &position), minutes < 60
    else { return nil }
    return sign * (hours * 3600 + minutes * 60)
}
