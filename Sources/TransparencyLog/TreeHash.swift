import Crypto

/// A hash within a Merkle tree (RFC 6962 section 2.1): 32 bytes.
package struct TreeHash: Hashable, Sendable {
    package let bytes: [UInt8]

    /// Nil for what has not 32 bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == SHA256.count else { return nil }
        self.bytes = bytes
    }

    /// As checkpoints and proofs have it; nil for what is no such hash.
    package init?(base64 text: some StringProtocol) {
        guard let bytes = Base64.standard.decode(String(text)) else { return nil }
        self.init(bytes: bytes)
    }

    package var base64: String { Base64.standard.encode(bytes) }

    private init(_ digest: [UInt8]) { bytes = digest }

    /// Of an entry: SHA-256 of a zero byte and the entry.
    package static func leaf(_ entry: String) -> TreeHash {
        var input: [UInt8] = [0]
        input.reserveCapacity(entry.utf8.count + 1)
        input += entry.utf8
        return TreeHash(SHA256.digest(of: input))
    }

    /// Of two halves: SHA-256 of a byte that is one, and both.
    package static func node(_ left: TreeHash, _ right: TreeHash) -> TreeHash {
        TreeHash(SHA256.digest(of: [1] + left.bytes + right.bytes))
    }

    /// Of a tree without entries.
    package static let empty = TreeHash(SHA256.digest(of: [UInt8]()))
}
