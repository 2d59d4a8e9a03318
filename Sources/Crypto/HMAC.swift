import COpenSSL

/// Keyed digests (RFC 2104).
package enum HMAC {
    /// HMAC-SHA-256: 32 bytes.
    ///
    /// Keys and messages of any length, also empty, are taken.
    package static func sha256(key: [UInt8], message: [UInt8]) -> [UInt8] {
        key.withUnsafeBytes { key in message.withUnsafeBytes { message in sha256(key, message) } }
    }

    /// HMAC-SHA-256 under a secret key, whose bytes are not copied.
    package static func sha256(key: Secret, message: [UInt8]) -> [UInt8] {
        key.withBytes { key in message.withUnsafeBytes { message in sha256(key, message) } }
    }

    private static func sha256(_ key: UnsafeRawBufferPointer, _ message: UnsafeRawBufferPointer) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: SHA256.count) { buffer, filled in
            let code = COpenSSL.HMAC(
                EVP_sha256(), key.baseAddress, Int32(key.count),
                message.baseAddress?.assumingMemoryBound(to: UInt8.self), message.count,
                buffer.baseAddress, nil)
            precondition(code != nil, "HMAC-SHA-256 fails only for want of memory")
            filled = SHA256.count
        }
    }
}
