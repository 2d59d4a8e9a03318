import Glibc

@testable import HTTPClient

/// A server that says what a test wants it to say, byte for byte, on a free loopback port or a unix socket.
final class RawServer: Sendable {
    struct Received: Sendable {
        let head: String
        let body: [UInt8]
    }

    private struct State {
        var isListening = true
        var isStopped = false
        var open: Set<Int32> = []
        var accepted = 0
        var requests: [Received] = []
    }

    let port: UInt16
    private let listener: Int32
    private let state = Locked(State())

    /// Runs the closure for each connection on a thread of its own, and closes the connection after it.
    init(unixSocket path: String? = nil, serve: @escaping @Sendable (Connection) -> Void) {
        listener = socket(path == nil ? AF_INET : AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        if let path {
            Self.bind(listener, to: path)
            port = 0
        } else {
            port = Self.bindToLoopback(listener)
        }
        precondition(listen(listener, 512) == 0)
        _ = Thread { [self] in accept(serve) }
    }

    var url: String { "http://127.0.0.1:\(port)" }
    var accepted: Int { state.withLock { $0.accepted } }
    var requests: [Received] { state.withLock { $0.requests } }

    /// From now on connections are refused; those that are open go on.
    func refuse() {
        state.withLock { state in
            // Once only: the number may soon be another socket's.
            if state.isListening { shutdown(listener, Int32(SHUT_RDWR)) }
            state.isListening = false
        }
    }

    func stop() {
        refuse()
        state.withLock { state in
            state.isStopped = true
            for descriptor in state.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    private func accept(_ serve: @escaping @Sendable (Connection) -> Void) {
        while true {
            let descriptor = Glibc.accept(listener, nil, nil)
            guard descriptor >= 0 else { break }
            let stopped = state.withLock { state in
                state.accepted += 1
                state.open.insert(descriptor)
                return state.isStopped
            }
            if stopped { shutdown(descriptor, Int32(SHUT_RDWR)) }
            _ = Thread { [self] in
                serve(Connection(descriptor: descriptor, server: self))
                state.withLock { state in
                    state.open.remove(descriptor)
                    _ = close(descriptor)
                }
            }
        }
        close(listener)
    }

    fileprivate func record(_ request: Received) { state.withLock { $0.requests.append(request) } }

    private static func bindToLoopback(_ listener: Int32) -> UInt16 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                precondition(Glibc.bind(listener, pointer, length) == 0)
                precondition(getsockname(listener, pointer, &length) == 0)
            }
        }
        return UInt16(bigEndian: address.sin_port)
    }

    private static func bind(_ listener: Int32, to path: String) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                precondition(Glibc.bind(listener, $0, length) == 0)
            }
        }
    }
}

/// The server's end of one connection; confined to its thread.
final class Connection {
    private let descriptor: Int32
    private let server: RawServer
    private var buffer: [UInt8] = []

    init(descriptor: Int32, server: RawServer) {
        self.descriptor = descriptor
        self.server = server
    }

    /// The next whole request, or nil once the client has gone.
    func read() -> RawServer.Received? {
        let end = Array("\r\n\r\n".utf8)
        var searched = 0
        while true {
            if let place = (searched..<max(searched, buffer.count - 3)).first(where: {
                buffer[$0..<$0 + 4].elementsEqual(end)
            }) {
                let head = String(decoding: buffer[..<place], as: UTF8.self)
                let length = Self.contentLength(head)
                while buffer.count < place + 4 + length { guard fill() else { return nil } }
                let request = RawServer.Received(
                    head: head, body: Array(buffer[(place + 4)..<(place + 4 + length)]))
                buffer.removeFirst(place + 4 + length)
                server.record(request)
                return request
            }
            searched = max(0, buffer.count - 3)
            guard fill() else { return nil }
        }
    }

    /// False once the client has gone.
    @discardableResult func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    @discardableResult func write(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// A reply with its length, on a connection that stays open.
    func answer(_ body: [UInt8] = [], status: String = "200 OK", headers: String = "") {
        write(Array("HTTP/1.1 \(status)\r\n\(headers)Content-Length: \(body.count)\r\n\r\n".utf8) + body)
    }

    /// Answers all requests with their own body until the client goes.
    func echo() {
        while let request = read() { answer(request.body) }
    }

    /// Waits until the client goes.
    func hang() {
        while fill() {}
    }

    /// Makes the coming close send a reset.
    func resetOnClose() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    /// Ends every chance that a new connection is taken.
    func refuseOthers() { server.refuse() }

    private func fill() -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        guard count > 0 else { return false }
        buffer.append(contentsOf: chunk[..<count])
        return true
    }

    private static func contentLength(_ head: String) -> Int {
        for line in head.split(separator: "\r\n") where line.lowercased().hasPrefix("content-length:") {
            return Int(line.dropFirst(15).drop(while: \.isWhitespace)) ?? 0
        }
        return 0
    }
}
