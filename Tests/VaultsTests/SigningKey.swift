import Crypto
import Glibc
import JSON
import TestSupport

/// An RSA key of the `openssl` command, to sign tokens with as an identity provider does.
final class SigningKey {
    /// PEM.
    let publicKey: String
    /// A certificate that the key signed for itself; PEM.
    let certificate: String
    private let folder: ScratchFolder

    init() throws {
        folder = try ScratchFolder()
        try Self.run(
            """
            openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem 2>/dev/null ||
              openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem
            openssl pkey -in key.pem -pubout -out public.pem
            openssl req -x509 -key key.pem -subj /CN=localhost -days 2 -out certificate.pem
            """, in: folder.path)
        publicKey = String(decoding: try Self.read("\(folder.path)/public.pem"), as: UTF8.self)
        certificate = String(decoding: try Self.read("\(folder.path)/certificate.pem"), as: UTF8.self)
    }

    /// A compact JWS with algorithm RS256 (RFC 7515).
    func sign(_ claims: JSON) throws -> String {
        let header: JSON = ["alg": "RS256", "typ": "JWT"]
        let payload = [header, claims].map { Base64.url.encode($0.serializedBytes()) }.joined(separator: ".")
        try Self.run(
            "printf %s '\(payload)' | openssl dgst -sha256 -sign key.pem > signature", in: folder.path)
        return payload + "." + Base64.url.encode(try Self.read("\(folder.path)/signature"))
    }

    private static func run(_ script: String, in folder: String) throws {
        let shell = try ChildProcess(
            ["/bin/sh", "-c", "set -e; cd \(folder)\n\(script)"], environment: ["HOME=\(folder)"],
            output: "\(folder)/log")
        guard shell.waitForExit() == 0 else {
            throw SigningFault(description: String(decoding: try read("\(folder)/log"), as: UTF8.self))
        }
    }

    private static func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "r") else { throw SigningFault(description: "no \(path)") }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = fread(&buffer, 1, buffer.count, file)
        return Array(buffer.prefix(count))
    }
}

struct SigningFault: Error, CustomStringConvertible {
    let description: String
}
