import Glibc

/// An IPv4 or IPv6 address as a number.
package struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    /// 32 for IPv4, 128 for IPv6.
    package let width: Int
    package let value: UInt128

    /// Strict dotted or colon notation: no names, no zones, no octal, hexadecimal or short forms.
    package init?(_ text: String) {
        guard !text.utf8.contains(0) else { return nil }
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 {
            self.init(bytes: bytes.prefix(4))
        } else if inet_pton(AF_INET6, text, &bytes) == 1 {
            self.init(bytes: bytes[...])
        } else {
            return nil
        }
    }

    /// The address of a socket address; nil for every family but IPv4 and IPv6.
    package init?(family: Int32, socketAddress: UnsafeRawBufferPointer) {
        // Both layouts start with family and port; IPv6 has its flow label before the address.
        let place = family == AF_INET ? 4..<8 : 8..<24
        guard family == AF_INET || family == AF_INET6, socketAddress.count >= place.upperBound else {
            return nil
        }
        self.init(bytes: Array(socketAddress[place])[...])
    }

    private init(bytes: ArraySlice<UInt8>) {
        width = bytes.count * 8
        value = bytes.reduce(0) { $0 << 8 | UInt128($1) }
    }

    package init(version6 value: UInt128) {
        width = 128
        self.value = value
    }

    private init(version4 value: UInt128) {
        width = 32
        self.value = value & 0xFFFF_FFFF
    }

    /// Whether it is this machine alone.
    package var isLoopback: Bool {
        width == 32 ? value >> 24 == 127 : value == 1 || embedded?.isLoopback ?? false
    }

    /// The IPv4 address that this IPv6 address leads to: mapped, translated (NAT64) or tunnelled (6to4).
    package var embedded: IPAddress? {
        guard width == 128 else { return nil }
        switch value >> 32 {
        case 0xFFFF, 0x64_FF9B << 64: return IPAddress(version4: value)
        default: return value >> 112 == 0x2002 ? IPAddress(version4: value >> 80) : nil
        }
    }

    package var description: String {
        let bytes = (0..<width / 8).reversed().map { UInt8(truncatingIfNeeded: value >> UInt128($0 * 8)) }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(width == 32 ? AF_INET : AF_INET6, bytes, &text, socklen_t(text.count)) != nil else {
            return "unknown address"
        }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
