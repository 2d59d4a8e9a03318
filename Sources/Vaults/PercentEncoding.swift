import Crypto
import Engine

extension PercentEncoding {
    /// A path with each part encoded.
    ///
    /// Throws `rejected` for empty parts, for `.` and `..`, which servers and proxies resolve away, and for
    /// control characters.
    static func encode(path: String) throws(VaultError) -> String {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard path.utf8.count <= 1024 else {
            throw VaultError(.rejected, "the path is longer than 1024 bytes")
        }
        for part in parts {
            guard !part.isEmpty, part != ".", part != ".." else {
                throw VaultError(
                    .rejected, "the path '\(path)' has an empty part, '.' or '..'; write it like 'app/db'")
            }
            guard !part.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
                throw VaultError(.rejected, "the path holds a control character")
            }
        }
        return parts.map { encode($0) }.joined(separator: "/")
    }
}
