import COpenSSL

/// Bytes that must not be seen: never printed, never encoded, wiped when the last reference goes.
///
/// The bytes live in libcrypto's secure heap (locked into memory where the system allows it, left out of core
/// dumps, between guard pages). When that heap is full they live in ordinary memory, and are wiped all the
/// same.
///
/// There is no `==`, which would take a time that tells how much agrees: use ``isEqual(to:)``.
package final class Secret: @unchecked Sendable {
    // Sendable: the bytes are written once, in the initializer, and only read after it.
    private let bytes: UnsafeMutableRawBufferPointer
    /// The number of bytes.
    package let count: Int

    /// Makes room for `capacity` bytes, zeroed, and lets `fill` write some and say how many.
    package init<E: Error>(
        capacity: Int, initializing fill: (UnsafeMutableRawBufferPointer) throws(E) -> Int
    ) throws(E) {
        bytes = SecureHeap.allocate(capacity)
        do throws(E) {
            count = try fill(bytes)
        } catch {
            // `count` is not set yet, so the object is incomplete and `deinit` will not run: wipe here.
            SecureHeap.wipeAndFree(bytes)
            throw error
        }
        precondition(count >= 0 && count <= capacity, "a secret is filled within its capacity")
    }

    /// Copies bytes.
    ///
    /// The source stays as it was: wiping that is its owner's concern.
    package convenience init(copying source: some Collection<UInt8>) {
        self.init(capacity: source.count) { target in
            target.copyBytes(from: source)
            return source.count
        }
    }

    /// Copies bytes that are lent.
    package convenience init(copying source: Span<UInt8>) {
        self.init(capacity: source.count) { target in
            source.withUnsafeBytes { target.copyMemory(from: $0) }
            return source.count
        }
    }

    /// Copies the UTF-8 bytes of a text.
    package convenience init(utf8 text: String) {
        self.init(copying: text.utf8)
    }

    /// Whether what secrets are in stays in memory; else it may be written to where the system swaps to.
    package static var areLocked: Bool { SecureHeap.isLocked }

    deinit {
        SecureHeap.wipeAndFree(bytes)
    }

    /// Lends the bytes for the length of a call; the pointer must not leave `body`.
    package func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        defer { extendLifetime(self) }
        return try body(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
    }

    /// Lends the bytes as a span, which cannot leave `body`: what strictly memory-safe code uses.
    package func withSpan<R, E: Error>(_ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
        try withBytes { (raw) throws(E) -> R in try body(Span(_bytes: raw.bytes)) }
    }

    /// Copies the bytes out, into memory that is *not* wiped: for a request body or a file, kept as short as
    /// can be.
    package func copyBytes() -> [UInt8] {
        withBytes { Array($0) }
    }

    /// Whether both hold the same bytes, in a time that depends on their lengths alone.
    package func isEqual(to other: Secret) -> Bool {
        withBytes { mine in other.withBytes { theirs in constantTimeEquals(mine, theirs) } }
    }

    /// Whether it holds these bytes, in a time that depends on the lengths alone.
    package func isEqual(to other: [UInt8]) -> Bool {
        withBytes { mine in other.withUnsafeBytes { theirs in constantTimeEquals(mine, theirs) } }
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<redacted>" }
    package var debugDescription: String { "<redacted>" }
    package var customMirror: Mirror { Mirror(reflecting: "<redacted>") }
}
