import Addresses
import Testing

struct `A range of addresses` {
    @Test(arguments: [
        "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/+8", "10.0.0.0/-1", "10.0.0.1/8",
        "10.0.0/8",
        "10.0.0.0/8/8", "010.0.0.0/8", "0x0a.0.0.0/8", "fd00::/129", "fd00::1/64", "fe80::1%eth0",
        "localhost",
        " 10.0.0.0/8", "10.0.0.0/8 ", "10.0.0.0/255.0.0.0", "10.0.0.0\u{0}/8",
        "10.0.0.0/99999999999999999999",
    ])
    func `that is not spelled strictly is refused`(text: String) {
        #expect(throws: CIDR.Fault.self) { try CIDR(text) }
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"), ("0.0.0.0/0", "255.255.255.255", "::1"),
        ("::/0", "ffff::1", "1.2.3.4"), ("fd00::/8", "fdff::1", "fe00::1"), ("1.2.3.4", "1.2.3.4", "1.2.3.5"),
        ("2001:db8::1", "2001:db8::1", "2001:db8::2"), ("128.0.0.0/1", "128.0.0.1", "127.255.255.255"),
    ])
    func `holds what is inside it and nothing else`(range: String, inside: String, outside: String) throws {
        let range = try CIDR(range)
        #expect(range.contains(try #require(IPAddress(inside))))
        #expect(!range.contains(try #require(IPAddress(outside))))
    }

    @Test func `prints as it is written`() throws {
        #expect(try CIDR("fd00::/8").description == "fd00::/8")
        #expect(try CIDR("10.1.2.3").description == "10.1.2.3/32")
    }
}
