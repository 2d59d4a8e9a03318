import COpenSSL

/// Ed25519 signatures (RFC 8032).
package enum Ed25519 {
    package static let seedBytes = 32
    package static let signatureBytes = 64

    /// Signs by a seed, which has 32 bytes.
    package static func sign(_ message: [UInt8], seed: Secret) -> [UInt8] {
        let (key, context) = (key(seed), EVP_MD_CTX_new())
        precondition(key != nil && context != nil, "Ed25519 signs by a seed of 32 bytes, where there is memory")
        defer {
            EVP_PKEY_free(key)
            EVP_MD_CTX_free(context)
        }
        return [UInt8](unsafeUninitializedCapacity: signatureBytes) { buffer, filled in
            filled = signatureBytes
            let isSigned =
                EVP_DigestSignInit(context, nil, nil, nil, key) == 1
                && EVP_DigestSign(context, buffer.baseAddress, &filled, message, message.count) == 1
            precondition(isSigned, "Ed25519 fails only for want of memory")
        }
    }

    /// The 32 bytes of the public key that belongs to a seed; nil where that has another length.
    package static func publicKey(seed: Secret) -> [UInt8]? {
        guard let key = key(seed) else { return nil }
        defer { EVP_PKEY_free(key) }
        var count = seedBytes
        var isThere = false
        let bytes = [UInt8](unsafeUninitializedCapacity: seedBytes) { buffer, filled in
            isThere = EVP_PKEY_get_raw_public_key(key, buffer.baseAddress, &count) == 1
            filled = isThere ? count : 0
        }
        return isThere ? bytes : nil
    }

    /// Whether a signature is of this message, by the holder of this key. What has a wrong length is none.
    package static func isValid(_ signature: [UInt8], of message: [UInt8], publicKey: [UInt8]) -> Bool {
        guard signature.count == signatureBytes, publicKey.count == seedBytes,
            let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, publicKey, publicKey.count),
            let context = EVP_MD_CTX_new()
        else { return false }
        defer {
            EVP_PKEY_free(key)
            EVP_MD_CTX_free(context)
        }
        guard EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1 else { return false }
        return EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }

    private static func key(_ seed: Secret) -> OpaquePointer? {
        seed.withBytes { bytes in
            bytes.count == seedBytes
                ? EVP_PKEY_new_raw_private_key(
                    EVP_PKEY_ED25519, nil, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
                : nil
        }
    }
}
