/// A pattern in which `*` stands for any run of characters, and everything else for itself.
package struct Glob: Hashable, Sendable, CustomStringConvertible {
    package let description: String
    private let parts: [[UInt8]]

    package init(_ pattern: String) {
        description = pattern
        parts = pattern.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map(
            Array.init)
    }

    /// What the text begins with, where nothing else is asked for: `svc-` of `svc-*`; nil for other patterns.
    package var prefix: String? {
        guard parts.count == 2, parts[1].isEmpty, !parts[0].isEmpty else { return nil }
        return String(decoding: parts[0], as: UTF8.self)
    }

    /// Linear in the text for each `*`, without allocation; bytes are compared, so case counts.
    package func matches(_ text: String) -> Bool {
        matches(text.utf8.span)
    }

    private func matches(_ text: Span<UInt8>) -> Bool {
        guard let first = parts.first, let last = parts.last else { return text.isEmpty }
        guard parts.count > 1 else { return text.count == first.count && text.holds(first, at: 0) }
        guard text.count >= first.count + last.count, text.holds(first, at: 0),
            text.holds(last, at: text.count - last.count)
        else { return false }
        var position = first.count
        let end = text.count - last.count
        for index in 1..<(parts.count - 1) {
            guard let found = text.position(of: parts[index], from: position, to: end) else { return false }
            position = found + parts[index].count
        }
        return true
    }
}

extension Span<UInt8> {
    /// Whether `part` stands at `position`; it must fit.
    fileprivate func holds(_ part: [UInt8], at position: Int) -> Bool {
        for index in part.indices where self[position + index] != part[index] { return false }
        return true
    }

    fileprivate func position(of part: [UInt8], from start: Int, to end: Int) -> Int? {
        guard end - start >= part.count else { return nil }
        return (start...(end - part.count)).first { holds(part, at: $0) }
    }
}
