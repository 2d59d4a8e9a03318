/// The one document of a YAML file, read whole and within limits.
package struct Document: Sendable {
    package let root: Node

    /// How much a document may hold before it is refused.
    package struct Limits: Sendable {
        /// Bytes of text.
        package var bytes: Int
        /// Sequences and mappings inside each other, aliases expanded.
        package var depth: Int
        /// Keys and values, aliases expanded: a nest of aliases cannot blow up.
        package var nodes: Int

        package init(bytes: Int = 8 << 20, depth: Int = 48, nodes: Int = 500_000) {
            self.bytes = bytes
            self.depth = depth
            self.nodes = nodes
        }
    }

    /// Reads UTF-8 text that holds exactly one document; throws the first fault with its place.
    ///
    /// Refused besides bad syntax: none or several documents, repeated keys, keys that are no
    /// scalars, merge keys, tags outside the core schema, NUL and other control characters.
    package init(parsing bytes: [UInt8], limits: Limits = Limits()) throws(YAMLError) {
        guard bytes.count <= limits.bytes else {
            throw YAMLError(
                "the file has \(bytes.count) bytes, more than the limit of \(limits.bytes)",
                at: Mark(line: 1, column: 1))
        }
        root = try Loader.load(bytes, limits: limits)
    }

    /// Reads the UTF-8 bytes of a string.
    package init(parsing text: String, limits: Limits = Limits()) throws(YAMLError) {
        try self.init(parsing: Array(text.utf8), limits: limits)
    }
}
