import Crypto
import Engine
import JSON
import RotaCore
import TestSupport
import Testing

@Suite struct ImportTests {
    private static let header =
        "name,issuer,owner,scopes,labels,created_at,value_issued_at,expires_at,last_used_at,destinations,digest\n"
    private static let now = ImportBench.now
    /// A value as we make them.
    private static let minted = String(
        decoding: TokenValue.mint(prefix: "rota") { SeededRandom(seed: 3).bytes(60) }.copyBytes(), as: UTF8.self)
    private let bench: ImportBench
    private var store: any Store { bench.store }

    init() throws { bench = try ImportBench() }

    @Test func `a row becomes a token with its facts asserted`() throws {
        let digest = "sha256:" + String(repeating: "ab", count: 32)
        let summary = try bench.take(
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
        #expect(try bench.take(text).added == 2)
        let before = try #require(try store.token(named: "a"))
        let entries = try bench.audit().count
        let again = try bench.take(text)
        #expect((again.added, again.updated, again.unchanged) == (0, 0, 2))
        #expect(try store.token(named: "a") == before)
        #expect(try bench.audit().count == entries + 1)
    }

    @Test func `a known token gets new metadata, and keeps its values, dates and state`() throws {
        try bench.take(Self.header + "a,rota,team-a,,,2026-01-02,2026-03-04,,,,\n")
        let summary = try bench.take(Self.header + "a,rota,team-b,,,2020-01-01,2020-01-01,2027-01-01,,local:apps/a,\n")
        #expect(summary.updated == 1)
        let token = try #require(try store.token(named: "a"))
        #expect(token.owner == "team-b")
        #expect(token.values.currentIssuedAt == Instant("2026-03-04"))
        #expect(token.expiresAt == nil)
        #expect(token.destinationCount == 1)
    }

    @Test func `a revoked token is not brought back by its old row`() throws {
        let text = Self.header + "a,rota,,,,2026-01-02,,,,,\n"
        try bench.take(text)
        let id = try #require(try store.token(named: "a")).id
        _ = try store.transaction {
            try store.revokeToken(id, change: Change(actor: "test", at: Self.now, cause: "leaked"))
        }
        #expect(try bench.take(text).unchanged == 1)
        #expect(try store.token(id)?.state == .revoked)
        #expect(try bench.tokens().count == 1)
    }

    @Test func `a dry run counts and changes nothing`() throws {
        let entries = try bench.audit().count
        #expect(try bench.take(Self.header + "a,rota,,,,2026-01-02,,,,,\n", dryRun: true).added == 1)
        #expect(try bench.tokens().count == 0)
        #expect(try bench.audit().count == entries)
    }

    @Test func `a value in the place of a name or an id is a fault that does not tell it`() throws {
        let value = "rota_xK7Qm2Wv9Lr4Tz8Bn3Hd6Jf1Pc5Gs0aaaaaa"
        for text in [
            "name,issuer,external_id\n\(value),rota,\na,rota,\(value)\n", "\(value),rota\nb,rota\n",
            "name,issuer,state\na,\(value),\nb,rota,\(value)\n",
            "name,issuer,description,labels\na,rota,see \(Self.minted),\nb,rota,,key=\(Self.minted)\n",
        ] {
            do {
                try bench.take(text)
                Issue.record("it was taken in")
            } catch let error as InventoryFaults {
                // A file without titles is told once.
                #expect(error.count >= (text.hasPrefix("name") ? 2 : 1))
                for part in ["xK7Qm2Wv", String(Self.minted.dropFirst(5).prefix(8))] {
                    #expect(!error.faults.contains { "\($0.message) \($0.hint)".contains(part) })
                }
            }
        }
        #expect(try bench.tokens().count == 0)
    }

    @Test func `an added token is told with what its row gives, as it was understood`() throws {
        let text = "who,team,issuer,last_used_at,made\na,web,rota,never,2026-01-02\nb,,rota,,\n"
        let columns = ColumnMapping(renamed: ["who": .name, "team": .owner, "made": .createdAt])
        let changes = try bench.take(text, columns: columns, dryRun: true).changes
        #expect(
            changes.first?.fields == [
                FieldChange(.issuer, "", "rota"), FieldChange(.owner, "", "web"),
                FieldChange(.createdAt, "", "2026-01-02T00:00:00Z"), FieldChange(.lastUsedAt, "", "never"),
            ])
        #expect(changes.last?.fields.map(\.field) == ["issuer"])
    }

    @Test func `as many changes are told as are asked for`() throws {
        let text = "name,issuer\n" + (0..<500).map { "t\($0),rota\n" }.joined()
        let few = try bench.take(text, dryRun: true)
        #expect(few.changes.count == ImportSummary.mostTold && few.untold == 300)
        let all = try bench.take(text, dryRun: true, mostTold: .max)
        #expect(all.changes.count == 500 && all.untold == 0 && all.added == 500)
    }

    @Test func `every fault is told with its line, and nothing of the file is imported`() throws {
        var text = Self.header
        for line in 2...776 { text += "t\(line),rota,,,,2026-01-02,,,,,\n" }
        text += "bad,rota,,,,2026-02-30,,,,,\nt5,rota,,,,2026-01-02,,,,,\n,rota,,,,,,,,nowhere:x,\n"
        #expect(
            try bench.faults(text) == [
                "line 777: '2026-02-30' in created_at is not a time",
                "line 778: the name 't5' is also on line 5",
                "line 779: name is empty",
                "line 779: there is no vault 'nowhere' in the configuration",
            ])
        #expect(try bench.tokens().count == 0)
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
        ("name;issuer\na;rota\nb;rota\n", "line 1: the file seems to be separated by semicolons"),
        ("\n\"name\";\"issuer\"\n\"a\";\"rota\"\n", "line 2: the file seems to be separated by semicolons"),
        ("name;\"issuer\"\na;rota\n", "line 1: the file seems to be separated by semicolons"),
        ("name,issuer\na\"b,rota\n", "line 2: a quote stands within a field"),
        ("name,issuer,state\na,rota,gone\n", "line 2: 'gone' is not a state"),
        ("name,issuer,digest\na,rota,abc\n", "line 2: digest is not sha256:<64 hexadecimal digits>"),
        ("name,issuer,destinations\na,rota,local\n", "line 2: 'local' is not a destination"),
        ("name,issuer,destinations\na,rota,local:../out\n", "line 2: 'local:../out' is not a destination"),
        ("name,issuer,labels\na,rota,env\n", "line 2: 'env' is not a label"),
        ("name,issuer\na\u{200B}b,rota\n", "line 2: the name has an invisible character, U+200B, at place 2"),
        (
            "name,issuer,owner\na,rota,x\u{A0}y\n",
            "line 2: owner has a blank that is not the usual one, U+00A0, at place 2"
        ),
        (
            "name,issuer,integration\na,rota,\u{202E}x\n",
            "line 2: integration has a character that turns the direction of reading, U+202E, at place 1"
        ),
        ("name,issuer\n..,rota\n", "line 2: a name is not '..', which clients take out of an address that has it"),
        ("name,issuer,prefix\na,rota,X\n", "line 2: 'X' is not a prefix"),
        ("name,issuer,value_issued_at\na,rota,2036-01-01\n", "line 2: value_issued_at is in the future"),
        (
            "name,issuer,created_at,expires_at\na,rota,2026-01-01,2025-01-01\n",
            "line 2: expires_at is not after created_at"
        ),
        (
            "name,issuer,value_issued_at,expires_at\na,rota,2026-01-01,2025-01-01\n",
            "line 2: expires_at is not after value_issued_at"
        ),
        ("name,issuer,expires_at\na,rota,2025-01-01\n", "line 2: expires_at is in the past"),
        (
            "name,issuer,destinations\na,rota,\"local:a,local:b\"\n",
            "line 2: 'local:a,local:b' holds a comma, which separates no destinations"
        ),
        (
            "name,issuer,destinations\na,rota,\"local:a, local:b\"\n",
            "line 2: 'local:a,' holds a comma, which separates no destinations"
        ),
        ("n\0a\0m\0e\0\n\0a\0\n\0", "line 1: the file is in UTF-16, and not in UTF-8"),
    ])
    func `a wrong CSV is refused with the place and the reason`(text: String, fault: String) throws {
        #expect(try bench.faults(text).first == fault)
        #expect(try bench.tokens().count == 0)
    }

    @Test(arguments: [
        ("", "line 1: the file ends within its array"),
        ("{}", "line 1: this is not an array of objects"),
        ("[1]", "line 1: this is not an array of objects"),
        ("[{\"name\": \"a\",\n \"issuer\": }]", "line 2: "),
        ("[\n{\"name\": \"a\", \"issuer\": \"rota\", \"owner\": 5}]", "line 2: row 1 ('a'): 'owner' is not a text"),
        (#"[{"name": "a", "issuer": "rota"}, {"name": "b", "issuer": "x"}]"#, "line 1: row 2 ('b'): 'x' is not"),
        (#"[{"name": "a", "issuer": "rota"}, {"name": "a", "issuer": "rota"}]"#, "line 1: row 2 ('a'): "),
    ])
    func `a wrong JSON is refused with the place and the reason`(text: String, fault: String) throws {
        #expect(try bench.faults(text, as: .json).first?.hasPrefix(fault) == true)
    }

    @Test func `a path may hold a comma`() throws {
        try bench.take("name,issuer,destinations\na,rota,\"local:apps/a,b\"\n")
        let token = try bench.token("a")
        #expect(try store.destinations(of: token.id).map(\.description) == ["local:apps/a,b"])
    }

    @Test func `JSON may give lists and labels as they are`() throws {
        let text = """
            [ {"name": "a", "issuer": "rota", "scopes": ["x:read", "y"], "labels": {"env": "prod"},
               "destinations": ["local:apps/a"], "last_used_at": null} ,
              {"name": "b \\" ]", "owner": "t"} ]
            """
        #expect(try bench.take(text, as: .json, issuer: .rota).added == 2)
        #expect(try store.token(named: "a")?.labels == ["env": "prod"])
        #expect(try store.token(named: "b \" ]")?.owner == "t")
    }

    @Test func `their columns are mapped to ours or left out`() throws {
        let summary = try bench.take(
            "user,arn,password\na,arn:1,secret\n", issuer: .external(kind: "aws-iam"),
            columns: ColumnMapping(renamed: ["user": .name, "arn": .externalID], ignored: ["password"]))
        #expect(summary.added == 1)
        #expect(try store.token(issuer: .external(kind: "aws-iam"), externalID: "arn:1")?.name == "a")
    }

    @Test func `a token of another issuer is not taken over by its name`() throws {
        try bench.take(Self.header + "a,rota,team-a,x:read,env=prod,2026-01-02,,,,,\n")
        let found = try bench.faults("name,issuer\na,external:aws-iam\n")
        #expect(found == ["line 2: an active token named 'a' of rota exists already"])
        #expect(try store.token(named: "a")?.owner == "team-a")
    }

    @Test func `a column that the file does not have is not changed, and an empty one is emptied`() throws {
        try bench.take(Self.header + "a,rota,team-a,x:read,env=prod,2026-01-02,,,,,\n")
        #expect(try bench.take("name,issuer\na,rota\n").unchanged == 1)
        #expect(try bench.take("name,issuer,owner\na,rota,\n").updated == 1)
        let token = try #require(try store.token(named: "a"))
        #expect(token.owner == "")
        #expect(token.labels == ["env": "prod"])
    }

    @Test func `an external id or a digest that two rows have is told with both lines`() throws {
        let digest = "sha256:" + String(repeating: "cd", count: 32)
        let text = "name,issuer,external_id,digest\na,rota,1,\(digest)\nb,rota,1,\(digest)\n"
        #expect(
            try bench.faults(text) == [
                "line 3: the external_id '1' is also on line 2", "line 3: the digest is also on line 2",
            ])
    }

    @Test func `a destination is not added while a rotation is unfinished`() throws {
        try bench.take(Self.header + "a,rota,,,,2026-01-02,,,,local:apps/a,\n")
        let id = try #require(try store.token(named: "a")).id
        let change = Change(actor: "test", at: Self.now, cause: "rotate")
        _ = try store.transaction {
            try store.claimRotation(
                of: id, fromVersion: 1, overlap: .zero, cap: OverlapCap(), trigger: nil, change: change)
        }
        let found = try bench.faults("name,issuer,destinations\na,rota,local:apps/b\n")
        #expect(found.first?.hasPrefix("line 2: a rotation of") == true)
        #expect(try store.destinations(of: id).count == 1)
    }

    @Test func `a column, a line and a row that are wrong are told together`() throws {
        let text = "name,issuer,colour\na,rota,red\nb,rota\nc,aws,blue\nd\"d,rota,x\n,rota,green\n"
        #expect(
            try bench.faults(text) == [
                "line 1: there is no column 'colour'", "line 3: there are 2 fields under 3 columns",
                "line 4: 'aws' is not an issuer", "line 5: a quote stands within a field", "line 6: name is empty",
            ])
    }

    @Test func `an element of JSON that is wrong does not hide the others`() throws {
        let text = "[{\"name\": \"a\", \"issuer\": rota},\n{\"name\": \"\"},\n{\"nmae\": \"c\", \"issuer\": \"rota\"}]"
        let faults = try bench.faults(text, as: .json)
        #expect(faults.map { $0.prefix(7) } == ["line 1:", "line 2:", "line 2:", "line 3:", "line 3:"])
        #expect(faults.contains("line 3: row 3: there is no column 'nmae'"))
    }

    static let mappings: [(ColumnMapping, String, String?)] = [
        (ColumnMapping(renamed: ["user": .name]), "user,issuer\na,rota\n", nil),
        (ColumnMapping(renamed: ["usr": .name]), "user,issuer\na,rota\n", "line 1: the file has no column 'usr'"),
        (ColumnMapping(renamed: ["usr": .owner]), "name,issuer\na,rota\n", "line 1: the file has no column 'usr'"),
        (ColumnMapping(ignored: ["age"]), "name,issuer,age\na,rota,3\n", nil),
        (ColumnMapping(ignored: ["age"]), "name,issuer\na,rota\n", "line 1: the file has no column 'age'"),
        (ColumnMapping(ignoresUnknown: true), "name,issuer,age,shoe\na,rota,3,44\n", nil),
        (
            ColumnMapping(renamed: ["user": .name]), "user,name,issuer\na,b,rota\n",
            "line 1: the column 'name' is there twice"
        ),
        (
            ColumnMapping(ignored: ["name"]), "name,issuer\na,rota\n",
            "line 1: no column is taken as 'name', which every token needs; they are: name, issuer"
        ),
    ]

    @Test(arguments: mappings)
    func `columns of theirs are mapped, left out or told`(mapping: ColumnMapping, text: String, fault: String?) throws {
        #expect(try bench.faults(text, columns: mapping, dryRun: true).first == fault)
    }

    @Test func `a member that JSON objects do not have is told once, after all were read`() throws {
        let text =
            "[{\"name\": \"a\", \"issuer\": \"rota\"},\n{\"name\": \"b\", \"issuer\": \"rota\", \"team\": \"x\"}]"
        #expect(try bench.faults(text, as: .json, columns: ColumnMapping(renamed: ["team": .owner])) == [])
        #expect(
            try bench.faults(text, as: .json, columns: ColumnMapping(renamed: ["team": .owner, "dept": .description]))
                == ["line 2: the file has no column 'dept'"])
    }

    @Test func `a destination is of one token, has no field in a directory, and is told with its line`() throws {
        try bench.take("name,issuer,destinations\na,rota,local:apps/a\n")
        let text =
            "name,issuer,destinations\nb,rota,local:apps/a\nc,rota,local:x#key\nd,rota,main:x#key\ne,rota,main:x#key\n"
        let expected = [
            "line 2: local:apps/a is a destination of 'a' already",
            "line 3: the vault 'local' keeps one value at a path and has no fields",
            "line 5: the destination main:x#key is also on line 4",
        ]
        #expect(try bench.faults(text) == expected)
        #expect(try bench.faults(text, dryRun: true) == expected)
        // A known token that would be given another's place, and one that a name of another would be given to.
        #expect(
            try bench.faults("name,issuer,external_id,destinations\nz,rota,9,\n") == [])
        #expect(
            try bench.faults("name,issuer,external_id,destinations\nz,rota,9,local:apps/a\n")
                == ["line 2: local:apps/a is a destination of 'a' already"])
        #expect(
            try bench.faults("name,issuer,external_id\na,rota,9\n")
                == ["line 2: an active token named 'a' of rota exists already"])
    }

    @Test func `a place is one place, whether its field is told or goes without saying`() throws {
        #expect(
            try bench.faults("name,issuer,destinations\na,rota,main:x\nb,rota,main:x#value\nc,rota,main:y#a\n")
                == ["line 3: the destination main:x is also on line 2"])
        #expect(
            try bench.faults("name,issuer,destinations\na,rota,main:x main:x#value\n")
                == ["line 2: the destination main:x#value is there twice"])
        try bench.take("name,issuer,destinations\na,rota,main:x#value\n")
        #expect(
            try bench.faults("name,issuer,destinations\nb,rota,main:x\n")
                == ["line 2: main:x is a destination of 'a' already"])
        #expect(try bench.take("name,issuer,destinations\na,rota,main:x\n").unchanged == 1)
    }

    @Test func `a value that another token has is told with its line`() throws {
        let digest = "sha256:" + String(repeating: "ab", count: 32)
        try bench.take("name,issuer,digest\na,rota,\(digest)\n")
        #expect(
            try bench.faults("name,issuer,digest\nb,rota,\(digest)\n")
                == ["line 2: the token 'a' has this digest already"])
    }

    @Test func `an inventory says what is gone only when it is complete`() throws {
        try bench.take("name,issuer\na,rota\nb,rota\nc,external:crm\n")
        let part = "name,issuer\na,rota\n"
        #expect(try bench.take(part).vanished == nil)
        let whole = try bench.take(part, isComplete: true)
        // Of another issuer nothing was said.
        #expect(whole.vanished == 1)
        #expect(whole.changes.map { "\($0.kind) \($0.name)" } == ["vanished b"])
        #expect(try bench.token("b").state == .active)
        let entry = try #require(try bench.audit().last)
        #expect(entry.body.contains("\"vanished\":1"))
    }

    @Test func `a token that was made here is never taken for vanished`() throws {
        let made = Token(
            id: TokenID("tok_00000000000000000001"), name: "made", createdAt: Self.now, createdBy: "test",
            values: ValueSummary(current: nil, currentIssuedAt: nil))
        try store.transaction {
            try store.addToken(
                made, version: nil, destinations: [], change: Change(actor: "test", at: Self.now, cause: "made"))
        }
        #expect(try bench.take("name,issuer\na,rota\n", isComplete: true).vanished == 0)
    }

    @Test func `a dry run tells each field that would change, and an import does just that`() throws {
        try bench.take("name,issuer,owner,labels\na,rota,team-a,env=prod\nb,rota,,\n")
        let text =
            "name,issuer,owner,labels,destinations\na,rota,team-b,env=prod;tier=1,local:a\nb,rota,,,\nc,rota,,,\n"
        let planned = try bench.take(text, dryRun: true)
        #expect(planned.changes.map { "\($0.kind) \($0.name) \($0.line ?? 0)" } == ["changed a 2", "added c 4"])
        #expect(
            planned.changes.first?.fields == [
                FieldChange(.owner, "team-a", "team-b"), FieldChange(.labels, "env=prod", "env=prod;tier=1"),
                FieldChange(.destinations, "", "local:a"),
            ])
        #expect(try bench.take(text) == planned)
    }

    @Test func `each audit entry names the file and the line that assert it`() throws {
        let summary = try bench.take("name,issuer\na,rota\nb,rota\n")
        let token = try bench.token("b")
        let entry = try #require(try bench.audit(of: token.id.text).first)
        let body = try JSON.parse(Array(entry.body.utf8), maximumBytes: 1 << 20)
        #expect(body["source"]?["digest"]?.string == summary.digest)
        #expect(body["source"]?["line"]?.integer == 3)
        #expect(String(decoding: body.canonicalBytes(), as: UTF8.self) == entry.body)
    }

    @Test func `the changes that are told one by one are bounded, their numbers are not`() throws {
        let rows = (0..<(ImportSummary.mostTold + 50)).map { "t\($0),rota\n" }.joined()
        let summary = try bench.take("name,issuer\n" + rows, chunk: 4_096)
        #expect(summary.added == ImportSummary.mostTold + 50)
        #expect(summary.changes.count == ImportSummary.mostTold)
        #expect(summary.untold == 50)
    }

    @Test func `a file that changes while it is read is refused`() throws {
        var reads = 0
        let request = ImportRequest(
            file: "tokens.csv", format: .csv, vaults: KnownVaults(names: []), writtenAt: Self.now)
        #expect(throws: StoreError.self) {
            try importInventory(
                request,
                from: {
                    reads += 1
                    var rest = Array("name,issuer\na\(reads > 2 ? "a" : ""),rota\n".utf8)
                    return {
                        defer { rest = [] }
                        return rest
                    }
                }, into: store, change: Change(actor: "test", at: Self.now, cause: "import"), random: SeededRandom())
        }
        #expect(try bench.tokens().isEmpty)
    }

    @Test func `two rows that name one token by different marks are told`() throws {
        try bench.take("name,issuer,external_id\na,external:crm,1\n")
        let text = "name,issuer,external_id\nb,external:crm,1\na,external:crm,\n"
        let expected = ["line 3: this is the token 'a', which line 2 is of, too"]
        #expect(try bench.faults(text, dryRun: true) == expected)
        #expect(try bench.faults(text) == expected)
        #expect(try bench.tokens().map(\.name) == ["a"])
    }
}
