import RotaCore
import Testing

@testable import Engine

/// Findings are looked up among very many, without a set of them.
@Suite struct FindingKeysTests {
    private func key(_ number: Int, _ rule: String = "max-age") -> FindingKey {
        FindingKey(TokenID("tok_\(number)"), "rotation", rule)
    }

    @Test func `each that is in is found, and no other`() {
        let keys = FindingKeys((0..<1_000).map { key($0) })
        #expect((0..<1_000).allSatisfy { keys.contains(key($0)) })
        #expect((1_000..<2_000).allSatisfy { !keys.contains(key($0)) })
        #expect(!keys.contains(key(7, "unused-for")))
    }

    @Test(arguments: [0, 1, 2, 3])
    func `a few are found, too`(count: Int) {
        let keys = FindingKeys((0..<count).map { key($0) })
        #expect((0..<4).map { keys.contains(key($0)) } == (0..<4).map { $0 < count })
    }
}
