import Engine
import RotaCore
import Stores
import TestSupport
import Testing

/// What others do to the store while an inventory is checked. It is read once for its digest, once to be checked, and
/// then for each step that changes something.
@Suite struct ImportMeanwhileTests {
    private static let digestTaken = 1
    private static let checked = 2

    private let bench: ImportBench
    private let change = Change(actor: "other", at: ImportBench.now, cause: "meanwhile")

    init() throws { bench = try ImportBench() }

    private func add(_ name: String, to store: any Store, issuer: Issuer = .external(kind: "elsewhere")) throws {
        let token = Token(
            id: TokenID(name), name: name, issuer: issuer, createdAt: change.at, createdBy: "other", usage: .unknown,
            values: ValueSummary(current: 1, currentIssuedAt: change.at), provenance: .asserted)
        try store.transaction {
            try store.addToken(
                token, version: Version(number: 1, state: .current, digest: nil, issuedAt: change.at),
                destinations: [], change: change)
        }
    }

    @Test func `others write while rows are checked, and not while they are taken in`() throws {
        let other = try bench.another()
        let text = "name,issuer\na,rota\n"
        var refused = 0
        let summary = try bench.take(text) { reading in
            do {
                try add("other-\(reading)", to: other)
            } catch StoreError.busy {
                refused += 1
            }
        }
        #expect(summary.added == 1)
        #expect(try bench.tokens().map(\.name) == ["a", "other-1", "other-2"])
        #expect(refused == 2, "the second check and the adding are within the transaction")
    }

    @Test func `a file that changes nothing holds up nobody, whatever they do meanwhile`() throws {
        let text = "name,issuer\na,rota\n"
        try bench.take(text)
        let other = try bench.another()
        var readings = 0
        let summary = try bench.take(text) { reading in
            readings = reading
            try add("other-\(reading)", to: other)
        }
        #expect(summary.unchanged == 1 && readings == Self.checked)
        #expect(try bench.audit().filter { $0.action == "inventory.import" }.count == 2)
    }

    @Test(arguments: [1, 20_001])
    func `a name that another takes after the check is a fault, and nothing is taken in`(_ count: Int) throws {
        let text = "name,issuer\n" + (0..<count).map { "t\($0),rota\n" }.joined()
        let other = try bench.another()
        let faults = #expect(throws: InventoryFaults.self) {
            try bench.take(text, chunk: 1 << 16) { reading in
                if reading == Self.checked { try add("t0", to: other) }
            }
        }
        #expect(
            faults?.faults.map(\.description)
                == ["line 2: an active token named 't0' of external:elsewhere exists already"])
        #expect(try bench.tokens().map(\.name) == ["t0"])
    }

    @Test func `a token that ends after the check is not changed`() throws {
        try bench.take("name,issuer,owner\na,rota,old\n")
        let other = try bench.another()
        let id = try bench.token("a").id
        let summary = try bench.take("name,issuer,owner\na,rota,new\n") { reading in
            guard reading == Self.checked else { return }
            try other.transaction { _ = try other.revokeToken(id, change: change) }
        }
        #expect(summary.updated == 0 && summary.unchanged == 1)
        #expect(try bench.token("a").owner == "old")
    }

    @Test func `what rotations do meanwhile does not have the rows checked again`() throws {
        try bench.take("name,issuer\na,rota\n")
        let other = try bench.another()
        let id = try bench.token("a").id
        var readings = 0
        let summary = try bench.take("name,issuer\na,rota\nb,rota\n") { reading in
            readings = reading
            guard reading == Self.checked else { return }
            try other.transaction {
                _ = try other.claimRotation(
                    of: id, fromVersion: 1, overlap: .hours(1), cap: OverlapCap(), trigger: nil, change: change)
            }
        }
        #expect(try bench.store.rotation(of: id) != nil)
        #expect(summary.added == 1 && readings == 3)
    }

    @Test func `a dry run looks at one state of the store, and keeps nobody from writing`() throws {
        let other = try bench.another()
        let summary = try bench.take("name,issuer\na,rota\n", dryRun: true) { reading in
            try add("other-\(reading)", to: other)
        }
        #expect(summary.added == 1)
        #expect(try bench.tokens().map(\.name) == ["other-1", "other-2"])
    }
}
