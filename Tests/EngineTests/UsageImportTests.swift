import Crypto
import Engine
import RotaCore
import Stores
import TestSupport
import Testing

@Suite struct UsageImportTests {
    private static let now = Instant(seconds: 1_795_392_000)
    private let folder: ScratchFolder
    private let store: any Store

    init() throws {
        folder = try ScratchFolder()
        let location = "sqlite:\(folder.path)/store/rota.db"
        let start = Self.now - .days(100)
        let change = Change(actor: "test", at: start, cause: "set up")
        try createStore(
            at: location, identity: StoreIdentity(instance: "test", generation: 1, createdAt: start), change: change)
        store = try openStore(at: location, endpoints: [Endpoint(name: "all", events: [Glob("*")], retries: [])])
        for name in ["alpha", "beta"] {
            let token = Token(
                id: TokenID("tok_\(name)"), name: name, scopes: ["read"], createdAt: start,
                values: ValueSummary(currentIssuedAt: start))
            let version = Version(
                number: 1, state: .current, digest: Digest(bytes: SHA256.digest(of: Array(name.utf8))), issuedAt: start)
            try store.transaction { try store.addToken(token, version: version, destinations: [], change: change) }
        }
    }

    private func digest(_ text: String) -> String { "sha256:" + Hex.encode(SHA256.digest(of: Array(text.utf8))) }

    private func time(_ daysAgo: Int64) -> String { (Self.now - .days(daysAgo)).description }

    private func take(
        _ text: String, json: Bool = false, strict: Bool = false, complete: Bool = false, dryRun: Bool = false,
        columns: [String: UsageColumn?] = [:], chunk: Int = 7
    ) throws -> UsageImportSummary {
        let bytes = Array(text.utf8)
        let request = UsageImportRequest(
            file: "gateway.log", format: json ? .jsonLines : .csv, columns: columns, strict: strict,
            complete: complete, dryRun: dryRun)
        return try importUsage(
            request,
            from: {
                // Small chunks: a row is cut anywhere.
                var start = 0
                return {
                    defer { start = min(start + chunk, bytes.count) }
                    return Array(bytes[start..<min(start + chunk, bytes.count)])
                }
            }, into: store, change: Change(actor: "test", at: Self.now, cause: "import"))
    }

    private func faults(_ text: String, json: Bool = false, strict: Bool = false) throws -> [String] {
        do {
            _ = try take(text, json: json, strict: strict)
            return []
        } catch let error as InventoryFaults {
            return error.faults.map(\.description)
        }
    }

    private func token(_ name: String) throws -> Token { try #require(try store.token(named: name)) }

    private func uses(_ name: String) throws -> [UseTally] {
        try store.usage(of: token(name).id, since: .beginning)
    }

    private func audited() throws -> [String] {
        var actions: [String] = []
        try store.eachAuditEntry(from: 1, object: nil) { entry in
            actions.append(entry.action)
            return true
        }
        return actions
    }

    // MARK: what is taken in

    @Test func `uses are matched by name, id or digest, and add up`() throws {
        let summary = try take(
            """
            token,time,source,agent,count,scopes,digest
            alpha,\(time(3)),10.0.0.1,curl,5,read;write,
            tok_alpha,\(time(2)),10.0.0.2,,,,
            ,\(time(1)),10.0.0.3,,,,\(digest("alpha"))
            beta,\(time(9)),,,,,\(digest("beta"))

            """)
        #expect(summary.rows == 4 && summary.uses == 8 && summary.unknownRows == 0)
        #expect(summary.first == Self.now - .days(9) && summary.last == Self.now - .days(1))
        #expect(try token("alpha").usage == .lastUsed(Self.now - .days(1)))
        let alpha = try uses("alpha")
        #expect(alpha.map(\.key.version) == [0, 0, 1], "a name does not say which version")
        #expect(alpha.map(\.accepted.count) == [5, 1, 1])
        #expect(alpha[0].scopes.texts == ["read", "write"] && alpha[0].accepted.agents.texts == ["curl"])
        #expect(try uses("beta").map(\.key.version) == [1])
    }

    @Test func `JSON lines say the same`() throws {
        let summary = try take(
            """
            {"token":"alpha","time":"\(time(3))","source":"10.0.0.1","count":5,"scopes":["read","write"]}

            {"digest":"\(digest("beta"))","time":"\(time(1))","agent":null}
            """, json: true)
        #expect(summary.rows == 2 && summary.uses == 6)
        #expect(try uses("alpha").first?.scopes.texts == ["read", "write"])
        #expect(try token("beta").usage == .lastUsed(Self.now - .days(1)))
    }

    @Test func `the same file again changes nothing, and says when it was taken in`() throws {
        let log = "token,time\nalpha,\(time(3))\nalpha,\(time(2))\n"
        #expect(try take(log).importedBefore == nil)
        let (before, audit) = (try uses("alpha"), try audited())
        #expect(try take(log, chunk: 3).importedBefore == Self.now)
        #expect(try uses("alpha") == before)
        #expect(try audited() == audit)
    }

    @Test func `an import is one audit entry, and no token has a new revision`() throws {
        let (revision, before) = (try token("alpha").revision, try audited())
        _ = try take("token,time\nalpha,\(time(3))\n")
        #expect(try audited().dropFirst(before.count) == ["usage.import"])
        #expect(try token("alpha").revision == revision)
    }

    @Test func `a dry run says what would be, and leaves everything`() throws {
        let summary = try take("token,time\nalpha,\(time(3))\n", complete: true, dryRun: true)
        #expect(summary.uses == 1)
        #expect(try uses("alpha").isEmpty && token("alpha").usage == .unknown)
        #expect(try store.heartbeats().isEmpty && !audited().contains("usage.import"))
    }

    @Test func `rows of unknown tokens are counted and told, and are faults when asked for`() throws {
        let log = "token,time\nalpha,\(time(3))\nnobody,\(time(2))\nnobody,\(time(2))\nother,\(time(1))\n"
        let faults = try faults(log, strict: true)
        #expect(faults == [3, 4, 5].map { "line \($0): there is no token '\($0 == 5 ? "other" : "nobody")'" })
        #expect(try uses("alpha").isEmpty, "all or nothing")
        let summary = try take(log)
        #expect(summary.unknownRows == 3 && summary.unknown.texts == ["nobody", "other"] && summary.uses == 1)
    }

    @Test func `a value under token is a fault on its line, and no part of it is told`() throws {
        let value = "rota_xK7Qm2Wv9Lr4Tz8Bn3Hd6Jf1Pc5Gs0aaaaaa"
        let digest = Digest(bytes: SHA256.digest(of: Array(value.utf8)))
        let log = "token,time\nalpha,\(time(3))\n\(value),\(time(2))\n"
        let wanted = ["line 3: what stands under token is no name but looks like a value, and is not shown"]
        #expect(try faults(log) == wanted)
        #expect(try faults(log, strict: true) == wanted)
        #expect(try uses("alpha").isEmpty, "all or nothing")
        for row in ["token,digest,time\n\(value),\(digest!),\(time(1))\n", "\(value),time\nalpha,\(time(1))\n"] {
            let told = try faults(row)
            #expect(!told.isEmpty && !told.joined().contains(value.dropFirst(5).prefix(8)))
        }
        let swapped = try faults("token,time,count\nalpha,\(value),\(value)\n")
        #expect(swapped.count == 2 && !swapped.joined().contains("xK7Qm2Wv"))
    }

    @Test func `an unknown name is told only where it can be no value; no value comes in by another column`() throws {
        let value = "rota_xK7Qm2Wv9Lr4Tz8Bn3Hd6Jf1Pc5Gs0aaaaaa"
        let summary = try take(
            "token,time,source,agent\nnobody,\(time(3)),,\n9f86d081884c7d659a2feaa0c55ad015,\(time(2)),,\n"
                + "alpha,\(time(1)),\(value),curl \(value)\n")
        #expect(summary.unknownRows == 2 && summary.unknown.texts == ["nobody", "<redacted>"])
        let seen = try #require(try uses("alpha").first).accepted
        #expect(seen.sources.texts == ["rota_<redacted>"] && seen.agents.texts == ["curl rota_<redacted>"])
    }

    @Test func `a use of a value that had ended makes nothing used, and is told as reuse`() throws {
        let id = try token("alpha").id
        let end = Self.now - .days(5)
        _ = try store.transaction {
            try store.revokeToken(id, change: Change(actor: "test", at: end, cause: "leaked"))
        }
        let summary = try take(
            "digest,time,source\n\(digest("alpha")),\(time(6)),in\n\(digest("alpha")),\(time(4)),out\n")
        #expect(summary.uses == 1 && summary.refused == 1)
        #expect(try token("alpha").usage == .lastUsed(Self.now - .days(6)))
        let events = try store.dueDeliveries(endpoint: "all", at: Self.now + .days(1), limit: 100).map(\.event)
        let reuse = try #require(events.last { $0.type == "token.reuse_detected" })
        #expect(reuse.data.contains("\"out\"") && !reuse.data.contains("\"in\""))
    }

    // MARK: idle clocks

    @Test func `a log tells of uses, and a complete one also that there were no others`() throws {
        _ = try take("token,time\nalpha,\(time(30))\nbeta,\(time(10))\n")
        let partial = try store.tracking()
        #expect(try token("alpha").idleness(at: Self.now, tracking: partial)?.time == .zero)
        _ = try take("token,time,count\nalpha,\(time(30)),1\nbeta,\(time(10)),1\n", complete: true)
        let complete = try store.tracking()
        #expect(try token("alpha").idleness(at: Self.now, tracking: complete)?.time == .days(20))
    }

    @Test func `a token that a complete log does not name was never used in its time`() throws {
        _ = try take("token,time\nbeta,\(time(30))\nbeta,\(time(10))\n", complete: true)
        let alpha = try token("alpha")
        #expect(alpha.usage == .neverUsed(since: Self.now - .days(30)))
        #expect(alpha.idleness(at: Self.now, tracking: try store.tracking())?.time == .days(20))
    }

    // MARK: who says so

    /// Of idle time, and of addresses.
    private func bases(_ name: String) throws -> [Provenance?] {
        let policy = Policy(
            name: "p",
            rules: [Rule(.unusedFor(.days(30))), Rule(.sources(addresses: 30, agents: nil, within: .days(30)))])
        var rulings: [Planner.Ruling] = []
        Planner(policies: PolicySet([policy]), vaults: [], tracking: try store.tracking())
            .judge(try token(name), at: Self.now, into: &rulings)
        return rulings.map(\.basis)
    }

    @Test func `what a log told is asserted, until a use is seen here`() throws {
        let seen = Heartbeat(
            tracker: "serve:here", startedAt: Self.now - .days(90), beatAt: Self.now, askedAt: Self.now)
        try store.transaction { try store.recordHeartbeat(seen) }
        _ = try take(
            "token,time,source\n" + (1...32).map { "alpha,\(time(9)),10.0.0.\($0)\n" }.joined()
                + "alpha,\(time(3)),10.0.0.1\n")
        #expect(try bases("alpha") == [.asserted, .asserted])
        var use = UseTally(key: UseTally.Key(tokenID: try token("alpha").id, version: 1, day: Self.now.midnight))
        use.accepted = UseTally.Side(count: 1, last: Self.now)
        try store.transaction { try store.recordUses([use], by: "serve:here", at: Self.now) }
        #expect(try bases("alpha") == [.observed, .asserted], "its addresses are those of the log")
    }

    @Test func `that a complete log does not name a token is asserted`() throws {
        _ = try take("token,time\nbeta,\(time(60))\nbeta,\(time(10))\n", complete: true)
        #expect(try bases("alpha") == [.asserted, .asserted])
        #expect(try bases("beta").first == .asserted)
    }

    // MARK: faults

    struct Faulty: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var row: String
        var fault: String
    }

    @Test(arguments: [
        Faulty(testDescription: "no time", row: "alpha,,,", fault: "it has no time"),
        Faulty(testDescription: "no date", row: "alpha,yesterday,,", fault: "'yesterday' is not a time"),
        Faulty(
            testDescription: "a second ahead", row: "alpha,2026-11-23T00:00:01Z,,",
            fault: "the time 2026-11-23T00:00:01Z is in the future"),
        Faulty(testDescription: "nobody", row: ",2026-01-01,,", fault: "it names neither a token nor a digest"),
        Faulty(
            testDescription: "a digest cut short", row: ",2026-01-01,,sha256:12",
            fault: "digest is not sha256:<64 hexadecimal digits>"),
        Faulty(testDescription: "a count of nothing", row: "alpha,2026-01-01,0,", fault: "'0' is not a number of uses"),
        Faulty(
            testDescription: "a field too many", row: "alpha,2026-01-01,1,,x",
            fault: "there are 5 fields under 4 columns"),
    ])
    func `a row that is no use is a fault with its line, and nothing is taken in`(_ example: Faulty) throws {
        let found = try faults("token,time,count,digest\nbeta,2026-01-01,,\n\(example.row)\n")
        #expect(found == ["line 3: \(example.fault)"])
        #expect(try uses("beta").isEmpty)
    }

    @Test func `a digest of another token than the named one is a fault`() throws {
        let found = try faults("token,digest,time\nalpha,\(digest("beta")),\(time(1))\n")
        #expect(found == ["line 2: the digest is not of a value of 'alpha'"])
    }

    @Test func `all faults are told at once, in both formats`() throws {
        let lines = try faults(
            """
            {"token":"alpha","time":"never"}
            ["alpha"]
            {"token":"alpha","when":"2026-01-01"}
            {"token":7,"time":"2026-01-01"}
            {
            """, json: true)
        #expect(lines.count == 5)
        #expect(lines.map { $0.prefix(7) } == ["line 1:", "line 2:", "line 3:", "line 4:", "line 5:"])
    }

    @Test func `columns can be mapped and left out, and an unknown one is a fault`() throws {
        let log = "who,ts,bytes\nalpha,\(time(2)),17\n"
        #expect(try faults(log).first?.hasPrefix("line 1: there is no column 'who'") == true)
        let summary = try take(log, columns: ["who": .token, "ts": .time, "bytes": nil])
        #expect(summary.uses == 1)
    }

    @Test func `a log without rows is a fault`() throws {
        #expect(try faults("token,time\n") == ["line 1: the log has no rows"])
        #expect(try faults("", json: true) == ["line 1: the log has no rows"])
    }

    @Test func `a long log of many days is taken in in flat memory, none of it lost`() throws {
        var log = "token,time\n"
        for number in 0..<20_000 {
            let at = Self.now - TimeSpan(seconds: Int64(number) * 43_200)
            log += "\(number.isMultiple(of: 2) ? "alpha" : "beta"),\(at)\n"
        }
        let summary = try take(log, chunk: 4_096)
        #expect(summary.uses == 20_000)
        let counted = try (uses("alpha") + uses("beta")).reduce(0) { $0 + $1.accepted.count }
        #expect(counted == 20_000)
    }
}
