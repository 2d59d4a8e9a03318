import Addresses
import Glibc

/// A bound, listening socket; closed, and its name removed, by `close`.
///
/// Used by one thread at a time.
struct ListeningSocket {
    /// What fits into `sockaddr_un`, with the zero that ends it.
    static let longestPath = 107
    private static let backlog: Int32 = 1024

    let descriptor: Int32
    /// With the port that was free, where any was asked for.
    let address: ListenAddress
    /// Which file the name stood for when we made it: another process may have put its own there since.
    private var file: (device: dev_t, inode: ino_t)?

    init(_ address: ListenAddress) throws(ServerError) {
        switch address {
        case .tcp(let host, let port): self = try Self.tcp(host, port)
        case .unix(let path): self = try Self.unix(path)
        }
    }

    private init(descriptor: Int32, address: ListenAddress) {
        self.descriptor = descriptor
        self.address = address
    }

    /// Removes the name, so that nobody finds it; those who are connected stay so.
    func removeName() {
        guard case .unix(let path) = address, let file, let found = Self.file(at: path), found == file else { return }
        unlink(path)
    }

    func close() {
        _ = Glibc.close(descriptor)
    }

    // MARK: - TCP

    private static func tcp(_ host: IPAddress, _ port: UInt16) throws(ServerError) -> ListeningSocket {
        let name = ListenAddress.tcp(host, port: port).description
        let socket = try open(host.width == 32 ? AF_INET : AF_INET6, name)
        var yes: Int32 = 1
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        // Inherited by what is accepted: an answer is one write, and waits for no other.
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        if host.width == 128 {
            setsockopt(socket, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &yes, socklen_t(MemoryLayout<Int32>.size))
        }
        guard bind(socket, host, port), listen(socket, backlog) == 0 else {
            let problem = errno
            _ = Glibc.close(socket)
            throw refusal(problem, name)
        }
        return ListeningSocket(descriptor: socket, address: .tcp(host, port: Self.port(of: socket)))
    }

    private static func bind(_ socket: Int32, _ host: IPAddress, _ port: UInt16) -> Bool {
        if host.width == 32 {
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = port.bigEndian
            name.sin_addr.s_addr = UInt32(truncatingIfNeeded: host.value).bigEndian
            return bind(socket, to: &name)
        }
        var name = sockaddr_in6()
        name.sin6_family = sa_family_t(AF_INET6)
        name.sin6_port = port.bigEndian
        withUnsafeMutableBytes(of: &name.sin6_addr) { bytes in
            for index in 0..<16 { bytes[index] = UInt8(truncatingIfNeeded: host.value >> UInt128(120 - index * 8)) }
        }
        return bind(socket, to: &name)
    }

    private static func bind<Name>(_ socket: Int32, to name: inout Name) -> Bool {
        withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(socket, $0, socklen_t(MemoryLayout<Name>.size)) == 0
            }
        }
    }

    private static func port(of socket: Int32) -> UInt16 {
        // Family and port stand first in the addresses of both kinds.
        var name = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        withUnsafeMutablePointer(to: &name) { pointer in
            _ = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &length) }
        }
        return UInt16(bigEndian: name.sin6_port)
    }

    // MARK: - Unix

    private static func unix(_ path: String) throws(ServerError) -> ListeningSocket {
        let name = ListenAddress.unix(path: path).description
        try removeStale(path)
        let socket = try open(AF_UNIX, name)
        var address = sockaddr_un(path: path)
        // Linux gives the name the mode that the socket has: closed to all others until it listens.
        fchmod(socket, 0o600)
        let isBound = bind(socket, to: &address)
        guard isBound, listen(socket, backlog) == 0, chmod(path, 0o660) == 0 else {
            let problem = errno
            if isBound { unlink(path) }
            _ = Glibc.close(socket)
            throw refusal(problem, name)
        }
        var made = ListeningSocket(descriptor: socket, address: .unix(path: path))
        made.file = file(at: path)
        return made
    }

    /// Takes away the socket of a process that is gone; throws where one listens, or where it is no socket.
    private static func removeStale(_ path: String) throws(ServerError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw ServerError(
                message: "cannot listen on unix:\(path): another file is there",
                hint: "name another path; it was not touched")
        }
        let probe = try open(AF_UNIX, "unix:\(path)")
        defer { _ = Glibc.close(probe) }
        var address = sockaddr_un(path: path)
        let isAlive = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(probe, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0 || errno != ECONNREFUSED
            }
        }
        guard !isAlive else {
            throw ServerError(
                message: "cannot listen on unix:\(path): another process listens there",
                hint: "stop it first, or name another path")
        }
        unlink(path)
    }

    private static func file(at path: String) -> (device: dev_t, inode: ino_t)? {
        var status = stat()
        return lstat(path, &status) == 0 ? (status.st_dev, status.st_ino) : nil
    }

    // MARK: - Both

    private static func open(_ family: Int32, _ name: String) throws(ServerError) -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(family, kind, 0)
        guard descriptor >= 0 else { throw refusal(errno, name) }
        return descriptor
    }

    private static func refusal(_ problem: Int32, _ name: String) -> ServerError {
        let hint: String? =
            switch problem {
            case EADDRINUSE: "another process listens there; stop it, or choose another address"
            case EACCES: "the address needs rights that this user lacks; a port above 1023 needs none"
            case EADDRNOTAVAIL: "this machine has no such address"
            case ENOENT: "make the folder of the socket first"
            default: nil
            }
        return ServerError(message: "cannot listen on \(name): \(String(cString: strerror(problem)))", hint: hint)
    }
}

extension sockaddr_un {
    fileprivate init(path: String) {
        self.init()
        sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &sun_path) { $0.copyBytes(from: path.utf8.prefix(ListeningSocket.longestPath)) }
    }
}
