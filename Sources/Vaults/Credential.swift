package import Crypto
import Dispatch
package import Engine

/// A secret that is kept elsewhere and read anew whenever it is needed, so that a replaced one is found.
package struct Credential: Sendable, CustomStringConvertible {
    /// Where it is kept, such as `file:/etc/rota/secret-id`; never the secret.
    package let description: String
    private let source: @Sendable () -> Result<Secret, VaultError>

    /// - parameter source: may block; fails with `denied` when there is nothing to be read.
    package init(_ description: String, source: @escaping @Sendable () -> Result<Secret, VaultError>) {
        self.description = description
        self.source = source
    }

    // Files may hang, and so are never read on the cooperative pool.
    private static let queue = DispatchQueue(label: "rota.vault.credentials")

    func read() async throws(VaultError) -> Secret {
        try await withCheckedContinuation { continuation in
            Self.queue.async { continuation.resume(returning: source()) }
        }.get()
    }
}
