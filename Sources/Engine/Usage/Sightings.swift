/// The first different texts that were seen, up to a number of them: addresses, agents, scopes.
///
/// They come from strangers, so they are cut to a length, and what could disturb a terminal or a log is
/// replaced.
package struct Sightings: Hashable, Sendable {
    /// In the order in which they were first seen; none is empty or holds a control character.
    package private(set) var texts: [String]
    /// There were others, which are not kept.
    package private(set) var more: Bool

    package init() {
        texts = []
        more = false
    }

    /// What was kept before, as it was.
    package init(texts: [String], more: Bool) {
        self.texts = texts
        self.more = more
    }

    package var isEmpty: Bool { texts.isEmpty }

    /// - parameters:
    ///   - count: how many texts are kept.
    ///   - length: how many bytes of one.
    package mutating func add(_ text: String, count: Int, length: Int) {
        // Nearly always one that is known.
        if text.isEmpty || texts.contains(text) { return }
        let clean = Self.clean(text, length: length)
        if clean.isEmpty || texts.contains(clean) { return }
        if texts.count < count { texts.append(clean) } else { more = true }
    }

    package mutating func merge(_ other: Sightings, count: Int) {
        for text in other.texts where !texts.contains(text) {
            if texts.count < count { texts.append(text) } else { more = true }
        }
        if other.more { more = true }
    }

    private static func clean(_ text: String, length: Int) -> String {
        if text.utf8.count <= length, text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text }
        var clean = ""
        for scalar in text.unicodeScalars {
            let shown: Unicode.Scalar = isHarmless(scalar) ? scalar : "?"
            guard clean.utf8.count + UTF8.width(shown) <= length else { break }
            clean.unicodeScalars.append(shown)
        }
        return clean
    }

    /// Neither a control character, nor one that turns or breaks the line.
    private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate: false
        default: true
        }
    }
}
