/// A range of addresses, such as `10.0.0.0/8` or `fd00::/8`; a bare address is a range of one.
package struct CIDR: Sendable, Hashable, CustomStringConvertible {
    let base: IPAddress
    let prefix: Int

    /// Why a text is no range, as a sentence with a hint.
    package struct Fault: Error, Sendable, Hashable, CustomStringConvertible {
        package let description: String
    }

    /// Reads a range strictly; throws where it is not one, or has bits set beyond its prefix.
    package init(_ text: String) throws(Fault) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let base = IPAddress(String(parts[0])) else {
            throw Fault(
                description: "'\(text)' is not an address range; write one such as 10.0.0.0/8 or fd00::/8")
        }
        var prefix = base.width
        if parts.count == 2 {
            guard let length = Self.prefixLength(parts[1]), length <= base.width else {
                throw Fault(
                    description: "'\(text)' has no valid prefix length; give a number from 0 to \(base.width)"
                )
            }
            prefix = length
        }
        self.init(base: base, prefix: prefix)
        guard low == base.value else {
            throw Fault(
                description: "'\(text)' has bits set beyond its prefix; write a single address without '/', "
                    + "or the start of the range")
        }
    }

    private init(base: IPAddress, prefix: Int) {
        self.base = base
        self.prefix = prefix
    }

    package var description: String { "\(base)/\(prefix)" }

    package func contains(_ address: IPAddress) -> Bool {
        address.width == base.width && (low...high).contains(address.value)
    }

    package func contains(_ other: CIDR) -> Bool {
        other.prefix >= prefix && contains(other.base)
    }

    private var hostMask: UInt128 {
        let bits = base.width - prefix
        return bits == 128 ? .max : (UInt128(1) << UInt128(bits)) - 1
    }

    private var low: UInt128 { base.value & ~hostMask }
    private var high: UInt128 { base.value | hostMask }

    private static func prefixLength(_ text: Substring) -> Int? {
        guard (1...3).contains(text.utf8.count), text == "0" || !text.hasPrefix("0"),
            text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return Int(text)
    }
}
