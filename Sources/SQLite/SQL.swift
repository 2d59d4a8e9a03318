/// The text of a statement, hashed once: to hash a long one again each time takes longer than to run many a
/// statement.
package struct SQL: Hashable, Sendable {
    package let text: String
    private let digest: Int

    package init(_ text: String) {
        self.text = text
        digest = text.hashValue
    }

    /// Comparing a text with itself looks at no character of it.
    package static func == (left: Self, right: Self) -> Bool {
        left.digest == right.digest && left.text == right.text
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(digest) }
}
