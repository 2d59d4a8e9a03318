import JSON
import RotaCore
import Testing

@testable import Engine

/// What exported audit logs say of lives of a store that it does not remember.
struct ExportedAuditTests {
    private let token = TokenID("tok_a")
    private let first = Self.digest(1)
    private let second = Self.digest(2)

    private static func digest(_ byte: UInt8) -> Digest? { Digest(bytes: [UInt8](repeating: byte, count: 32)) }

    private func entry(_ action: String, day: Int, _ number: Int64, _ digest: Digest? = nil) -> JSON {
        var after: JSON.Object = ["version": .integer(number)]
        if let digest { after["digest"] = .string(digest.description) }
        return [
            "action": .string(action), "object": .string(token.text), "at": .string("2026-11-0\(day)T00:00:00Z"),
            "after": .object(after),
        ]
    }

    private func read(_ files: [[(Int64, JSON)]]) -> FormerLife {
        var audit = ExportedAudit()
        for file in files {
            audit.beginFile()
            for (number, entry) in file { audit.add(entry, number: number) }
        }
        return audit.read()
    }

    private func version(_ number: Int, _ digest: Digest?) -> Version {
        Version(number: number, state: .previous, digest: digest, hint: "", issuedAt: nil)
    }

    @Test(
        arguments: [
            ([1, 2, 3], 5, 3, []), ([4, 5, 6, 7], 5, 7, []), ([9, 7], 5, 9, [6...6, 8...8]),
            // Whoever wrote the file may have written any number.
            ([7, Int64.max], 5, Int64.max, [6...6, 8...(Int64.max - 1)]), ([-3, 0, 6], 5, 6, []),
        ] as [([Int64], Int64, Int64, [ClosedRange<Int64>])])
    func `what neither the file nor the store has is told`(
        _ numbers: [Int64], _ size: Int64, _ newest: Int64, _ gaps: [ClosedRange<Int64>]
    ) {
        var audit = ExportedAudit()
        for number in numbers { audit.add(entry("version.arm", day: 1, 1), number: number) }
        let extent = audit.extent(besides: size)
        #expect(extent.gaps == gaps)
        #expect(extent.newest == newest)
        #expect(extent.remarks.isEmpty == (newest == size && gaps.isEmpty))
    }

    @Test func `a later file is read after an earlier one, whichever is given first, and what both have counts once`()
        throws
    {
        let (first, second) = (try #require(first), try #require(second))
        let before: [(Int64, JSON)] = [(1, entry("version.arm", day: 1, 2, first))]
        let former: [(Int64, JSON)] = before + [(2, entry("version.retire", day: 2, 2))]
        let later = [(Int64(2), entry("version.adopt", day: 3, 3, second)), (3, entry("version.retire", day: 4, 3))]
        let latter = before + later
        for files in [[former, latter], [latter, former]] {
            let life = read(files)
            #expect(life.hasEnded(first) && life.hasEnded(second))
            #expect(life.version(of: second)?.version == 3)
        }
    }

    @Test func `an end is of the value that had the number then`() throws {
        let (first, second) = (try #require(first), try #require(second))
        let life = read([
            [
                (1, entry("version.arm", day: 1, 2, first)), (2, entry("version.retire", day: 2, 2)),
                (3, entry("version.arm", day: 3, 2, second)),
            ]
        ])
        #expect(life.hasEnded(version(2, first), of: token))
        #expect(life.hasEnded(version(7, first), of: token))
        #expect(!life.hasEnded(version(2, second), of: token))
    }

    @Test func `a value whose making no entry tells is told by its number`() throws {
        let (first, second) = (try #require(first), try #require(second))
        let life = read([
            [(1, entry("version.retire", day: 1, 2)), (2, entry("version.arm", day: 2, 2, second))]
        ])
        #expect(life.hasEnded(version(2, first), of: token) && life.hasEnded(version(2, nil), of: token))
        #expect(!life.hasEnded(version(2, second), of: token) && !life.hasEnded(version(1, first), of: token))
        #expect(!life.hasEnded(version(2, first), of: TokenID("tok_b")))
    }

    @Test func `a value that a later life has taken back is not ended`() throws {
        let first = try #require(first)
        let life = read([
            [
                (1, entry("version.arm", day: 1, 2, first)), (2, entry("version.retire", day: 2, 2)),
                (3, entry("version.adopt", day: 3, 4, first)),
            ]
        ])
        #expect(!life.hasEnded(first))
    }

    @Test func `the first value of a token is known by its own entry`() throws {
        let first = try #require(first)
        var audit = ExportedAudit()
        audit.add([
            "action": "token.import", "object": .string(token.text),
            "after": ["version": ["number": 1, "digest": .string(first.description)]],
        ])
        audit.add(entry("version.retire", day: 1, 1))
        #expect(audit.read().hasEnded(first))
    }
}
