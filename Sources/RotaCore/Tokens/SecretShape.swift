/// What a secret looks like, so that one which stands where a name should be is neither kept nor repeated.
///
/// Values of ours are told by their checksum, others by how letters and digits are mixed. That is no proof: what is
/// not recognised may be a secret all the same, and so texts from outside are repeated no more than is needed.
package enum SecretShape {
    /// What is written in place of a secret.
    package static let redaction = "<redacted>"

    /// Whether a text holds a value of ours, or of another maker whose checksum is the same: this is no guess.
    package static func isCertain(in text: String) -> Bool {
        guard text.utf8.count >= valueLength else { return false }
        return text.utf8.split { !isAlphanumeric($0) }.contains { isValue(ArraySlice($0)) }
    }

    /// Whether a text holds a secret, as far as one can tell: no name that people give looks like this.
    package static func isLikely(in text: String) -> Bool {
        guard text.utf8.count >= shortestMix else { return false }
        return !suspects(in: Array(text.utf8), isLikely).isEmpty
    }

    /// Whether a text cannot be told from a secret: also what is well an id, such as a UUID or 32 hexadecimal digits.
    package static func isPossible(in text: String) -> Bool {
        if isLikely(in: text) { return true }
        let runs = text.utf8.split { !isAlphanumeric($0) }
        if runs.map(\.count) == [8, 4, 4, 4, 12] { return true }
        if text.hasPrefix(TokenID.prefix), TokenID.isWellFormed(text) { return false }
        return runs.contains { run in
            let mix = Mix(run)
            return run.count >= 24 || run.count >= 16 && mix.digits > 0 && mix.lower + mix.upper > 0
        }
    }

    /// The text as a message may repeat it: without what looks like a secret.
    package static func redacted(_ text: String) -> String {
        guard text.utf8.count >= shortestMix else { return text }
        let bytes = Array(text.utf8)
        let ranges = suspects(in: bytes) { isLikely($0) || isLong($0) }
        if ranges.isEmpty { return text }
        var shown: [UInt8] = []
        var position = 0
        for range in ranges {
            shown += bytes[position..<range.lowerBound] + Array(redaction.utf8)
            position = range.upperBound
        }
        return String(decoding: shown + bytes[position...], as: UTF8.self)
    }

    /// A name as a message may repeat it: not at all where it may be a secret.
    package static func shown(_ name: String, to most: Int = 60) -> String {
        isPossible(in: name) ? redaction : abridged(name, to: most)
    }

    // MARK: - Recognising

    /// Fewer letters and digits say nothing by how they are mixed.
    private static let shortestMix = 20
    /// Of a value, behind its prefix.
    private static let valueLength = TokenValue.randomCount + 6

    private static func isValue(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.count == valueLength
            && bytes.dropFirst(TokenValue.randomCount)
                .elementsEqual(TokenValue.checksum(of: Array(bytes.prefix(TokenValue.randomCount))))
    }

    private static func isLikely(_ bytes: ArraySlice<UInt8>) -> Bool {
        if isValue(bytes) { return true }
        let mix = Mix(bytes)
        guard mix.isOfAllKinds else { return false }
        // Of random letters and digits, 44 of 100 differ in kind from the one before; in CamelCase01 they are few.
        return bytes.count >= shortestMix && mix.turns * 10 >= (mix.count - 1) * 3
            || bytes.count >= TokenValue.randomCount && mix.turns * 5 >= mix.count - 1
    }

    /// Part of a value of ours, such as one that was cut; no digest, which is written in hexadecimal digits.
    private static func isLong(_ bytes: ArraySlice<UInt8>) -> Bool {
        let mix = Mix(bytes)
        return bytes.count >= TokenValue.randomCount && mix.turns * 5 >= mix.count - 1
            && !bytes.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }

    /// Where the suspects are: runs of letters and digits; or, in base64 and what GitLab makes, several of these.
    private static func suspects(
        in bytes: [UInt8], _ isSuspect: (ArraySlice<UInt8>) -> Bool
    ) -> [Range<Int>] {
        bytes.split { !isAlphanumeric($0) && !"+/_-".utf8.contains($0) }.flatMap { stretch -> [Range<Int>] in
            guard stretch.count >= shortestMix, !isVerifierKey(stretch) else { return [] }
            let runs = stretch.split { !isAlphanumeric($0) }
            if runs.contains(where: { $0.count >= shortestMix && isSuspect($0) }) {
                // What is as mixed beside it may be a piece of the same.
                let pieces = runs.filter { $0.count >= shortestMix && isSuspect($0) || Mix($0).isOfAllKinds }
                return pieces.map { $0.startIndex..<$0.endIndex }
            }
            guard runs.count > 1 else { return [] }
            // Of 32 characters of base64, one is neither letter nor digit.
            let isBase64 = stretch.count >= 32 && (stretch.count - Mix(stretch).count) * 8 <= stretch.count
            let mark = runs.first { $0.starts(with: "gl".utf8) && $0.count <= 6 }
            let random = mark.map { stretch[$0.endIndex...].dropFirst() } ?? stretch
            guard mark != nil || isBase64, isLikely(random) else { return [] }
            return [random.startIndex..<random.endIndex]
        }
    }

    /// The public key of a log (C2SP signed-note): `NAME+8 hexadecimal digits+base64 of 33 bytes`, of which the first
    /// is 1, for Ed25519.
    private static func isVerifierKey(_ stretch: ArraySlice<UInt8>) -> Bool {
        guard let mark = stretch.indices.dropLast(53).last else { return false }
        let key = stretch[mark...]
        let digits = key.dropFirst().prefix(8)
        return key.count == 54 && key.first == UInt8(ascii: "+") && key.dropFirst(9).first == UInt8(ascii: "+")
            && key.dropFirst(10).first == UInt8(ascii: "A")
            && digits.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }

    /// How the letters and digits of a text are mixed.
    private struct Mix {
        private(set) var lower = 0
        private(set) var upper = 0
        private(set) var digits = 0
        /// How often a digit stands beside a letter, or a capital after a small letter: not as words begin.
        private(set) var turns = 0

        var count: Int { lower + upper + digits }
        var isOfAllKinds: Bool { lower > 0 && upper > 0 && digits > 0 }

        private enum Kind { case lower, upper, digit }

        init(_ bytes: some Sequence<UInt8>) {
            var last: Kind?
            for byte in bytes {
                let kind: Kind? =
                    switch byte {
                    case 48...57: .digit
                    case 65...90: .upper
                    case 97...122: .lower
                    default: nil
                    }
                switch kind {
                case .lower: lower += 1
                case .upper: upper += 1
                case .digit: digits += 1
                case nil: break
                }
                if let kind, let last, kind != last, !(last == .upper && kind == .lower) { turns += 1 }
                last = kind
            }
        }
    }
}
