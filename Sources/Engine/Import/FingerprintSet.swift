/// A set that keeps 32 bits of each hash, in some six bytes an entry: a million names fit into six megabytes.
///
/// Its no is certain. Its yes is wrong about once in two thousand million times, so whoever tells people of a
/// yes looks again. It grows by stages, each four times the last, so that nothing is ever moved.
struct FingerprintSet {
    private static let smallestStage = 1 << 14

    private var stages: [Stage] = []

    /// Adds a hash; false when it, or one that looks like it, was there before.
    mutating func insert(_ hash: UInt64) -> Bool {
        if contains(hash) { return false }
        if stages.last?.isFull ?? true {
            stages.append(Stage(size: stages.last.map { $0.size * 4 } ?? Self.smallestStage))
        }
        stages[stages.count - 1].insert(hash)
        return true
    }

    func contains(_ hash: UInt64) -> Bool {
        // Backwards: the last stage holds the most.
        var stage = stages.count - 1
        while stage >= 0 {
            if stages[stage].contains(hash) { return true }
            stage -= 1
        }
        return false
    }
}

/// One table of a fixed size: a fingerprint lies where the hash says, or in the next free place.
private struct Stage {
    /// A power of two.
    let size: Int
    /// Zero where there is none.
    private var slots: [UInt32]
    private var count = 0

    init(size: Int) {
        self.size = size
        slots = [UInt32](repeating: 0, count: size)
    }

    /// At three quarters, before runs of full places grow long.
    var isFull: Bool { count >= size / 4 * 3 }

    mutating func insert(_ hash: UInt64) {
        var place = start(hash)
        while slots[place] != 0 { place = (place + 1) & (size - 1) }
        slots[place] = Self.fingerprint(hash)
        count += 1
    }

    func contains(_ hash: UInt64) -> Bool {
        let sought = Self.fingerprint(hash)
        var place = start(hash)
        while slots[place] != 0 {
            if slots[place] == sought { return true }
            place = (place + 1) & (size - 1)
        }
        return false
    }

    /// From the upper half of the hash; the fingerprint is the lower one.
    private func start(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash >> 32) & (size - 1) }

    private static func fingerprint(_ hash: UInt64) -> UInt32 {
        let low = UInt32(truncatingIfNeeded: hash)
        return low == 0 ? 1 : low
    }
}
