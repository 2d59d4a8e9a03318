/// What a log was at one moment (C2SP tlog-checkpoint): so many entries, and the root over them.
package struct Checkpoint: Hashable, Sendable {
    /// Names the log.
    package var origin: String
    package var size: Int
    package var root: TreeHash

    package init(origin: String, size: Int, root: TreeHash) {
        self.origin = origin
        self.size = size
        self.root = root
    }

    /// Reads the text of a note; nil for what is no checkpoint.
    package init?(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        // Further lines are extensions, which say nothing of size and root.
        guard lines.count >= 4, lines.last == "", !lines[0].isEmpty, let size = Int(lines[1]), size >= 0,
            String(size) == lines[1], let root = TreeHash(base64: lines[2])
        else { return nil }
        self.init(origin: String(lines[0]), size: size, root: root)
    }

    package var text: String { "\(origin)\n\(size)\n\(root.base64)\n" }
}

/// What proves offline that an entry is in a log (C2SP tlog-proof): a file `.tlog-proof`.
package struct InclusionProof: Hashable, Sendable {
    private static let head = "c2sp.org/tlog-proof@v1"

    /// From 0.
    package var index: Int
    package var hashes: [TreeHash]
    /// The checkpoint, signed.
    package var note: SignedNote

    package init(index: Int, hashes: [TreeHash], note: SignedNote) {
        self.index = index
        self.hashes = hashes
        self.note = note
    }

    /// Reads one; nil for what is none.
    package init?(_ text: String) {
        guard let blank = text.firstRange(of: "\n\n") else { return nil }
        var lines = text[..<blank.lowerBound].split(separator: "\n", omittingEmptySubsequences: false)[...]
        guard lines.popFirst() == Self.head[...] else { return nil }
        if lines.first?.hasPrefix("extra ") == true { lines.removeFirst() }
        guard let place = lines.popFirst(), place.hasPrefix("index "), let index = Int(place.dropFirst(6)), index >= 0,
            String(index) == place.dropFirst(6), let note = SignedNote(String(text[blank.upperBound...]))
        else { return nil }
        let hashes = lines.map { TreeHash(base64: $0) }
        guard hashes.count <= 63, !hashes.contains(nil) else { return nil }
        self.init(index: index, hashes: hashes.compactMap(\.self), note: note)
    }

    package var serialized: String {
        let lines = [Self.head, "index \(index)"] + hashes.map(\.base64)
        return lines.map { "\($0)\n" }.joined() + "\n" + note.serialized
    }

    /// Whether it shows that this entry is in a log that one of the keys has signed.
    package func shows(_ entry: String, by keys: [NoteKey]) -> Bool {
        guard let checkpoint = Checkpoint(note.text), keys.contains(where: { note.isSigned(by: $0) }) else {
            return false
        }
        return MerkleTree.includes(
            .leaf(entry), at: index, size: checkpoint.size, root: checkpoint.root, proof: hashes)
    }
}

/// What proves that a log only went on since an earlier checkpoint: as one is told to a witness (C2SP tlog-witness).
package struct ConsistencyProof: Hashable, Sendable {
    package var oldSize: Int
    package var hashes: [TreeHash]
    /// The newer checkpoint, signed.
    package var note: SignedNote

    package init(oldSize: Int, hashes: [TreeHash], note: SignedNote) {
        self.oldSize = oldSize
        self.hashes = hashes
        self.note = note
    }

    package var serialized: String {
        "old \(oldSize)\n" + hashes.map { "\($0.base64)\n" }.joined() + "\n" + note.serialized
    }
}
