import Crypto
import RotaCore
import TestSupport
import Testing

@testable import Engine

/// Inventories that are so large that indexes are made anew.
@Suite struct ImportLoadTests {
    private let bench: ImportBench
    private static let count = 20_001

    init() throws { bench = try ImportBench() }

    private static func inventory(from first: Int = 0) -> String {
        var text = "name,issuer,external_id,destinations,digest\n"
        // Neither in the order of names nor of ids.
        for number in first..<first + count {
            let shuffled = first + (number * 7_919) % count
            let digest = Hex.encode(SHA256.digest(of: "\(shuffled)"))
            text += "t\(shuffled),rota,e\(shuffled),local:t/\(shuffled),sha256:\(digest)\n"
        }
        return text
    }

    @Test func `a large inventory is added like a small one`() throws {
        try bench.take("name,issuer\nbefore,rota\n")
        let text = Self.inventory()
        #expect(try bench.take(text, chunk: 1 << 16).added == Self.count)
        let token = try bench.token("t777")
        #expect(try bench.store.token(issuer: .rota, externalID: "e777") == token)
        #expect(try bench.store.holder(of: Destination(vault: "local", path: "t/777"), otherThan: nil) == token)
        let digest = try #require(Digest(bytes: SHA256.digest(of: "777")))
        #expect(try bench.store.version(with: digest)?.token == token)
        #expect(try bench.store.countActive() == Self.count + 1)
        // The indexes hold again.
        #expect(try bench.faults("name,issuer,digest\nx,rota,\(digest)\n").count == 1)
        #expect(try bench.take(text, chunk: 1 << 16).unchanged == Self.count)
    }

    @Test func `a twin in a large inventory is told with both lines, and nothing is added`() throws {
        let text = Self.inventory() + "t5,rota,other,,\n"
        let faults = try bench.faults(text)
        #expect(faults == ["line \(Self.count + 2): the name 't5' is also on line \(try line(of: "t5", in: text))"])
        #expect(try bench.tokens().isEmpty)
    }

    private func line(of name: String, in text: String) throws -> Int {
        let lines = text.split(separator: "\n")
        return try #require(lines.firstIndex { $0.hasPrefix(name + ",") }) + 1
    }
}

@Suite struct FingerprintSetTests {
    @Test func `what was added is found, and hardly anything else`() {
        var chance = SeededNumbers(seed: 3)
        var set = FingerprintSet()
        let members = (0..<100_000).map { _ in chance.next() }
        #expect(members.allSatisfy { set.insert($0) })
        #expect(members.allSatisfy { set.contains($0) && !set.insert($0) })
        #expect((0..<100_000).count { _ in set.contains(chance.next()) } == 0)
    }

    @Test func `bits are kept in their places`() {
        var list = BitList()
        for index in 0..<200 { list.append(index.isMultiple(of: 3)) }
        #expect((0..<200).allSatisfy { list[$0] == $0.isMultiple(of: 3) })
        #expect(list.countOfTrue == 67)
    }
}

/// SplitMix64.
private struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
