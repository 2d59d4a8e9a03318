import COpenSSL

/// Memory for secrets: libcrypto's secure heap, and the ordinary heap when that is full.
enum SecureHeap {
    /// Room for some ten thousand token values; larger would exceed the usual limit of locked memory.
    private static let size = 1 << 20
    private static let smallestBlock = 32

    /// Reserves the heap once: 1 when it is locked.
    ///
    /// Failing to lock it (2) is no error: it is then still left out of core dumps.
    private static let prepared = CRYPTO_secure_malloc_init(size, smallestBlock)

    static var isLocked: Bool { prepared == 1 }

    /// Zeroed memory of exactly `count` bytes.
    static func allocate(_ count: Int) -> UnsafeMutableRawBufferPointer {
        _ = prepared
        let room = max(count, 1)
        guard
            let start = CRYPTO_secure_zalloc(room, #fileID, #line)
                ?? CRYPTO_zalloc(room, #fileID, #line)
        else { fatalError("out of memory for a secret of \(count) bytes") }
        return UnsafeMutableRawBufferPointer(start: start, count: count)
    }

    /// Overwrites the bytes and gives the memory back; libcrypto knows which heap it came from.
    static func wipeAndFree(_ bytes: UnsafeMutableRawBufferPointer) {
        CRYPTO_secure_clear_free(bytes.baseAddress, max(bytes.count, 1), #fileID, #line)
    }
}
