/// Which bytes may stand somewhere in a head: one look-up for each byte.
struct ByteKinds: OptionSet {
    let rawValue: UInt8

    /// Of the name of a field (RFC 9110 section 5.6.2).
    static let token = ByteKinds(rawValue: 1)
    /// Of the value of a field: no control character but the tab.
    static let value = ByteKinds(rawValue: 2)
    /// Of a Host: a name, an address in brackets, and a port.
    static let host = ByteKinds(rawValue: 4)

    /// By byte.
    fileprivate static let all: [UInt8] = (UInt8.min...UInt8.max).map { byte in
        var kinds: ByteKinds = []
        if isTokenByte(byte) { kinds.insert(.token) }
        if byte >= 0x20 && byte != 0x7F || byte == 0x09 { kinds.insert(.value) }
        if isHostByte(byte) { kinds.insert(.host) }
        return kinds.rawValue
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122: true
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E...0x60, 0x7C, 0x7E: true
        default: false
        }
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122: true
        default: ".-_:[]~%".utf8.contains(byte)
        }
    }
}

extension Span<UInt8> {
    /// Whether all of these bytes are of one kind.
    func areAll(in kind: ByteKinds) -> Bool {
        let kinds = ByteKinds.all.span
        for index in indices where kinds[Int(self[index])] & kind.rawValue == 0 { return false }
        return true
    }
}
