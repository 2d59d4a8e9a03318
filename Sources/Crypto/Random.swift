import Glibc

/// Random bytes from the operating system.
///
/// That it has none is not an error to handle: the process stops.
package enum Random {
    /// `count` random bytes.
    package static func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            fill(UnsafeMutableRawBufferPointer(buffer))
            filled = count
        }
    }

    /// A secret of `count` random bytes, which are never anywhere else.
    package static func secret(_ count: Int) -> Secret {
        Secret(capacity: count) { buffer in
            fill(buffer)
            return count
        }
    }

    /// Draws every number from the operating system: for `random(in:using:)` and `shuffled(using:)`.
    package struct Generator: RandomNumberGenerator, Sendable {
        package init() {}

        package mutating func next() -> UInt64 {
            var number: UInt64 = 0
            withUnsafeMutableBytes(of: &number) { Random.fill($0) }
            return number
        }
    }

    private static func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        // getentropy(3): at most 256 bytes a call, never fewer than asked for, never interrupted.
        let most = 256
        var filled = 0
        while filled < buffer.count {
            let part = UnsafeMutableRawBufferPointer(
                rebasing: buffer[filled..<min(filled + most, buffer.count)])
            guard getentropy(part.baseAddress, part.count) == 0 else {
                fatalError("the operating system gives no random bytes (errno \(errno))")
            }
            filled += part.count
        }
    }
}
