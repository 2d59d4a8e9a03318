import Crypto
import Engine
import RotaCore
import Stores
import TestSupport
import Testing

@Suite struct ImportTests {
    private static let header =
        "name,issuer,owner,scopes,labels,created_at,value_issued_at,expires_at,last_used_at,destinations,digest\n"
    private static let now = Instant(seconds: 1_795_392_000)
    private let folder: ScratchFolder
    private let store: any Store

    init() throws {
        folder = try ScratchFolder()
        let location = "sqlite:\(folder.path)/store/rota.db"
        let change = Change(actor: "test", at: Self.now, cause: "set up")
        try createStore(
            at: location, identity: StoreIdentity(instance: "test", generation: 1, createdAt: Self.now), change: change)
        store = try openStore(at: location, endpoints: [Endpoint(name: "all", events: [Glob("*")], retries: [])])
    }

    private func take(
        _ text: String, json: Bool = false, issuer: Issuer? = nil, columns: [String: String] = [:],
        dryRun: Bool = false, chunk: Int = 7
    ) throws -> ImportSummary {
        let bytes = Array(text.utf8)
        let request = ImportRequest(
            file: json ? "tokens.json" : "tokens.csv", format: json ? .json : .csv, issuer: issuer, columns: columns,
            vaults: ["local"], dryRun: dryRun)
        return try importInventory(
            request,
            from: { each in
                // Small chunks: a record is cut anywhere.
                for start in stride(from: 0, to: bytes.count, by: chunk) {
                    try each(Array(bytes[start..<min(start + chunk, bytes.count)]))
                }
            }, into: store, change: Change(actor: "test", at: Self.now, cause: "import"), random: SeededRandom())
    }

    private func faults(_ text: String, json: Bool = false, issuer: Issuer? = nil) throws -> [String] {
        do {
            _ = try take(text, json: json, issuer: issuer)
            return []
        } catch let error as InventoryFaults {
            return error.faults.map(\.description)
        }
    }

    private func count() throws -> Int {
        var count = 0
        try store.eachToken(states: []) { _ in
            count += 1
            return true
        }
        return count
    }

    private func auditCount() throws -> Int {
        var count = 0
        try store.eachAuditEntry(from: 0, object: nil) { _ in
            count += 1
            return true
        }
        return count
    }

    @Test func `a row becomes a token with its facts asserted`() throws {
        let digest = "sha256:" + String(repeating: "ab", count: 32)
        let summary = try take(
            "\u{FEFF}" + Self.header
                + "a,rota,team-a,x:read y:write,env=prod;tier=1,2026-01-02,2026-03-04,2027-01-01,never,"
                + "local:apps/a,\(digest)\r\n"
                + "\"b, \"\"quoted\"\"\",external:aws-iam,,,,2026-01-02,,,2026-10-01T10:00:00+02:00,,\r\n")
        #expect(summary.added == 2)
        let first = try #require(try store.token(named: "a"))
        #expect(first.scopes == ["x:read", "y:write"])
        #expect(first.labels == ["env": "prod", "tier": "1"])
        #expect(first.values.currentIssuedAt == Instant("2026-03-04"))
        #expect(first.usage == .neverUsed(since: first.createdAt))
        #expect(first.provenance == .asserted)
        #expect(try store.destinations(of: first.id).map(\.description) == ["local:apps/a"])
        #expect(try store.versions(of: first.id).map(\.digest?.description) == [digest])
        let second = try #require(try store.token(named: "b, \"quoted\""))
        #expect(second.issuer == .external(kind: "aws-iam"))
        #expect(second.usage == .lastUsed(try #require(Instant("2026-10-01T08:00:00Z"))))
    }

    @Test func `a second import of the same file changes nothing but says that it was done`() throws {
        let text = Self.header + "a,rota,team-a,,,2026-01-02,,,,local:apps/a,\nb,rota,,,,2026-01-02,,,,,\n"
        #expect(try take(text).added == 2)
        let before = try #require(try store.token(named: "a"))
        let entries = try auditCount()
        let again = try take(text)
        #expect((again.added, again.updated, again.unchanged) == (0, 0, 2))
        #expect(try store.token(named: "a") == before)
        #expect(try auditCount() == entries + 1)
    }

    @Test func `a known token gets new metadata, and keeps its values, dates and state`() throws {
        _ = try take(Self.header + "a,rota,team-a,,,2026-01-02,2026-03-04,,,,\n")
        let summary = try take(Self.header + "a,rota,team-b,,,2020-01-01,2020-01-01,2027-01-01,,local:apps/a,\n")
        #expect(summary.updated == 1)
        let token = try #require(try store.token(named: "a"))
        #expect(token.owner == "team-b")
        #expect(token.values.currentIssuedAt == Instant("2026-03-04"))
        #expect(token.expiresAt == nil)
        #expect(token.destinationCount == 1)
    }

    @Test func `a revoked token is not brought back by its old row`() throws {
        let text = Self.header + "a,rota,,,,2026-01-02,,,,,\n"
        _ = try take(text)
        let id = try #require(try store.token(named: "a")).id
        _ = try store.transaction {
            try store.revokeToken(id, change: Change(actor: "test", at: Self.now, cause: "leaked"))
        }
        #expect(try take(text).unchanged == 1)
        #expect(try store.token(id)?.state == .revoked)
        #expect(try count() == 1)
    }

    @Test func `a dry run counts and changes nothing`() throws {
        let entries = try auditCount()
        #expect(try take(Self.header + "a,rota,,,,2026-01-02,,,,,\n", dryRun: true).added == 1)
        #expect(try count() == 0)
        #expect(try auditCount() == entries)
    }

    @Test func `every fault is told with its line, and nothing of the file is imported`() throws {
        var text = Self.header
        for line in 2...776 { text += "t\(line),rota,,,,2026-01-02,,,,,\n" }
        text += "bad,rota,,,,2026-02-30,,,,,\nt5,rota,,,,2026-01-02,,,,,\n,rota,,,,,,,,nowhere:x,\n"
        #expect(
            try faults(text) == [
                "line 777: '2026-02-30' in created_at is not a time",
                "line 778: the name 't5' is also on line 5",
                "line 779: name is empty",
                "line 779: there is no vault named 'nowhere'",
            ])
        #expect(try count() == 0)
    }

    @Test(arguments: [
        ("", "line 1: the inventory has no rows"),
        ("name,issuer\n", "line 1: the inventory has no rows"),
        ("name,isuer\na,rota\n", "line 1: there is no column 'isuer'"),
        ("name,name\n", "line 1: the column 'name' is there twice"),
        ("name\na\n", "line 2: issuer is missing"),
        ("name,issuer\na,aws\n", "line 2: 'aws' is not an issuer"),
        ("name,issuer\na,rota,x\n", "line 2: there are 3 fields under 2 columns"),
        ("name,issuer\n\"a,rota\n", "line 2: a quote is opened and never closed"),
        ("name,issuer\na\"b,rota\n", "line 2: a quote stands within a field"),
        ("name,issuer,state\na,rota,gone\n", "line 2: 'gone' is not a state"),
        ("name,issuer,digest\na,rota,abc\n", "line 2: digest is not sha256:<64 hexadecimal digits>"),
        ("name,issuer,destinations\na,rota,local\n", "line 2: 'local' is not a destination"),
        ("name,issuer,destinations\na,rota,local:../out\n", "line 2: 'local:../out' is not a destination"),
        ("name,issuer,labels\na,rota,env\n", "line 2: 'env' is not a label"),
        ("name,issuer,prefix\na,rota,X\n", "line 2: 'X' is not a prefix"),
        ("name,issuer,value_issued_at\na,rota,2036-01-01\n", "line 2: value_issued_at is in the future"),
        (
            "name,issuer,created_at,expires_at\na,rota,2026-01-01,2025-01-01\n",
            "line 2: expires_at is not after created_at"
        ),
    ])
    func `a wrong CSV is refused with the place and the reason`(text: String, fault: String) throws {
        #expect(try faults(text).first == fault)
        #expect(try count() == 0)
    }

    @Test(arguments: [
        ("", "line 1: the file ends within its array"),
        ("{}", "line 1: this is not an array of objects"),
        ("[1]", "line 1: this is not an array of objects"),
        ("[{\"name\": \"a\",\n \"issuer\": }]", "line 2: "),
        ("[\n{\"name\": \"a\", \"issuer\": \"rota\", \"owner\": 5}]", "line 2: 'owner' is not a text"),
    ])
    func `a wrong JSON is refused with the place and the reason`(text: String, fault: String) throws {
        #expect(try faults(text, json: true).first?.hasPrefix(fault) == true)
    }

    @Test func `JSON may give lists and labels as they are`() throws {
        let text = """
            [ {"name": "a", "issuer": "rota", "scopes": ["x:read", "y"], "labels": {"env": "prod"},
               "destinations": ["local:apps/a"], "last_used_at": null} ,
              {"name": "b \\" ]", "owner": "t"} ]
            """
        #expect(try take(text, json: true, issuer: .rota).added == 2)
        #expect(try store.token(named: "a")?.labels == ["env": "prod"])
        #expect(try store.token(named: "b \" ]")?.owner == "t")
    }

    @Test func `their columns are mapped to ours or left out`() throws {
        let summary = try take(
            "user,arn,password\na,arn:1,secret\n", issuer: .external(kind: "aws-iam"),
            columns: ["user": "name", "arn": "external_id", "password": ""])
        #expect(summary.added == 1)
        #expect(try store.token(issuer: .external(kind: "aws-iam"), externalID: "arn:1")?.name == "a")
    }

    @Test func `a token of another issuer is not taken over by its name`() throws {
        _ = try take(Self.header + "a,rota,team-a,x:read,env=prod,2026-01-02,,,,,\n")
        let found = try faults("name,issuer\na,external:aws-iam\n")
        #expect(found == ["line 2: an active token named 'a' of rota exists already"])
        #expect(try store.token(named: "a")?.owner == "team-a")
    }

    @Test func `a column that the file does not have is not changed, and an empty one is emptied`() throws {
        _ = try take(Self.header + "a,rota,team-a,x:read,env=prod,2026-01-02,,,,,\n")
        #expect(try take("name,issuer\na,rota\n").unchanged == 1)
        #expect(try take("name,issuer,owner\na,rota,\n").updated == 1)
        let token = try #require(try store.token(named: "a"))
        #expect(token.owner == "")
        #expect(token.labels == ["env": "prod"])
    }

    @Test func `an external id or a digest that two rows have is told with both lines`() throws {
        let digest = "sha256:" + String(repeating: "cd", count: 32)
        let text = "name,issuer,external_id,digest\na,rota,1,\(digest)\nb,rota,1,\(digest)\n"
        #expect(
            try faults(text) == [
                "line 3: the external_id '1' is also on line 2", "line 3: the digest is also on line 2",
            ])
    }

    @Test func `a destination is not added while a rotation is unfinished`() throws {
        _ = try take(Self.header + "a,rota,,,,2026-01-02,,,,local:apps/a,\n")
        let id = try #require(try store.token(named: "a")).id
        let change = Change(actor: "test", at: Self.now, cause: "rotate")
        _ = try store.transaction {
            try store.claimRotation(
                of: id, fromVersion: 1, overlap: .zero, cap: OverlapCap(), trigger: nil, change: change)
        }
        let found = try faults("name,issuer,destinations\na,rota,local:apps/b\n")
        #expect(found.first?.hasPrefix("line 2: a rotation of") == true)
        #expect(try store.destinations(of: id).count == 1)
    }
}
