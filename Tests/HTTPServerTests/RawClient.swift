import Glibc

/// A client that says what a test wants it to say, byte for byte.
///
/// Every wait has an end: a server that says nothing fails the test, and does not hang it.
final class RawClient {
    private let descriptor: Int32

    /// - parameter source: the loopback address that it comes from.
    init(port: UInt16, from source: String = "127.0.0.1", patience seconds: Int = 10) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr(source)
        try call(&address, bind)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        address.sin_port = port.bigEndian
        try call(&address, connect)
    }

    init(path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        try call(&address, connect)
    }

    struct Failed: Error { let errno: Int32 }

    private func call<Name>(
        _ name: inout Name, _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws {
        let status = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body(descriptor, $0, socklen_t(MemoryLayout<Name>.size))
            }
        }
        guard status == 0 else { throw Failed(errno: errno) }
    }

    deinit { close(descriptor) }

    /// False once the server has closed the connection.
    @discardableResult func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    @discardableResult func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Everything until the server closes the connection; `isClosed` is false where it did not in time.
    func readToEnd() -> (text: String, isClosed: Bool) {
        var all: [UInt8] = []
        while true {
            var chunk = [UInt8](repeating: 0, count: 65_536)
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else {
                return (String(decoding: all, as: UTF8.self), count == 0 || errno == ECONNRESET)
            }
            all += chunk[..<count]
        }
    }

    /// One answer whose end its length tells: the head, and the body.
    func readAnswer() -> (head: String, body: String)? {
        var all: [UInt8] = []
        while true {
            let text = String(decoding: all, as: UTF8.self)
            if let end = text.range(of: "\r\n\r\n") {
                let head = String(text[..<end.lowerBound])
                let length =
                    head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
                    .flatMap { Int($0.dropFirst(15).drop(while: \.isWhitespace)) } ?? 0
                let body = text[end.upperBound...]
                if body.utf8.count >= length { return (head, String(body)) }
            }
            var byte = [UInt8](repeating: 0, count: 1)
            guard recv(descriptor, &byte, 1, 0) == 1 else { return nil }
            all += byte
        }
    }
}

extension String {
    /// Where another text stands; Foundation has it, and nothing else of Foundation is wanted.
    fileprivate func range(of text: String) -> Range<String.Index>? {
        let pattern = Array(text.utf8)
        var index = utf8.startIndex
        while index != utf8.endIndex {
            if utf8[index...].starts(with: pattern) {
                return index..<utf8.index(index, offsetBy: pattern.count)
            }
            utf8.formIndex(after: &index)
        }
        return nil
    }
}
