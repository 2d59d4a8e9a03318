/// Why bytes are no zone.
package struct ZoneFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// A lower case sentence without a full stop.
    package var description: String
}

extension Zone {
    /// Reads a file of the zone database in the format TZif, version 2 or later (RFC 9636).
    ///
    /// Only the block with times of 64 bits and the rule behind it are read; names of the offsets are not kept.
    package init(name: String, tzif bytes: [UInt8]) throws(ZoneFault) {
        var reader = ByteReader(bytes: bytes)
        // The first block is for readers of version 1, with times of 32 bits.
        let old = try Header(&reader)
        guard old.version >= UInt8(ascii: "2") else { throw .damaged("it is of an old format") }
        try reader.skip(old.length(timeSize: 4))
        let header = try Header(&reader)
        guard header.leapSeconds == 0 else { throw .damaged("it counts leap seconds, which nothing here does") }
        let times = try reader.integers(header.times, size: 8)
        let indices = try reader.integers(header.times, size: 1)
        var offsets: [Int64] = []
        for _ in 0..<header.types {
            offsets.append(try reader.integer(size: 4))
            try reader.skip(2)
        }
        try reader.skip(header.letters + header.standardFlags + header.universalFlags)
        guard let first = offsets.first, offsets.allSatisfy({ abs($0) < Zone.farthestOffset }),
            indices.allSatisfy({ $0 >= 0 && $0 < offsets.count }), zip(times, times.dropFirst()).allSatisfy({ $0 < $1 })
        else { throw .damaged("its table of offsets makes no sense") }
        let rule = try reader.line()
        self.init(
            name: name, offsetAtFirst: first,
            transitions: zip(times, indices).map { Transition(at: $0, offset: offsets[Int($1)]) },
            rule: try rule.isEmpty ? nil : Self.rule(rule))
    }

    private static func rule(_ text: String) throws(ZoneFault) -> ZoneRule {
        guard let rule = ZoneRule(text) else { throw .damaged("its rule for later years cannot be read") }
        return rule
    }
}

extension ZoneFault {
    fileprivate static func damaged(_ why: String) -> ZoneFault {
        ZoneFault(description: "the zone file cannot be used: \(why)")
    }
}

/// What a block begins with: how many there are of each thing in it.
private struct Header {
    var version: UInt8
    var universalFlags: Int
    var standardFlags: Int
    var leapSeconds: Int
    var times: Int
    var types: Int
    var letters: Int

    init(_ reader: inout ByteReader) throws(ZoneFault) {
        guard try reader.integer(size: 4) == 0x545A_6966 else { throw .damaged("it is no TZif file") }
        version = UInt8(truncatingIfNeeded: try reader.integer(size: 1))
        try reader.skip(15)
        var counts: [Int] = []
        for count in try reader.integers(6, size: 4) {
            guard (0...100_000).contains(count) else { throw .damaged("it says of itself that it is huge") }
            counts.append(Int(count))
        }
        (universalFlags, standardFlags, leapSeconds) = (counts[0], counts[1], counts[2])
        (times, types, letters) = (counts[3], counts[4], counts[5])
    }

    /// Bytes of the block behind its header.
    func length(timeSize: Int) -> Int {
        times * (timeSize + 1) + types * 6 + letters + leapSeconds * (timeSize + 4) + standardFlags
            + universalFlags
    }
}

/// Walks bytes; whole numbers are big-endian, with a sign.
private struct ByteReader {
    let bytes: [UInt8]
    var position = 0

    mutating func skip(_ count: Int) throws(ZoneFault) {
        guard count <= bytes.count - position else { throw .damaged("it ends too early") }
        position += count
    }

    mutating func integer(size: Int) throws(ZoneFault) -> Int64 {
        let start = position
        try skip(size)
        let value = bytes[start..<position].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let unused = 64 - 8 * UInt64(size)
        return Int64(bitPattern: value << unused) >> Int64(unused)
    }

    mutating func integers(_ count: Int, size: Int) throws(ZoneFault) -> [Int64] {
        guard count <= (bytes.count - position) / size else { throw .damaged("it ends too early") }
        var values: [Int64] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(try integer(size: size)) }
        return values
    }

    /// The text between two line ends.
    mutating func line() throws(ZoneFault) -> String {
        guard try integer(size: 1) == 10, let end = bytes[position...].firstIndex(of: 10) else {
            throw .damaged("it ends too early")
        }
        return String(decoding: bytes[position..<end], as: UTF8.self)
    }
}
