import Addresses
import Testing

@testable import HTTPClient

struct `An address policy` {
    private func ranges(_ texts: String...) throws -> [CIDR] { try texts.map { try CIDR($0) } }

    @Test(arguments: [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1",
        "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.51.100.1",
        "203.0.113.7",
        "224.0.0.1", "240.0.0.1", "255.255.255.255", "168.63.129.16", "100.100.100.200", "::", "::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1",
        "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1", "2001::1", "2001:db8::1", "3fff::1", "fc00::1",
        "fd00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "100::1", "4000::1",
    ])
    func `for public addresses refuses special ones`(text: String) throws {
        #expect(!AddressPolicy.publicOnly().allows(try #require(IPAddress(text))))
    }

    @Test(arguments: [
        "1.1.1.1", "9.255.255.255", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1",
        "192.167.0.1",
        "223.255.255.254", "2606:4700::1111", "2a00:1450::1", "::ffff:1.1.1.1", "64:ff9b::101:101",
        "2002:101:101::1",
    ])
    func `for public addresses takes public ones`(text: String) throws {
        #expect(AddressPolicy.publicOnly().allows(try #require(IPAddress(text))))
    }

    @Test func `takes what its list allows, in every spelling of the address`() throws {
        let policy = AddressPolicy.publicOnly(allowing: try ranges("10.0.0.0/8", "fd00::/16"))
        for text in ["10.9.8.7", "::ffff:10.9.8.7", "64:ff9b::a09:807", "fd00::1"] {
            #expect(policy.allows(try #require(IPAddress(text))), "\(text)")
        }
        for text in ["127.0.0.1", "fd01::1", "fd00:ec2::254"] {
            #expect(!policy.allows(try #require(IPAddress(text))), "\(text)")
        }
    }

    @Test(arguments: [
        "169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "fd00:ec2::254", "168.63.129.16",
    ])
    func `opens metadata addresses only to a range within theirs`(text: String) throws {
        let address = try #require(IPAddress(text))
        let wide = try ranges("0.0.0.0/0", "::/0", "169.0.0.0/8")
        #expect(!AddressPolicy.any.allows(address))
        #expect(!AddressPolicy.any(allowing: wide).allows(address))
        #expect(!AddressPolicy.publicOnly(allowing: wide).allows(address))
        let exact = [try CIDR((address.embedded ?? address).description)]
        #expect(AddressPolicy.any(allowing: exact).allows(address))
        #expect(AddressPolicy.publicOnly(allowing: exact).allows(address))
    }

    @Test func `for vaults takes internal addresses`() throws {
        for text in ["10.0.0.1", "127.0.0.1", "::1", "fd12::1", "100.64.0.1"] {
            #expect(AddressPolicy.any.allows(try #require(IPAddress(text))), "\(text)")
        }
    }
}
