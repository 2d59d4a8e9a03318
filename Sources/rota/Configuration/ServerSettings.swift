import Addresses
import Crypto
import HTTPServer
import RotaCore
import YAML

/// What `rota serve` listens to.
struct ServerSettings: Hashable, Sendable {
    /// A certificate with its chain, and a reference to its key, both PEM.
    struct TLS: Hashable, Sendable {
        var certificate: String
        var key: SecretReference
    }

    var listen: ListenAddress
    var tls: TLS?
    /// Whose X-Forwarded-For is believed.
    var trustedProxies: [CIDR] = []
    var limits = HTTPServer.Limits()
}

extension ServerSettings {
    /// More than any chain of certificates has.
    private static let largestCertificate = 1 << 20

    /// The server's configuration, with its certificate and key read.
    func listener() throws(Failure) -> Listener.Configuration {
        var configuration = Listener.Configuration(listen)
        configuration.limits = limits
        configuration.trustedProxies = trustedProxies
        configuration.tls = try certificate()
        return configuration
    }

    /// The certificate and its key as they are now; nil without TLS.
    func certificate() throws(Failure) -> Listener.TLS? {
        guard let tls else { return nil }
        let certificate = try File(reading: tls.certificate).readAll(most: Self.largestCertificate)
        return Listener.TLS(certificate: certificate, key: try tls.key.resolve(for: "server.tls.key"))
    }

    /// Whether a daemon that runs by `old` cannot go on by these: a certificate and its key can be exchanged.
    func needsRestart(after old: ServerSettings) -> Bool {
        var wanted = self
        if wanted.tls != nil, old.tls != nil { wanted.tls = old.tls }
        return wanted != old
    }
}

extension ConfigurationReader {
    mutating func server(_ node: Node) -> ServerSettings? {
        guard check(node, "server", keys: ["listen", "tls", "trusted-proxies", "limits"]) else { return nil }
        let listen = required("listen", of: node, "server").flatMap { listenAddress($0) }
        let isPlain = node["tls"]?.text == "none"
        let tls = isPlain ? nil : node["tls"].flatMap { self.tls($0) }
        let proxies = items(node["trusted-proxies"], "trusted-proxies").compactMap {
            addresses($0, "trusted-proxies")
        }
        let limits = node["limits"].map { serverLimits($0) } ?? HTTPServer.Limits()
        guard let listen else { return nil }
        if case .tcp(let address, _) = listen, node["tls"] == nil, !address.isLoopback {
            fault(
                node, "server: without TLS it listens on loopback and Unix sockets only, not on \(listen)",
                hint: "add 'tls'; or say 'tls: none' where a proxy on another machine speaks TLS for it")
        }
        return ServerSettings(listen: listen, tls: tls, trustedProxies: proxies, limits: limits)
    }

    private mutating func listenAddress(_ node: Node) -> ListenAddress? {
        guard var text = string(node, "listen") else { return nil }
        if text.hasPrefix("unix:") {
            text = "unix:" + absolutePath(String(text.dropFirst("unix:".count)), in: folder)
        }
        if let address = ListenAddress(text) { return address }
        fault(
            node, "listen: '\(text)' is not where a server can listen",
            hint: "write 127.0.0.1:8470, [::1]:8470 or unix:/run/rota/rota.sock")
        return nil
    }

    /// `tls: none` is for proxies on other machines, and never what one gets by leaving it out.
    private mutating func tls(_ node: Node) -> ServerSettings.TLS? {
        guard check(node, "tls", keys: ["certificate", "key"]) else { return nil }
        let certificate = required("certificate", of: node, "tls").flatMap { string($0, "certificate") }
        let key = required("key", of: node, "tls").flatMap { secret($0, "key") }
        guard let certificate, let key else { return nil }
        return ServerSettings.TLS(certificate: absolutePath(certificate, in: folder), key: key)
    }

    private mutating func serverLimits(_ node: Node) -> HTTPServer.Limits {
        var limits = HTTPServer.Limits()
        let keys = ["connections", "connections-per-address", "request-time", "idle-time"]
        guard check(node, "server.limits", keys: keys) else { return limits }
        func take(_ key: String, _ range: ClosedRange<Int>, _ path: WritableKeyPath<HTTPServer.Limits, Int>) {
            if let value = node[key].flatMap({ integer($0, key, in: range) }) { limits[keyPath: path] = value }
        }
        take("connections", 16...100_000, \.connections)
        take("connections-per-address", 1...100_000, \.connectionsPerAddress)
        if let span = node["request-time"].flatMap({ self.span($0, "request-time", in: 1...600) }) {
            limits.requestMilliseconds = Int(span.seconds) * 1000
        }
        if let span = node["idle-time"].flatMap({ self.span($0, "idle-time", in: 1...3600) }) {
            limits.idleMilliseconds = Int(span.seconds) * 1000
        }
        return limits
    }
}
