import RotaCore

/// What became of each violation of an earlier report. It takes eight bytes for each: 61 bits stand for the violation,
/// so that among four million one is taken for another about once in forty thousand reports, and 3 for its fate.
struct ViolationFates {
    enum Fate: UInt64 {
        /// Until it is met.
        case gone
        case still, mended, waived, unknown

        init(_ status: Verdict.Status) {
            self =
                switch status {
                case .compliant, .due: .mended
                case .violating: .still
                case .waived: .waived
                case .unknown: .unknown
                }
        }
    }

    private static let fateBits: UInt64 = 0b111

    /// By the upper bits of the hash: many short ones grow without a copy of them all.
    private var buckets = [[UInt64]](repeating: [], count: 1 << 10)
    private(set) var isEmpty = true

    /// Before `settle`.
    mutating func insert(_ hash: UInt64) {
        buckets[Self.bucket(hash)].append(hash & ~Self.fateBits)
        isEmpty = false
    }

    /// From here on they are found.
    mutating func settle() {
        for bucket in buckets.indices { buckets[bucket].sort() }
    }

    /// Nil: it is no violation of the earlier report.
    func fate(of hash: UInt64) -> Fate? {
        place(hash).flatMap { Fate(rawValue: buckets[Self.bucket(hash)][$0] & Self.fateBits) }
    }

    /// - returns: false where it is no violation of the earlier report.
    mutating func meet(_ hash: UInt64, _ fate: Fate) -> Bool {
        guard let place = place(hash) else { return false }
        buckets[Self.bucket(hash)][place] = hash & ~Self.fateBits | fate.rawValue
        return true
    }

    /// The first that is not less.
    private func place(_ hash: UInt64) -> Int? {
        let sought = hash & ~Self.fateBits
        let bucket = Self.bucket(hash)
        var (low, high) = (0, buckets[bucket].count)
        while low < high {
            let middle = (low + high) / 2
            if buckets[bucket][middle] < sought { low = middle + 1 } else { high = middle }
        }
        let isFound = low < buckets[bucket].count && buckets[bucket][low] & ~Self.fateBits == sought
        return isFound ? low : nil
    }

    private static func bucket(_ hash: UInt64) -> Int { Int(hash >> 54) }
}
