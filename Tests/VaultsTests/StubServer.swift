import Crypto
import Dispatch
import Glibc
import TestSupport

/// A server that says whatever a test wants, on a port of the loopback interface. One request a connection.
final class StubServer: Sendable {
    enum Answer: Sendable {
        case bytes([UInt8])
        /// Reads the request and never answers, until the server ends.
        case nothing

        static func status(_ status: String, _ body: String, headers: [String] = []) -> Answer {
            let head =
                ["HTTP/1.1 \(status)", "Content-Length: \(body.utf8.count)", "Connection: close"] + headers
            return .bytes(Array((head.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8))
        }
    }

    let port: UInt16
    private let listener: Int32
    // A serial queue for each thing that blocks: those always get a thread.
    private let queue = DispatchQueue(label: "stub")
    private let received = Locked<[String]>([])
    private let silent = Locked<[Int32]>([])

    init(_ answer: @escaping @Sendable (String) -> Answer) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        // The system chooses the port: one that was only looked up may be somebody else's by now.
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 64) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard isListening else { throw VaultCheckFault() }
        port = UInt16(bigEndian: address.sin_port)
        self.listener = listener
        let received = received
        let silent = silent
        queue.async {
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else {
                    // Here and not in `deinit`, where the number could be another server's by the time of an accept.
                    close(listener)
                    return
                }
                DispatchQueue(label: "stub.connection").async {
                    let request = Self.readRequest(connection)
                    received.withLock { $0.append(request) }
                    switch answer(request) {
                    case .bytes(let bytes):
                        _ = bytes.withUnsafeBytes {
                            send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                        }
                        close(connection)
                    case .nothing:
                        silent.withLock { $0.append(connection) }
                    }
                }
            }
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        silent.withLock { for connection in $0 { close(connection) } }
    }

    var address: String { "http://127.0.0.1:\(port)" }

    /// The requests so far, whole.
    var requests: [String] { received.withLock { $0 } }

    private static func readRequest(_ connection: Int32) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < 1 << 20 {
            let text = String(decoding: bytes, as: UTF8.self)
            if let end = text.firstRange(of: "\r\n\r\n") {
                let length =
                    text.lowercased().split(separator: "\r\n")
                    .first { $0.hasPrefix("content-length:") }
                    .flatMap { Int($0.dropFirst(15).drop { $0 == " " }) } ?? 0
                if text[end.upperBound...].utf8.count >= length { break }
            }
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            bytes += buffer.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

struct VaultCheckFault: Error {}
