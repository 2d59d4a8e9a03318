package import RotaCore

/// A piece of HTML that is also well-formed XML. A literal is taken as it stands; a text that is put into one
/// is escaped, so that no name, cause or description can become an element, an attribute or a script.
package struct Markup: Sendable, ExpressibleByStringInterpolation {
    package private(set) var bytes: [UInt8]

    package init() { bytes = [] }
    package init(stringLiteral value: String) { bytes = Array(value.utf8) }
    package init(stringInterpolation: StringInterpolation) { bytes = stringInterpolation.bytes }

    /// A text, escaped.
    package init(text: String) {
        bytes = []
        bytes.append(escaped: text)
    }

    /// A text of several lines, escaped, with its line ends: for `pre`.
    package init(lines text: String) {
        bytes = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.offset > 0 { bytes.append(0x0A) }
            bytes.append(escaped: String(line.element))
        }
    }

    package static func += (left: inout Markup, right: Markup) { left.bytes += right.bytes }

    /// Literals as they stand, and texts escaped.
    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var bytes: [UInt8] = []

        package init(literalCapacity: Int, interpolationCount: Int) {
            bytes.reserveCapacity(literalCapacity + 16 * interpolationCount)
        }

        package mutating func appendLiteral(_ literal: String) { bytes += literal.utf8 }
        package mutating func appendInterpolation(_ markup: Markup) { bytes += markup.bytes }
        package mutating func appendInterpolation(_ text: String) { bytes.append(escaped: text) }
        /// For people: `1,234`.
        package mutating func appendInterpolation(_ count: Int) { bytes += count.grouped.utf8 }
        /// For attributes: no separators.
        package mutating func appendInterpolation(at coordinate: Int) { bytes += String(coordinate).utf8 }
        package mutating func appendInterpolation(_ each: [Markup]) { for markup in each { bytes += markup.bytes } }
    }
}

extension [UInt8] {
    /// Escapes what HTML and XML take for markup, and leaves out what is invisible or reorders text.
    fileprivate mutating func append(escaped text: String) {
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": append(contentsOf: "&amp;".utf8)
            case "<": append(contentsOf: "&lt;".utf8)
            case ">": append(contentsOf: "&gt;".utf8)
            case "\"": append(contentsOf: "&quot;".utf8)
            case "'": append(contentsOf: "&#39;".utf8)
            case "\n", "\t": append(0x20)
            case let other where other.isUnseen: break
            case let other: append(contentsOf: Character(other).utf8)
            }
        }
    }
}

extension Int {
    /// `1,234,567`
    package var grouped: String {
        var digits = String(magnitude)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits = String(digits.dropLast(3))
        }
        return (self < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
    }

    /// `1 token`, `1,234 tokens`
    package func of(_ noun: String, plural: String? = nil) -> String {
        "\(grouped) \(self == 1 ? noun : plural ?? noun + "s")"
    }
}

/// `3.8 %`; never rounded to all or nothing when it is neither.
package func share(_ part: Int, of whole: Int) -> String {
    guard whole > 0 else { return "–" }
    guard part > 0, part < whole else { return part == 0 ? "0 %" : "100 %" }
    if part * 1000 < whole { return "under 0.1 %" }
    let tenths = Swift.min(999, Swift.max(1, (part * 1000 + whole / 2) / whole))
    return "\(tenths / 10).\(tenths % 10) %"
}

extension Instant {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private var dateParts: [Int] { date.split(separator: "-").compactMap { Int($0) } }

    /// `24 Nov 2026`
    package var day: String {
        let parts = dateParts
        return parts.count == 3 ? "\(parts[2]) \(Self.months[parts[1] - 1]) \(parts[0])" : date
    }

    /// `Nov`
    package var month: String { dateParts.count == 3 ? Self.months[dateParts[1] - 1] : "" }

    package var dayOfMonth: Int { dateParts.last ?? 0 }

    /// `24 Nov 2026, 03:00 UTC`
    package var minute: String {
        "\(day), \(String(decoding: utf8[11..<16], as: UTF8.self)) UTC"
    }

    /// 0 for Monday to 6 for Sunday.
    package var weekday: Int {
        let day = midnight.seconds / 86_400 + 3
        return Int((day % 7 + 7) % 7)
    }
}
