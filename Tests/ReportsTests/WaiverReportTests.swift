import Engine
import JSON
import Reports
import RotaCore
import TestSupport
import Testing

/// Waivers in every format of a report: what is waived is told, with what it would be.
@Suite struct WaiverReportTests {
    private static let now = Inventory.now

    private static let policies = PolicySet([
        Policy(
            name: "quarterly", mode: .enforce,
            rules: [
                Rule(.maxAge(.days(90)), action: .rotate),
                Rule(.expiry(required: true, maxLifetime: nil, maxRemaining: nil)),
            ])
    ])

    private static func token(_ name: String, age: Int64) -> Token {
        Token(
            id: TokenID("id-" + name), name: name, owner: "team-data", createdAt: now - .days(200),
            expiresAt: now + .days(100), usage: .unknown, values: ValueSummary(currentIssuedAt: now - .days(age)),
            destinationCount: 1)
    }

    private static func waiver(
        _ id: String, _ subject: Waiver.Subject, ends: TimeSpan = .days(20), state: Waiver.State = .active,
        ended: TimeSpan? = nil
    ) -> Waiver {
        Waiver(
            id: id, subject: subject, policy: "quarterly", rule: "max-age", reason: "<vendor> \(id)",
            requester: Principal(account: "cli:alice"), requestedAt: now - .days(60), endsAt: now + ends, state: state,
            approval: state == .requested
                ? nil
                : Waiver.Approval(
                    approver: Principal(name: "bob", account: "cli:rota", tokenID: nil), at: now - .days(50)),
            ending: ended.map { Waiver.Ending(at: now - $0, by: "rota", cause: "its end has passed") })
    }

    private static let store: FakeStoreReads = {
        var store = FakeStoreReads([token("old", age: 97), token("older", age: 99), token("young", age: 3)])
        store.waivers = [
            waiver("w_long_past", .matching(.all), ends: .days(-40), state: .expired, ended: .days(40)),
            waiver("w_past", .matching(.all), ends: .days(-4), state: .expired, ended: .days(4)),
            waiver("w_asked", .matching(.all), state: .requested),
            waiver("w_old", .token(TokenID("id-old"))),
            waiver("w_young", .matching(Selector(names: [Glob("young")]))),
        ]
        return store
    }()

    private func written(
        _ format: some ReportFormat, at hypothetical: Instant? = nil
    ) throws {
        var format = format
        let request = ReportRequest(
            policies: Self.policies, vaults: ["main"], now: Self.now, hypotheticalAt: hypothetical,
            generator: "rota 0.1.0", actor: "cli:alice")
        try composeReport(request, from: Self.store, as: &format)
    }

    private func json(at hypothetical: Instant? = nil) throws -> JSON {
        let gathered = Gathered()
        try written(JSONReport(to: gathered.sink), at: hypothetical)
        return try JSON.parse(gathered.bytes, maximumBytes: 1 << 20)
    }

    @Test func `a waived verdict of the JSON says what it would be, by which waiver and until when`() throws {
        let report = try json()
        let end = Self.now + .days(20)
        #expect(
            report["verdicts"]?[0]?.serialized()
                == #"{"token_id":"id-old","name":"old","policy":"quarterly","rule":"max-age","status":"waived","#
                + #""reason":"max-age-exceeded","message":"the value is 97 days old; the limit is 90 days; waived "#
                + #"until \#(end) by w_old: <vendor> w_old","deadline":"2026-11-17T03:00:00Z","facts":"observed","#
                + #""would_be":"violating","#
                + #""waiver":"w_old","waived_until":"\#(end)"}"#)
        #expect(report["verdicts"]?[1]?.object?.keys.contains("waiver") == false)
        #expect(
            report["totals"]?.serialized()
                == #"{"tokens":3,"evaluated":3,"selected":3,"uncovered":0,"verdicts":6,"compliant":3,"due":0,"#
                + #""violating":1,"waived":2,"unknown":0,"blocked":0}"#)
    }

    @Test func `what is unknown goes by no fact, be it waived`() throws {
        var store = Self.store
        store.tokens[0].values = ValueSummary(currentIssuedAt: nil)
        var policies = Self.policies.policies
        policies[0].controls = ["frame": ["1"]]
        let gathered = Gathered()
        var format = JSONReport(to: gathered.sink)
        let request = ReportRequest(
            policies: PolicySet(policies), vaults: ["main"], now: Self.now, generator: "rota 0.1.0",
            actor: "cli:alice")
        try composeReport(request, from: store, as: &format)
        let report = try JSON.parse(gathered.bytes, maximumBytes: 1 << 20)
        #expect(report["verdicts"]?[0]?["status"] == "waived" && report["verdicts"]?[0]?["would_be"] == "unknown")
        #expect(report["verdicts"]?[0]?["facts"]?.isNull == true)
        let control = report["summary"]?["controls"]?[0]
        #expect(control?["facts"] == ["observed": 5, "asserted": 0] && control?["verdicts"]?["unknown"] == 0)
    }

    @Test func `every waiver in force is listed with what it comes to, and those that wait or have ended`() throws {
        let waivers = try #require(try json()["summary"]?["waivers"])
        let inForce = try #require(waivers["in_force"]?.array)
        #expect(inForce.map { $0["id"]?.string } == ["w_old", "w_young"])
        #expect(inForce.map { $0["tokens"]?.integer } == [1, 1])
        #expect(inForce.map { $0["due_or_violating"]?.integer } == [1, 0])
        #expect(inForce.map { $0["verdicts"]?.integer } == [1, 1])
        #expect(inForce.map { $0["violating_verdicts"]?.integer } == [1, 0])
        #expect(inForce[0]["name"]?.string == "old" && inForce[0]["approved_by"]?.string == "bob")
        #expect(inForce[0]["requested_by"]?.string == "cli:alice")
        #expect(inForce[1]["match"]?["name"]?[0]?.string == "young")
        #expect(waivers["others"]?.array?.map { $0["id"]?.string } == ["w_asked", "w_past"])
        #expect(waivers["others"]?.array?.map { $0["state"]?.string } == ["requested", "expired"])
    }

    @Test func `Markdown has the waivers in force with both names, and those of violations first`() throws {
        let gathered = Gathered()
        try written(MarkdownReport(to: gathered.sink))
        let text = gathered.text
        #expect(text.contains("2 are waived, 1 of which would be violating."))
        let section = text.split(separator: "## Waivers in force").last ?? ""
        let rows = section.split(separator: "\n").filter { $0.hasPrefix("| ") }.dropFirst(2)
        #expect(rows.first?.contains("| old \\(id-old\\) | team-data | quarterly: max-age | 1 | 1 |") == true)
        #expect(rows.first?.contains("| cli:alice, \(Self.now - .days(60)) | bob \\(cli:rota\\), ") == true)
        #expect(rows.dropFirst().first?.contains("| quarterly: max-age | 0 | 1 |") == true)
    }

    @Test func `judged as if it were after its end, nothing is waived`() throws {
        let report = try json(at: Self.now + .days(20))
        #expect(report["totals"]?["waived"]?.integer == 0)
        #expect(report["summary"]?["waivers"]?["in_force"]?.array?.isEmpty == true)
        let others = report["summary"]?["waivers"]?["others"]?.array ?? []
        #expect(others.contains { $0["id"]?.string == "w_old" && $0["state"]?.string == "expired" })
    }

    @Test func `a row of the CSV ends with what it would be, the waiver and its end`() throws {
        let gathered = Gathered()
        try written(CSVReport(to: gathered.sink))
        let lines = gathered.text.split(separator: "\r\n")
        #expect(lines[1].contains(",2027-03-04T03:00:00Z,violating,w_old,\(Self.now + .days(20)),observed,"))
        #expect(lines[2].hasSuffix(",2027-03-04T03:00:00Z,,,,observed,\(Self.now),all"))
        #expect(lines.allSatisfy { $0.filter { $0 == "," }.count >= 19 })
    }

    @Test func `the page has a section of waivers with both names, the end, and what they hold back`() throws {
        let gathered = Gathered()
        try written(HTMLReport(to: gathered.sink))
        let page = gathered.text
        for part in [
            #"<section id="waivers""#, "old (id-old)", "&lt;vendor&gt; w_old", "cli:alice", "bob", "name young",
            "waits for an approval", "w_past", ##"href="#waivers""##,
        ] { #expect(page.contains(part), "\(part)") }
        #expect(!page.contains("w_long_past"), "it ended before the period")
    }
}
