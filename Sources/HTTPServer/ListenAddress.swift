package import Addresses

/// Where a server listens.
package enum ListenAddress: Hashable, Sendable, CustomStringConvertible {
    /// Port 0: any that is free.
    case tcp(IPAddress, port: UInt16)
    /// The path of a socket that its owner and his group may connect to (0660).
    case unix(path: String)

    /// Reads `127.0.0.1:8470`, `[::1]:8470` or `unix:/run/rota/rota.sock`; nil for anything else, names included.
    package init?(_ text: String) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst("unix:".count))
            guard !path.isEmpty, path.utf8.count <= ListeningSocket.longestPath, !path.utf8.contains(0) else {
                return nil
            }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = Self.port(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if isBracketed { host = host.dropFirst().dropLast() }
        guard let address = IPAddress(String(host)), isBracketed == (address.width == 128) else { return nil }
        self = .tcp(address, port: port)
    }

    package var description: String {
        switch self {
        case .tcp(let address, let port): address.width == 128 ? "[\(address)]:\(port)" : "\(address):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    private static func port(_ text: Substring) -> UInt16? {
        guard text.utf8.allSatisfy({ (48...57).contains($0) }), text == "0" || !text.hasPrefix("0") else {
            return nil
        }
        return UInt16(text)
    }
}
