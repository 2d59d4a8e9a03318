import Crypto
import Glibc

/// Where a secret of the configuration is to be found; the secret itself is never in the file.
enum SecretReference: Hashable, Sendable, CustomStringConvertible {
    /// `env:NAME`.
    case environment(String)
    /// `file:PATH`, absolute by now.
    case file(String)
    /// `credential:NAME`, one of systemd's.
    case credential(String)

    static let forms = "env:NAME, file:PATH or credential:NAME"

    /// Reads a reference, nil for what is none; relative paths are relative to `directory`.
    init?(_ text: String, directory: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[1].isEmpty else { return nil }
        let rest = String(parts[1])
        switch parts[0] {
        case "env": self = .environment(rest)
        case "file": self = .file(absolutePath(rest, in: directory))
        case "credential" where !rest.contains("/") && rest != "." && rest != "..": self = .credential(rest)
        default: return nil
        }
    }

    var description: String {
        switch self {
        case .environment(let name): "env:\(name)"
        case .file(let path): "file:\(path)"
        case .credential(let name): "credential:\(name)"
        }
    }

    /// Fetches the secret, without the line ends after it.
    ///
    /// - parameters:
    ///   - what: what it is the secret of, such as `auth.token`, which a failure names.
    ///   - mayBeShared: whether others may be able to read the file, as with the short-lived tokens that a
    ///     platform puts there.
    func resolve(for what: String, mayBeShared: Bool = false) throws(Failure) -> Secret {
        if case .file(let path) = self, kindOfFile(at: path) == nil {
            throw .usage("\(what): \(self) is not there", hint: "write the secret into it, with mode 0600")
        }
        do {
            return try fetch(mayBeShared: mayBeShared)
        } catch {
            throw error.about(what)
        }
    }

    private func fetch(mayBeShared: Bool) throws(Failure) -> Secret {
        switch self {
        case .environment(let name):
            guard let secret = Process.secret(name) else {
                throw .usage(
                    "the environment has no variable '\(name)'", hint: "set it for the process that runs rota"
                )
            }
            return secret
        case .file(let path):
            return try readSecret(path, mayBeShared: mayBeShared)
        case .credential(let name):
            guard let directory = Process.environment("CREDENTIALS_DIRECTORY") else {
                throw .usage(
                    "\(self): there is no $CREDENTIALS_DIRECTORY",
                    hint: "run rota as a systemd service with LoadCredential=\(name):..., or use file:PATH")
            }
            // systemd keeps this directory to the service, whatever the modes of the files in it.
            return try readSecret("\(directory)/\(name)", mayBeShared: true)
        }
    }
}

/// More than any credential needs.
private let longestSecret = 64 << 10

private func readSecret(_ path: String, mayBeShared: Bool) throws(Failure) -> Secret {
    let file = try File(reading: path)
    guard file.isRegular else {
        throw .usage("\(path) is not a file", hint: "a secret is read from a regular file")
    }
    guard mayBeShared || file.permissions & 0o077 == 0 else {
        throw .usage(
            "\(path) can be read by others (mode \(String(file.permissions, radix: 8)))",
            hint: "chmod 600 \(path), and replace the secret if anybody may have read it")
    }
    var bytes = try file.readAll(most: longestSecret)
    defer { for index in bytes.indices { bytes[index] = 0 } }
    var end = bytes.count
    while end > 0, bytes[end - 1] == UInt8(ascii: "\n") || bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
    guard end > 0 else {
        throw .usage("\(path) is empty", hint: "write the secret into it, and nothing else")
    }
    return Secret(copying: bytes[..<end])
}
