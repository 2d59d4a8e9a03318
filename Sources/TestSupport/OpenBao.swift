package import Crypto
import Glibc

/// A real OpenBao in development mode, on a free port, with a KV version 2 mount at `secret`; in memory.
///
/// It ends with the object, and with the test process however that ends.
package final class OpenBao: Sendable {
    /// Such as `http://127.0.0.1:34567`.
    package let address: String
    package let rootToken: Secret
    private let process: ChildProcess

    /// One server for all tests of a process, started at the first use.
    package static func shared() throws -> OpenBao { try sharedResult.get() }
    private static let sharedResult = Result { try OpenBao() }

    /// Starts one and returns when it answers to its token. Blocks for about a second.
    package init() throws {
        let program = try Self.program()
        // Another process may take the port between its choice and its use: then another is tried.
        var trouble = "no free port"
        for _ in 0..<3 {
            let scratch = try ScratchFolder.make()
            let port = try freePort()
            let token = "root-" + Hex.encode(Random.bytes(12))
            let process = try ChildProcess(
                [
                    program, "server", "-dev", "-dev-no-store-token", "-dev-root-token-id=\(token)",
                    "-dev-listen-address=127.0.0.1:\(port)",
                ],
                environment: ["HOME=\(scratch)"], output: "\(scratch)/log", scratch: scratch)
            let address = "http://127.0.0.1:\(port)"
            if try Self.waitUntilReady(program, address, token, process, home: scratch) {
                self.address = address
                self.rootToken = Secret(utf8: token)
                self.process = process
                return
            }
            trouble = "it ended, or did not answer to its token on port \(port)"
            process.stop()
        }
        throw OpenBaoError(description: "OpenBao did not start: \(trouble)")
    }

    deinit {
        process.stop()
    }

    private static func program() throws -> String {
        let environment = ProcessEnvironment.value("ROTA_BAO").map { [$0] } ?? []
        let path = ProcessEnvironment.value("PATH")?.split(separator: ":").map { "\($0)/bao" } ?? []
        let candidates = environment + [".build/venv/bin/bao"] + path + ["/tmp/venv/bin/bao"]
        guard let found = candidates.first(where: { access($0, X_OK) == 0 }) else {
            throw OpenBaoError(description: "no OpenBao is installed: run make test, which installs it")
        }
        return found
    }

    /// Asks with the token that only our server knows, so that nobody else's can be taken for it.
    private static func waitUntilReady(
        _ program: String, _ address: String, _ token: String, _ server: ChildProcess, home: String
    ) throws -> Bool {
        for _ in 0..<100 {
            guard server.isRunning else { return false }
            let question = try ChildProcess(
                [program, "token", "lookup"],
                environment: ["HOME=\(home)", "BAO_ADDR=\(address)", "BAO_TOKEN=\(token)"],
                output: "/dev/null")
            if question.waitForExit() == 0 { return true }
            usleep(50_000)
        }
        return false
    }
}

package struct OpenBaoError: Error, CustomStringConvertible {
    package let description: String
}

/// A port of the loopback interface that nobody listens on just now.
package func freePort() throws -> UInt16 {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            bind(listener, address, length) == 0 ? getsockname(listener, address, &length) : -1
        }
    }
    guard status == 0 else { throw OpenBaoError(description: "no free port (errno \(errno))") }
    return UInt16(bigEndian: address.sin_port)
}
