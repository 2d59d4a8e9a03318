package import Crypto
import Glibc
import JSON

/// AWS in memory, by moto, on a free port: it refuses what is not signed with keys that it made.
///
/// It ends with the object, and with the test process however that ends.
package final class Moto: Sendable {
    /// What requests are signed with.
    package struct Keys: Sendable {
        package let accessKey: String
        package let secretKey: Secret
        package let sessionToken: Secret?

        fileprivate init?(_ entry: JSON?) {
            guard let accessKey = entry?["access_key"]?.string, let secretKey = entry?["secret_key"]?.string else {
                return nil
            }
            self.accessKey = accessKey
            self.secretKey = Secret(utf8: secretKey)
            sessionToken = entry?["session_token"]?.string.map { Secret(utf8: $0) }
        }
    }

    /// Such as `http://127.0.0.1:34567`.
    package let address: String
    package let region: String
    /// May do everything.
    package let keys: Keys
    /// May only read secrets.
    package let reader: Keys
    /// Temporary ones, of a role.
    package let temporary: Keys
    private let process: ChildProcess

    /// One server for all tests of a process, started at the first use.
    package static func shared() throws -> Moto { try sharedResult.get() }
    private static let sharedResult = Result { try Moto() }

    /// Starts one and returns when it has made its keys. Blocks for some seconds.
    package init() throws {
        let python = ".build/venv/bin/python"
        guard access(python, X_OK) == 0 else {
            throw MotoError(description: "no moto is installed: run make test, which installs it")
        }
        let scratch = try ScratchFolder.make()
        process = try ChildProcess(
            [python, "Tests/SystemTests/moto_server.py", "\(scratch)/keys.json"], environment: ["HOME=\(scratch)"],
            output: "\(scratch)/log", scratch: scratch)
        // Only our child writes there: what answers to these keys is ours.
        let file = try Self.read("\(scratch)/keys.json", of: process)
        guard let made = try? JSON.parse(file, maximumBytes: 1 << 16), let address = made["address"]?.string,
            let region = made["region"]?.string, let keys = Keys(made), let reader = Keys(made["reader"]),
            let temporary = Keys(made["temporary"])
        else { throw MotoError(description: "moto's keys cannot be read") }
        self.address = address
        self.region = region
        self.keys = keys
        self.reader = reader
        self.temporary = temporary
    }

    deinit {
        process.stop()
    }

    private static func read(_ path: String, of server: ChildProcess) throws -> [UInt8] {
        for _ in 0..<600 {
            guard server.isRunning else { throw MotoError(description: "moto ended before it served") }
            let file = open(path, O_RDONLY | O_CLOEXEC)
            if file >= 0 {
                defer { close(file) }
                var bytes = [UInt8](repeating: 0, count: 1 << 16)
                let count = Glibc.read(file, &bytes, bytes.count)
                if count > 0 { return Array(bytes[..<count]) }
            }
            usleep(50_000)
        }
        throw MotoError(description: "moto did not come to serve within half a minute")
    }
}

package struct MotoError: Error, CustomStringConvertible {
    package let description: String
}
