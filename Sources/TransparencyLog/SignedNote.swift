package import Crypto

/// A text with signatures under it (C2SP signed-note).
package struct SignedNote: Hashable, Sendable {
    /// One line under the text.
    package struct Signature: Hashable, Sendable {
        package var name: String
        /// The key's id, and what it made.
        package var keyID: [UInt8]
        package var bytes: [UInt8]
    }

    /// With the line end of its last line.
    package var text: String
    package var signatures: [Signature]

    /// Longer ones are none of ours.
    private static let longest = 1_000_000
    private static let dash = "\u{2014} "

    /// Reads one; nil for what is no note. Whose signatures they are is another question.
    package init?(_ note: String) {
        guard note.utf8.count <= Self.longest, note.hasSuffix("\n"),
            note.unicodeScalars.allSatisfy({ $0.value >= 0x20 || $0 == "\n" })
        else { return nil }
        var lines = note.split(separator: "\n", omittingEmptySubsequences: false)
        lines.removeLast()
        guard let blank = lines.lastIndex(of: ""), blank > 0, blank < lines.count - 1 else { return nil }
        text = lines[..<blank].map { "\($0)\n" }.joined()
        signatures = []
        for line in lines[(blank + 1)...] {
            guard line.hasPrefix(Self.dash) else { return nil }
            let parts = line.dropFirst(Self.dash.count).split(separator: " ", omittingEmptySubsequences: false)
            guard parts.count == 2, NoteKey.isName(String(parts[0])),
                let bytes = Base64.standard.decode(String(parts[1])), bytes.count > 4
            else { return nil }
            signatures.append(
                Signature(name: String(parts[0]), keyID: Array(bytes[..<4]), bytes: Array(bytes[4...])))
        }
    }

    /// Signs a text, which ends with a line end.
    package init(signing text: String, by signer: NoteSigner) { self.init(signing: text, by: [signer]) }

    package init(signing text: String, by signers: [NoteSigner]) {
        self.text = text
        signatures = signers.map { $0.signature(of: text) }
    }

    package var serialized: String {
        let lines = signatures.map { signature in
            "\(Self.dash)\(signature.name) \(Base64.standard.encode(signature.keyID + signature.bytes))\n"
        }
        return text + "\n" + lines.joined()
    }

    /// Whether one of its signatures is this key's. One that says so and is wrong makes the note bad.
    package func isSigned(by key: NoteKey) -> Bool {
        let claimed = signatures.filter { $0.name == key.name && $0.keyID == key.id }
        return !claimed.isEmpty
            && claimed.allSatisfy { Ed25519.isValid($0.bytes, of: Array(text.utf8), publicKey: key.publicKey) }
    }
}

/// The public half of a key that signs notes: `NAME+ID+KEY`.
package struct NoteKey: Hashable, Sendable {
    package let name: String
    let publicKey: [UInt8]
    /// The first four bytes of a digest of name and key.
    let id: [UInt8]

    /// Ed25519, as the C2SP counts kinds of signatures.
    fileprivate static let kind: UInt8 = 1

    init(name: String, publicKey: [UInt8]) {
        self.name = name
        self.publicKey = publicKey
        id = Array(SHA256.digest(of: Array("\(name)\n".utf8) + [Self.kind] + publicKey)[..<4])
    }

    /// Reads one; nil for what is none, or has another kind of key.
    package init?(_ text: String) {
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, Self.isName(parts[0]), let key = Base64.standard.decode(parts[2]),
            key.count == 1 + Ed25519.seedBytes, key[0] == Self.kind
        else { return nil }
        self.init(name: parts[0], publicKey: Array(key[1...]))
        guard Hex.encode(id) == parts[1] else { return nil }
    }

    package var text: String { "\(name)+\(Hex.encode(id))+\(Base64.standard.encode([Self.kind] + publicKey))" }

    /// Whether a text can be the name of a key.
    package static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0 != "+" && !$0.properties.isWhitespace }
    }
}

/// A key that signs notes: `PRIVATE+KEY+NAME+ID+SEED`, as Go's `sumdb/note` writes it.
package struct NoteSigner: Sendable {
    package let key: NoteKey
    private let seed: Secret

    private static let prefix = "PRIVATE+KEY+"

    /// Makes one of 32 random bytes; nil for what cannot be a name.
    package init?(name: String, seed: Secret) {
        guard NoteKey.isName(name), let publicKey = Ed25519.publicKey(seed: seed) else { return nil }
        key = NoteKey(name: name, publicKey: publicKey)
        self.seed = seed
    }

    /// Reads one; nil for what is none.
    package init?(_ secret: Secret) {
        let parts = secret.split(at: UInt8(ascii: "+"), most: 5)
        guard parts.count == 5, parts[0].isEqual(to: Array("PRIVATE".utf8)), parts[1].isEqual(to: Array("KEY".utf8)),
            let key = Base64.standard.decode(parts[4]), key.count == 1 + Ed25519.seedBytes,
            key.withSpan({ $0[0] }) == NoteKey.kind,
            let signer = NoteSigner(
                name: String(decoding: parts[2].copyBytes(), as: UTF8.self), seed: key.dropFirst(1)),
            Array(Hex.encode(signer.key.id).utf8) == parts[3].copyBytes()
        else { return nil }
        self = signer
    }

    /// As it is kept in a file.
    package var text: Secret {
        let head = "\(Self.prefix)\(key.name)+\(Hex.encode(key.id))+"
        return .joining(
            Secret(utf8: head), Base64.standard.encode(.joining(Secret(copying: [NoteKey.kind]), seed)))
    }

    /// A key for something else, which tells nothing of this one: HMAC-SHA-256 of what it is for.
    package func derivedKey(for purpose: String) -> [UInt8] {
        HMAC.sha256(key: seed, message: Array(purpose.utf8))
    }

    fileprivate func signature(of text: String) -> SignedNote.Signature {
        let bytes = Ed25519.sign(Array(text.utf8), seed: seed)
        return SignedNote.Signature(name: key.name, keyID: key.id, bytes: bytes)
    }
}
