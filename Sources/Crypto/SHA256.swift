import COpenSSL
import Glibc

/// SHA-256 (FIPS 180-4): 32 bytes.
package enum SHA256 {
    /// The number of bytes of a digest.
    package static let count = 32

    /// The digest of some bytes.
    package static func digest(of bytes: [UInt8]) -> [UInt8] {
        bytes.withUnsafeBytes { digest(of: $0) }
    }

    /// The digest of the UTF-8 bytes of a text.
    package static func digest(of text: String) -> [UInt8] {
        var text = text
        return text.withUTF8 { digest(of: UnsafeRawBufferPointer($0)) }
    }

    /// The digest of a secret, whose bytes are not copied.
    package static func digest(of secret: Secret) -> [UInt8] {
        secret.withBytes { digest(of: $0) }
    }

    /// The digest of bytes that are lent.
    package static func digest(of bytes: Span<UInt8>) -> [UInt8] {
        bytes.withUnsafeBytes { digest(of: $0) }
    }

    /// The digest of bytes that somebody else owns.
    package static func digest(of bytes: UnsafeRawBufferPointer) -> [UInt8] {
        let context = DigestContext.ofThisThread
        context.begin()
        context.update(bytes)
        return context.finish()
    }

    /// Takes a long input piece by piece.
    ///
    /// Used by one thread at a time.
    package final class Hasher {
        private let context = DigestContext()

        package init() {
            context.begin()
        }

        deinit {
            context.free()
        }

        package func update(_ bytes: [UInt8]) {
            bytes.withUnsafeBytes { context.update($0) }
        }

        package func update(_ text: String) {
            var text = text
            text.withUTF8 { context.update(UnsafeRawBufferPointer($0)) }
        }

        package func update(_ secret: Secret) {
            secret.withBytes { context.update($0) }
        }

        /// The digest of all pieces so far; the next piece begins a new input.
        package func finish() -> [UInt8] {
            let digest = context.finish()
            context.begin()
            return digest
        }
    }
}

/// An EVP_MD_CTX set up for SHA-256.
///
/// What cannot fail but for want of memory stops the process.
private struct DigestContext {
    private let handle: OpaquePointer

    // Looking the algorithm up costs five times what hashing a token does, so it happens once. The object is
    // immutable and counted atomically by libcrypto, hence safe to share; it lives as long as the process.
    private nonisolated(unsafe) static let algorithm: OpaquePointer = {
        guard let algorithm = EVP_MD_fetch(nil, "SHA256", nil) else {
            fatalError("this libcrypto has no SHA-256")
        }
        return algorithm
    }()

    /// Each thread keeps one context for as long as it lives.
    private static let slot: pthread_key_t = {
        var key = pthread_key_t()
        let status = pthread_key_create(&key) { handle in EVP_MD_CTX_free(OpaquePointer(handle)) }
        precondition(status == 0, "no thread-specific key is left")
        return key
    }()

    static var ofThisThread: DigestContext {
        if let known = pthread_getspecific(slot) { return DigestContext(handle: OpaquePointer(known)) }
        let made = DigestContext()
        pthread_setspecific(slot, UnsafeRawPointer(made.handle))
        return made
    }

    init() {
        guard let handle = EVP_MD_CTX_new() else { fatalError("out of memory for a digest") }
        self.handle = handle
    }

    private init(handle: OpaquePointer) {
        self.handle = handle
    }

    func free() {
        EVP_MD_CTX_free(handle)
    }

    func begin() {
        precondition(EVP_DigestInit_ex2(handle, Self.algorithm, nil) == 1, "SHA-256 does not start")
    }

    func update(_ bytes: UnsafeRawBufferPointer) {
        precondition(EVP_DigestUpdate(handle, bytes.baseAddress, bytes.count) == 1, "SHA-256 refuses bytes")
    }

    func finish() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: SHA256.count) { buffer, filled in
            precondition(EVP_DigestFinal_ex(handle, buffer.baseAddress, nil) == 1, "SHA-256 does not end")
            filled = SHA256.count
        }
    }
}
