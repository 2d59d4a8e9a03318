import Crypto

/// What the signature beside a report says: of which bytes, and what the audit log was when they were made.
///
/// The text of a signed note, one fact in a line. Its first line is no log's name, so that it never passes for a
/// checkpoint.
package struct ReportStatement: Hashable, Sendable {
    private static let head = "rota report v1"
    private static let longest = 255

    /// SHA-256 of the file.
    package var digest: [UInt8]
    /// How long the file is, in bytes.
    package var bytes: Int
    /// Such as `html`.
    package var format: String
    /// RFC 3339.
    package var madeAt: String
    package var log: Checkpoint

    package init(digest: [UInt8], bytes: Int, format: String, madeAt: String, log: Checkpoint) {
        self.digest = digest
        self.bytes = bytes
        self.format = format
        self.madeAt = madeAt
        self.log = log
    }

    package var text: String {
        """
        \(Self.head)
        sha256 \(Hex.encode(digest))
        bytes \(bytes)
        format \(format)
        made \(madeAt)
        log \(log.origin)
        entries \(log.size)
        root \(log.root.base64)

        """
    }

    /// Reads the text of a note; nil for what says nothing of a report.
    package init?(_ text: String) {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        guard lines.popFirst() == Self.head[...] else { return nil }
        func fact(_ name: String) -> String? {
            guard let line = lines.popFirst(), line.hasPrefix("\(name) "), line.utf8.count <= Self.longest else {
                return nil
            }
            return String(line.dropFirst(name.count + 1))
        }
        guard let digest = fact("sha256").flatMap(Hex.decode), digest.count == SHA256.count,
            let bytes = fact("bytes").flatMap({ Int($0) }), bytes >= 0, let format = fact("format"),
            let madeAt = fact("made"), let origin = fact("log"), let size = fact("entries").flatMap({ Int($0) }),
            size >= 0, let root = fact("root").flatMap({ TreeHash(base64: $0[...]) }), lines == [""]
        else { return nil }
        self.init(
            digest: digest, bytes: bytes, format: format, madeAt: madeAt,
            log: Checkpoint(origin: origin, size: size, root: root))
        // One way to write each: what was signed is these very bytes.
        guard self.text == text else { return nil }
    }
}
