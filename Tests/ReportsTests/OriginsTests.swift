import Engine
import JSON
import Reports
import RotaCore
import TestSupport
import Testing

private let now = Inventory.now

/// What a report says of what it was made from: lists, texts of policies, approvals, notices.
@Suite struct OriginsTests {
    private static func entry(
        _ number: Int64, _ action: String, _ object: String, by actor: String, _ after: JSON, ago: TimeSpan
    ) -> AuditEntry {
        let body: JSON = ["action": .string(action), "after": after, "cause": "the night"]
        return AuditEntry(
            number: number, at: now - ago, actor: actor, action: action, object: object,
            body: String(decoding: body.canonicalBytes(), as: UTF8.self))
    }

    private static func notice(_ name: String, _ deliveries: [SentNotice.Delivery]) -> SentNotice {
        SentNotice(
            id: "evt_\(name)", at: now - .days(2), tokenID: TokenID("id-\(name)"),
            told: [
                "name": .string(name), "owner": "team-data", "policy": "quarterly", "rule": "max-age",
                "action": "revoke", "deadline": .string((now + .days(5)).description),
                "stage": ["before_seconds": 604_800],
            ],
            deliveries: deliveries)
    }

    private var store: FakeStoreReads {
        var store = FakeStoreReads(
            ["ingest", "other"].map { name in
                Token(
                    id: TokenID("id-\(name)"), name: name, owner: name == "other" ? "team-b" : "team-data",
                    createdAt: now - .days(9), usage: .unknown, values: ValueSummary(currentIssuedAt: now - .days(9)),
                    destinationCount: 1)
            })
        store.entries = [
            Self.entry(
                1, "inventory.import", "sha256:aa", by: "cli:ida",
                [
                    "file": "secret-list.csv", "digest": "sha256:aabb", "format": "csv", "rows": 40, "added": 30,
                    "updated": 7, "unchanged": 3, "vanished": 5, "left_out": ["ended": 2],
                ], ago: .days(300)),
            Self.entry(
                2, "policies.load", "policies", by: "cli:pol",
                ["digest": "sha256:d1", "files": [["name": "all.yaml", "digest": "sha256:t1"]]], ago: .days(200)),
            Self.entry(
                3, "plan.save", "plan_old", by: "cli:ron",
                ["policy": "quarterly", "actions": 3, "requester": "cli:ron"], ago: .days(91)),
            Self.entry(
                4, "plan.approve", "plan_old", by: "token:ann", ["approver": "ann-old", "comment": ""], ago: .days(90)),
            Self.entry(
                5, "plan.save", "plan_1", by: "cli:ron",
                ["policy": "quarterly", "actions": 17, "requester": "cli:ron"], ago: .days(4)),
            Self.entry(
                6, "plan.approve", "plan_1", by: "token:ann", ["approver": "ann", "comment": "as agreed"],
                ago: .days(3)),
            Self.entry(
                7, "usage.import", "sha256:cc", by: "cli:ulf",
                [
                    "file": "secret-gateway.log", "digest": "sha256:ccdd", "rows": 700, "uses": 690, "refused": 3,
                    "unknown_rows": 7, "first": "2026-11-01T00:00:00Z", "last": "2026-11-20T00:00:00Z",
                    "complete": true,
                ], ago: .days(2)),
        ]
        store.noticesOfPeriod = [
            Self.notice(
                "ingest",
                [
                    .init(endpoint: "siem", state: .delivered, at: now - .days(1)),
                    .init(endpoint: "chat", state: .dead, at: now - .days(1)),
                ]),
            Self.notice("other", []),
        ]
        return store
    }

    private func text(_ kind: ReportKind, owner: String? = nil, redacted: Bool = false) throws -> String {
        let gathered = Gathered()
        var request = ReportRequest(
            policies: PolicySet([Policy(name: "quarterly", rules: [Rule(.maxAge(.days(90)))])]), vaults: ["main"],
            now: now, generator: "rota 0.1.0", actor: "cli:alice")
        request.owner = owner.map(Glob.init)
        request.isRedacted = redacted
        _ = try kind.compose(request, from: store, to: gathered.sink)
        return gathered.text
    }

    @Test func `lists, texts, both names of approvals and deliveries of notices are told`() throws {
        let json = try JSON.parse(try text(.json), maximumBytes: 1 << 20)
        let origins = try #require(json["summary"]?["origins"])
        let list = try #require(origins["imports_listed"]?[0])
        #expect(list["digest"] == "sha256:aabb" && list["rows"] == 40 && list["vanished"] == 5 && list["left_out"] == 2)
        #expect(list["actor"] == "cli:ida" && origins["rows_imported"] == 40)
        let load = try #require(origins["policy_loads_listed"]?[0])
        #expect(load["actor"] == "cli:pol" && load["files"]?[0]?["digest"] == "sha256:t1")
        // Those of the period, with who asked for it.
        #expect(origins["approvals"] == 1)
        let approval = try #require(origins["approvals_listed"]?[0])
        #expect(approval["requested_by"] == "cli:ron" && approval["approved_by"] == "ann")
        #expect(approval["actions"] == 17 && approval["comment"] == "as agreed")
        let notices = try #require(json["summary"]?["notices"])
        #expect(notices["count"] == 2)
        #expect(notices["outcomes"] == ["delivered": 1, "waiting": 0, "dead": 0, "nobody": 1])
        #expect(
            notices["listed"]?[0]?["deliveries"] == [
                ["webhook": "siem", "state": "delivered", "at": .string((now - .days(1)).description)],
                ["webhook": "chat", "state": "dead", "at": .string((now - .days(1)).description)],
            ])
        for kind in [ReportKind.html, .markdown] {
            let page = try text(kind)
            for words in ["secret-list.csv", "cli:pol", "cli:ron", "ann", "siem"] {
                #expect(page.contains(words), "\(kind): \(words)")
            }
            #expect(!page.contains("ann-old"))
        }
        #expect(try text(.html).contains("to nobody"))
    }

    @Test func `logs of uses are told as lists are, in every format that tells of those`() throws {
        let json = try JSON.parse(try text(.json), maximumBytes: 1 << 20)
        let origins = try #require(json["summary"]?["origins"])
        #expect(origins["usage_imports"] == 1 && origins["usage_rows_imported"] == 700)
        #expect(
            origins["usage_imports_listed"]?[0] == [
                "at": .string((now - .days(2)).description), "actor": "cli:ulf", "file": "secret-gateway.log",
                "digest": "sha256:ccdd", "rows": 700, "uses": 690, "unknown_rows": 7, "first": "2026-11-01T00:00:00Z",
                "last": "2026-11-20T00:00:00Z", "complete": true,
            ])
        for kind in [ReportKind.html, .markdown, .oscal, .junit] {
            let page = try text(kind)
            for words in ["secret-gateway.log", "ccdd", "cli:ulf", "700"] {
                #expect(page.contains(words), "\(kind): \(words)")
            }
        }
    }

    private func properties(_ owner: String? = nil) throws -> [String: String] {
        let found = try text(.junit, owner: owner).matches(of: /<property name="([a-z-]+)" value="([0-9]+)"/)
        return Dictionary(uniqueKeysWithValues: found.map { (String($0.output.1), String($0.output.2)) })
    }

    @Test func `the properties of a JUnit suite have the totals`() throws {
        #expect(
            try properties() == [
                "imports": "1", "rows-imported": "40", "usage-imports": "1", "usage-rows-imported": "700",
                "policy-loads": "1", "missing-tokens": "0",
            ])
    }

    @Test func `a slice tells of its own notices, and of no list, nor that there is none`() throws {
        let json = try JSON.parse(try text(.json, owner: "team-data"), maximumBytes: 1 << 20)["summary"]
        #expect(json?["notices"]?["count"] == 1)
        for total in ["imports", "rows_imported", "usage_imports", "usage_rows_imported", "approvals"] {
            #expect(json?["origins"]?[total]?.isNull == true, "\(total)")
        }
        #expect(json?["origins"]?["policy_loads"] == 1)
        #expect(try properties("team-data") == ["policy-loads": "1", "missing-tokens": "0"])
        let oscal = try text(.oscal, owner: "team-data")
        #expect(!oscal.contains("\"imports\"") && !oscal.contains("\"rows-imported\""))
        #expect(oscal.contains("\"policy-loads\""))
        let page = try text(.markdown, owner: "team-data")
        #expect(!page.contains("Lists imported") && !page.contains("Plans approved") && page.contains("anew 1 times"))
        #expect(try !text(.html, owner: "team-data").contains("brought"))
        #expect(try text(.html).contains("1 list brought 40 rows, and 1 log of uses 700."))
    }

    @Test func `without names there are none of files, people and receivers`() throws {
        for kind in [ReportKind.html, .json, .markdown] {
            let page = try text(kind, redacted: true)
            for name in [
                "secret-", "cli:ida", "cli:ulf", "cli:pol", "cli:ron", "\"ann\"", "siem", "as agreed", "team-data",
            ] {
                #expect(!page.contains(name), "\(kind): \(name)")
            }
            #expect(page.contains("webhook-"), "\(kind)")
        }
    }
}
