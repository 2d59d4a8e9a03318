import Engine
import RotaCore
import SQLite

/// Values that were looked up, with what was found: the same ones are asked about again and again, and the answer is
/// exactly the store's all the same.
///
/// What is here is true of one state of the store, its `mark`. A commit makes another state of it, and most commits
/// change no answer: whatever does has an audit entry about its token in the same transaction (the gate sees to that).
/// So all that is here is true of the new state, too, but for values of tokens that have an entry since.
struct KnownValues {
    /// More tokens that changed than this are not told apart: all is forgotten.
    static let mostChanged = 10_000

    /// Some eleven megabytes in all, where names are of the usual length.
    private static let capacity = 96_000
    private static let pieceBytes = 64 << 10
    private static let mostPieces = 160
    private static let longestImage = 2_048

    /// Where the image of each value begins: which piece, and where in it.
    private var places: [Key: UInt32] = [:]
    private var pieces: [[UInt8]] = []
    /// The state of the store that all of it is true of.
    private var mark: CommitMark?
    /// The newest audit entry in that state; nil before anything was looked up.
    private(set) var entry: Int64?
    /// Tokens that changed while values of them may have been remembered, with the newest entry about each.
    private var changed: [String: Int64] = [:]

    /// What is remembered of a value, where the store is in the state that it was in then.
    func find(_ digest: Digest, in present: CommitMark?) -> KnownValue? {
        guard let mark, mark == present else { return nil }
        return find(digest)
    }

    private func find(_ digest: Digest) -> KnownValue? {
        guard let place = places[Key(digest)] else { return nil }
        let (value, entry) = ValueImage.decode(pieces[Int(place >> 16)], at: Int(place & 0xFFFF))
        if !changed.isEmpty, let change = changed[value.tokenID.text], change > entry { return nil }
        return value
    }

    /// Goes on to a state of the store, which has this as its newest audit entry; false, and nothing is done, where
    /// the changes are not all those since the entry that this knows of: somebody else went on meanwhile.
    ///
    /// - parameter changes: nil where it is not known what changed.
    mutating func advance(to mark: CommitMark, entry: Int64, from known: Int64?, changes: [AuditedObject]?) -> Bool {
        guard known == self.entry else { return false }
        self.mark = mark
        guard entry != known else { return true }
        self.entry = entry
        if known == nil || changes == nil || changed.count + (changes?.count ?? 0) > Self.mostChanged { forget() }
        // What is forgotten needs no mention, and is not there to be wrong.
        if !places.isEmpty { for change in changes ?? [] { changed[change.object] = change.number } }
        return true
    }

    /// What was found in the state that has this as its newest audit entry; nothing, where that is past.
    mutating func remember(_ value: KnownValue, by digest: Digest, as entry: Int64) {
        guard entry == self.entry, find(digest) == nil else { return }
        let image = ValueImage.encode(value, as: entry)
        guard image.count <= Self.longestImage else { return }
        if (pieces.last?.count ?? Self.pieceBytes) + image.count > Self.pieceBytes {
            if pieces.count == Self.mostPieces { forget() }
            pieces.append([])
            pieces[pieces.count - 1].reserveCapacity(Self.pieceBytes)
        }
        if places.count == Self.capacity { return forget() }
        places[Key(digest)] = UInt32(pieces.count - 1) << 16 | UInt32(pieces[pieces.count - 1].count)
        pieces[pieces.count - 1] += image
    }

    private mutating func forget() {
        places.removeAll(keepingCapacity: true)
        pieces = []
        changed = [:]
    }
}

extension KnownValues {
    /// A half of a digest: nobody finds a value whose 128 bits are those of another.
    private struct Key: Hashable {
        private let words: SIMD2<UInt64>

        init(_ digest: Digest) {
            var words = SIMD2<UInt64>()
            for (index, byte) in digest.bytes.prefix(16).enumerated() {
                words[index >> 3] = words[index >> 3] << 8 | UInt64(byte)
            }
            self.words = words
        }

        static func == (left: Key, right: Key) -> Bool { left.words == right.words }
        /// Any part of it is as good as random.
        func hash(into hasher: inout Hasher) { hasher.combine(words[0]) }
    }
}

/// An audit entry, and what it is about.
struct AuditedObject {
    let number: Int64
    let object: String
}

/// A value as it is remembered: the newest audit entry when it was looked up, its numbers, and then its texts with
/// their lengths before them.
private enum ValueImage {
    static func encode(_ value: KnownValue, as entry: Int64) -> [UInt8] {
        var image: [UInt8] = []
        image.reserveCapacity(128)
        append(entry, to: &image)
        image.append(
            (value.isInForce ? 1 : 0) | (value.isInOverlap ? 2 : 0) | (value.expiresAt == nil ? 0 : 4)
                | (value.issuedAt == nil ? 0 : 8) | (value.endsAt == nil ? 0 : 16))
        append(Int64(value.version), to: &image)
        if let end = value.expiresAt { append(end.seconds, to: &image) }
        if let issued = value.issuedAt { append(issued.seconds, to: &image) }
        if let end = value.endsAt { append(end.seconds, to: &image) }
        for text in [value.tokenID.text, value.name, value.owner, value.scope] {
            image.append(UInt8(truncatingIfNeeded: text.utf8.count >> 8))
            image.append(UInt8(truncatingIfNeeded: text.utf8.count))
            image += text.utf8
        }
        return image
    }

    static func decode(_ bytes: [UInt8], at start: Int) -> (value: KnownValue, entry: Int64) {
        var reader = Reader(bytes: bytes, next: start)
        let entry = reader.number()
        let flags = reader.byte()
        let version = Int(reader.number())
        let end = flags & 4 == 0 ? nil : Instant(seconds: reader.number())
        let issued = flags & 8 == 0 ? nil : Instant(seconds: reader.number())
        let overlapEnd = flags & 16 == 0 ? nil : Instant(seconds: reader.number())
        let value = KnownValue(
            tokenID: TokenID(reader.text()), version: version, isInForce: flags & 1 != 0, expiresAt: end,
            endsAt: overlapEnd, issuedAt: issued, isInOverlap: flags & 2 != 0, name: reader.text(),
            owner: reader.text(), scope: reader.text())
        return (value, entry)
    }

    private static func append(_ number: Int64, to image: inout [UInt8]) {
        for shift in stride(from: 56, through: 0, by: -8) { image.append(UInt8(truncatingIfNeeded: number >> shift)) }
    }

    private struct Reader {
        let bytes: [UInt8]
        var next: Int

        mutating func byte() -> UInt8 {
            next += 1
            return bytes[next - 1]
        }

        mutating func number() -> Int64 {
            var number: Int64 = 0
            for _ in 0..<8 { number = number << 8 | Int64(byte()) }
            return number
        }

        mutating func text() -> String {
            let count = Int(byte()) << 8 | Int(byte())
            next += count
            return String(decoding: bytes[next - count..<next], as: UTF8.self)
        }
    }
}
