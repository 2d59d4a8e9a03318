import Crypto
import Engine

/// The same numbers for the same seed (SplitMix64), so that a failure can be seen again.
package struct Numbers: RandomNumberGenerator, Sendable {
    package var state: UInt64

    package init(state: UInt64) { self.state = state }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

/// The same as bytes.
package final class SeededRandom: RandomSource {
    private let numbers: Locked<Numbers>

    package init(seed: UInt64 = 1) {
        numbers = Locked(Numbers(state: seed))
    }

    package func bytes(_ count: Int) -> [UInt8] {
        numbers.withLock { numbers in
            var bytes: [UInt8] = []
            bytes.reserveCapacity(count + 8)
            while bytes.count < count {
                var word = numbers.next()
                for _ in 0..<8 {
                    bytes.append(UInt8(truncatingIfNeeded: word))
                    word >>= 8
                }
            }
            return Array(bytes.prefix(count))
        }
    }
}
