import Addresses
import HTTPServer

/// Where a use came from, as far as it is known.
struct Origin {
    var source: String?
    var agent: String?

    init(source: String?, agent: String?) {
        self.source = source
        self.agent = agent
    }

    /// Where a request came from.
    ///
    /// The word of a proxy that we trust is taken for it: the last address of X-Forwarded-For that is not itself
    /// such a proxy's, since each one adds at the end whom it saw.
    init(of request: Request, trusting proxies: [CIDR]) {
        source = Self.source(of: request, proxies)?.description
        agent = request.headers["user-agent"]
    }

    private static func source(of request: Request, _ proxies: [CIDR]) -> IPAddress? {
        func isTrusted(_ address: IPAddress) -> Bool { proxies.contains { $0.contains(address) } }
        var known: IPAddress?
        if case .address(let address) = request.peer {
            guard isTrusted(address) else { return address }
        }
        let hops = request.headers.all("x-forwarded-for").joined(separator: ",").split(separator: ",")
        for hop in hops.reversed() {
            // What cannot be read was not written by one whom we trust.
            let trimmed = hop.drop { $0 == " " || $0 == "\t" }
            guard let address = IPAddress(String(trimmed.prefix { $0 != " " && $0 != "\t" })) else { break }
            known = address.embedded ?? address
            if !isTrusted(address) { break }
        }
        return known
    }
}
