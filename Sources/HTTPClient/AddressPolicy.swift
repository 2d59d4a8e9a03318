package import Addresses

/// Which addresses a client may connect to, decided on the address of the socket itself.
///
/// Names are not looked at: whatever a name resolves to is checked, and nothing resolves it again.
/// libcurl does not ask for a connection that it reuses, so a policy belongs to a client and never
/// to a request.
package struct AddressPolicy: Sendable, Hashable {
    private let publicOnly: Bool
    private let allowed: [CIDR]

    /// All addresses but the link-local and metadata ones: for vaults, which live on internal networks.
    package static let any = AddressPolicy(publicOnly: false, allowed: [])

    /// As `any`, with link-local or metadata ranges opened by name.
    package static func any(allowing ranges: [CIDR]) -> AddressPolicy {
        AddressPolicy(publicOnly: false, allowed: ranges)
    }

    /// Public unicast addresses, and the ranges given.
    ///
    /// Link-local and metadata addresses are only opened by a range that lies within theirs, so that
    /// `0.0.0.0/0` does not hand out the credentials of the machine.
    package static func publicOnly(allowing ranges: [CIDR] = []) -> AddressPolicy {
        AddressPolicy(publicOnly: true, allowed: ranges)
    }

    /// Unix sockets are no network addresses: only the open policy has them.
    var allowsUnixSockets: Bool { !publicOnly }

    func allows(_ address: IPAddress) -> Bool {
        // Judged by where the packets end up, and by the form it was written in.
        let forms = [address, address.embedded].compactMap { $0 }
        let ranges = allowed.filter { range in forms.contains { range.contains($0) } }
        let metadata = Ranges.metadata.filter { range in forms.contains { range.contains($0) } }
        guard metadata.allSatisfy({ outer in ranges.contains { outer.contains($0) } }) else { return false }
        return !publicOnly || !ranges.isEmpty || forms.allSatisfy(Self.isPublic)
    }

    private static func isPublic(_ address: IPAddress) -> Bool {
        if address.width == 32 { return !Ranges.special4.contains { $0.contains(address) } }
        // A mapped or translated address is as public as the one inside it, which is judged too.
        if address.embedded != nil { return true }
        return Ranges.global6.contains { $0.contains(address) }
            && !Ranges.special6.contains { $0.contains(address) }
    }
}

/// The special ranges, from the IANA special-purpose address registries and the clouds' own pages.
private enum Ranges {
    /// Link-local, and the metadata services of AWS, GCP, Alibaba and Azure outside it.
    static let metadata = list([
        "169.254.0.0/16", "fe80::/10", "fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "168.63.129.16",
    ])
    /// This network, private, shared (CGNAT), loopback, protocol, documentation, relay, benchmark,
    /// multicast, reserved and broadcast.
    static let special4 = list([
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    ])
    /// Global unicast: all else of IPv6 (loopback, unique local, link-local, multicast) is not public.
    static let global6 = list(["2000::/3"])
    /// Protocol assignments with Teredo, and documentation.
    static let special6 = list(["2001::/23", "2001:db8::/32", "3fff::/20"])

    private static func list(_ texts: [String]) -> [CIDR] {
        texts.map { text in
            do throws(CIDR.Fault) { return try CIDR(text) } catch { preconditionFailure(error.description) }
        }
    }
}
