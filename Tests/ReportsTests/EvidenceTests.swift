import Engine
import Foundation
import JSON
import Reports
import RotaCore
import TestSupport
import Testing

private let now = Inventory.now

private func token(_ name: String, age: Int64?, expires: Int64? = 100, labels: [String: String] = [:]) -> Token {
    Token(
        id: TokenID("id-" + name), name: name, description: "=what <it> is for", owner: "team-data",
        integration: "snowflake", labels: labels, createdAt: now - .days(200),
        expiresAt: expires.map { now + .days($0) },
        usage: .unknown, values: ValueSummary(currentIssuedAt: age.map { now - .days($0) }), destinationCount: 1)
}

private func policies(_ mode: Mode = .enforce) -> PolicySet {
    PolicySet([
        Policy(
            name: "quarterly", basis: "RA-12", mode: mode,
            rules: [
                Rule(.maxAge(.days(90)), action: .rotate),
                Rule(.expiry(required: true, maxLifetime: nil, maxRemaining: nil)),
            ], controls: ["frame-1": ["8.6.3", "9"]]),
        Policy(
            name: "ends", rules: [Rule(.expiry(required: true, maxLifetime: nil, maxRemaining: nil))],
            controls: ["frame-1": ["9", "10"]]),
        Policy(
            name: "nobody", selector: Selector(names: [Glob("no-such")]), rules: [Rule(.maxAge(.days(1)))],
            controls: ["frame-2": ["1"]]),
    ])
}

private func text(
    _ kind: ReportKind, _ store: FakeStoreReads, _ policies: PolicySet = policies(), at instant: Instant = now,
    against earlier: [UInt8]? = nil, owner: String? = nil
) throws -> String {
    let gathered = Gathered()
    var request = ReportRequest(
        policies: policies, vaults: ["main"], now: instant, generator: "rota 0.1.0", actor: "cli:alice")
    request.owner = owner.map(Glob.init)
    let report = earlier.map { bytes in
        EarlierReport(json: {
            // In small pieces, so that every state of the reader is cut somewhere.
            var rest = bytes[...]
            return {
                defer { rest = rest.dropFirst(7) }
                return Array(rest.prefix(7))
            }
        })
    }
    _ = try kind.compose(request, against: report, from: store, to: gathered.sink)
    return gathered.text
}

private func json(
    _ store: FakeStoreReads, _ set: PolicySet = policies(), at instant: Instant = now, against earlier: [UInt8]? = nil
) throws -> JSON {
    try JSON.parse(Array(try text(.json, store, set, at: instant, against: earlier).utf8), maximumBytes: 1 << 20)
}

@Suite struct ControlMatrixTests {
    private static func standings(_ tokens: [Token]) throws -> [String] {
        let controls = try json(FakeStoreReads(tokens))["summary"]?["controls"]?.array ?? []
        return controls.map { "\($0["control"]?.string ?? "") \($0["standing"]?.string ?? "")" }
    }

    @Test func `a control is evidenced while nothing is broken and nothing is unknown`() throws {
        #expect(
            try Self.standings([token("young", age: 3)])
                == ["10 evidenced", "8.6.3 evidenced", "9 evidenced", "1 not-applicable"])
        #expect(
            try Self.standings([token("young", age: 3), token("old", age: 97)])
                == ["10 evidenced", "8.6.3 not-evidenced", "9 not-evidenced", "1 not-applicable"])
        #expect(
            try Self.standings([token("dateless", age: nil)])
                == ["10 evidenced", "8.6.3 not-evidenced", "9 not-evidenced", "1 not-applicable"])
        #expect(try Self.standings([]).allSatisfy { $0.hasSuffix("not-applicable") })
    }

    @Test func `each control names the policies, rules and thresholds that serve it, and over how many tokens`() throws
    {
        let store = FakeStoreReads([token("young", age: 3), token("old", age: 97)])
        let nine = try #require(try json(store)["summary"]?["controls"]?[2])
        #expect(nine["control"]?.string == "9")
        let sources = try #require(nine["sources"]?.array)
        #expect(sources.map { $0["policy"]?.string } == ["quarterly", "quarterly", "ends"])
        #expect(sources[0]["requirement"]?.string == "no value older than 90 days")
        #expect(sources[0]["basis"]?.string == "RA-12" && sources[0]["mode"]?.string == "enforce")
        #expect(sources[0]["verdicts"]?["violating"]?.integer == 1)
        #expect(sources[0]["verdicts"]?["compliant"]?.integer == 1)
    }

    @Test func `every number of the page leads to rows that are there`() throws {
        let page = try text(.html, Inventory.store(), Inventory.policies)
        let targets = Set(page.matches(of: /href="#([^"]+)"/).map { String($0.output.1) })
        let ids = page.matches(of: /id="([^"]+)"/).map { String($0.output.1) }
        #expect(ids.count == Set(ids).count)
        #expect(targets.isSubset(of: ids), "\(targets.subtracting(ids))")
        #expect(
            targets.isSuperset(of: ["violations", "violations-0-0", "due", "unknown", "waivers", "data"]))
        let place = try #require(page.range(of: "id=\"violations-0-0\""))
        let rest = page[place.upperBound...]
        #expect(rest.contains("production-rotation: no value older than 90 days"))
    }

    @Test func `how many verdicts were seen and how many told leads to where each says which it is`() throws {
        let page = try text(.html, FakeStoreReads([token("young", age: 3)]))
        let matrix = try #require(page.components(separatedBy: "<section id=\"controls\"").last)
        let section = try #require(matrix.components(separatedBy: "</section>").first)
        #expect(section.contains("<a class=\"count\" href=\"#data\">1</a>"))
        #expect(section.contains("by the column <code>facts</code>"))
        let data = try #require(page.components(separatedBy: "<section id=\"data\"").last)
        #expect(data.contains("<code>facts</code>"))
    }

    @Test func `as if it were another time, what is not used goes by nothing that anybody saw`() throws {
        var idle = token("idle", age: 3)
        idle.usage = .lastUsed(now - .days(9))
        let rules = [Rule(.unusedFor(.days(30))), Rule(.maxAge(.days(90)))]
        var request = ReportRequest(
            policies: PolicySet([Policy(name: "p", rules: rules, controls: ["frame": ["1"]])]), vaults: [], now: now,
            hypotheticalAt: now + .days(2), generator: "rota 0.1.0", actor: "cli:alice")
        func report() throws -> JSON {
            let gathered = Gathered()
            _ = try ReportKind.json.compose(request, from: FakeStoreReads([idle]), to: gathered.sink)
            return try JSON.parse(gathered.bytes, maximumBytes: 1 << 20)
        }
        let later = try report()
        #expect(later["verdicts"]?.array?.map { $0["facts"]?.string } == [nil, "observed"])
        #expect(later["summary"]?["controls"]?[0]?["facts"] == ["observed": 1, "asserted": 0])
        request.hypotheticalAt = nil
        #expect(try report()["summary"]?["controls"]?[0]?["facts"] == ["observed": 2, "asserted": 0])
    }

    @Test func `the rows that a rule's number leads to are those of that rule`() throws {
        let page = try text(.html, FakeStoreReads([token("old", age: 97), token("endless", age: 3, expires: nil)]))
        let age = try #require(page.components(separatedBy: "id=\"violations-0-0\"").last)
        let table = try #require(age.components(separatedBy: "</table>").first)
        #expect(table.contains(">old<") && !table.contains(">endless<"))
    }
}

@Suite struct TrendTests {
    private static func span(_ opened: Int64, _ closed: Int64?, _ end: FindingSpan.End = .resolved) -> FindingSpan {
        FindingSpan(
            tokenID: TokenID("id-old"), rule: RuleReference(policy: "quarterly", rule: "max-age"),
            openedAt: now - .days(opened), closedAt: closed.map { now - .days($0) }, end: end)
    }

    private static var history: ViolationHistory {
        var history = ViolationHistory(from: now - .days(30), to: now, firstRun: now - .days(400))
        for span in [span(40, nil), span(40, 20), span(10, 9), span(8, 1), span(5, nil), span(6, 2, .dropped)] {
            history.add(span)
        }
        return history
    }

    @Test func `what is open is counted on each day, from the day it was found to the day it was mended`() {
        let history = Self.history
        #expect(history.openBefore == 2 && history.opened == 4 && history.openAfter == 2)
        #expect(history.resolved.count == 3 && history.dropped == 1)
        let open = history.days.map(\.open)
        #expect(open.count == 31)
        #expect(open[0] == 2 && open[10] == 1, "one of the old was mended 20 days ago")
        #expect(open[20] == 2 && open[21] == 1, "open for a day")
        #expect(open[22] == 2 && open[24] == 3 && open[25] == 4 && open[28] == 3 && open[30] == 2)
        #expect(history.oldestOpen == now - .days(40))
    }

    @Test func `what came after the period, or ended before it, is not of it`() {
        var history = ViolationHistory(from: now - .days(30), to: now - .days(6), firstRun: now - .days(30))
        for span in [Self.span(5, nil), Self.span(50, 40), Self.span(10, 2)] { history.add(span) }
        #expect(history.openBefore == 0 && history.opened == 1 && history.openAfter == 1 && history.resolved.count == 0)
    }

    @Test func `time to comply is told as half of them, nine of ten, and the longest`() {
        var times = ResolutionTimes()
        for hours in 1...10 { times.add(.hours(Int64(hours) * 10)) }
        #expect(times.within(percent: 50) == .hours(50) && times.within(percent: 90) == .hours(90))
        #expect(times.longest == .hours(100) && times.count(within: .days(1)) == 2)
        #expect(ResolutionTimes().within(percent: 50) == nil)
    }

    @Test func `the JSON and the page have the trend and the time to comply`() throws {
        var store = FakeStoreReads([token("old", age: 97)])
        store.findingSpans = [Self.span(40, 20), Self.span(5, nil)]
        store.firstRun = now - .days(50)
        let summary = try json(store)["summary"]
        #expect(summary?["trend"]?["days"]?.array?.count == 31)
        #expect(summary?["trend"]?["open_after"]?.integer == 1)
        #expect(summary?["time_to_comply"]?["median_seconds"]?.integer == 1_728_000)
        #expect(summary?["time_to_comply"]?["by_rule"]?[0]?["rule"]?.string == "max-age")
        let page = try text(.html, store)
        #expect(page.contains("Open violations day by day") && page.contains("Time to comply"))
        #expect(try text(.markdown, store).contains("1 were open when the period began"))
    }

    @Test func `before the first run nothing is known to be open, and none of it is told as nought`() throws {
        var store = FakeStoreReads([token("old", age: 97)])
        store.findingSpans = [Self.span(3, nil)]
        store.firstRun = now - .days(3)
        let trend = try #require(try json(store)["summary"]?["trend"])
        #expect(trend["open_before"]?.isNull == true && trend["first_run"]?.string == "\(now - .days(3))")
        #expect(trend["days"]?.array?.map { $0["open"]?.integer } == [1, 1, 1, 1])
        let page = try text(.html, store)
        #expect(page.contains("not known: no run before 21 Nov 2026, 03:00 UTC") && !page.contains(": 0 open"))
        #expect(try text(.markdown, store).contains("(no run before 2026-11-21T03:00:00Z)"))
    }
}

@Suite struct SecurityInventoryTests {
    @Test func `the inventory says of each live token what it is, what for, whose, its end and its renewal`() throws {
        var external = token("partner", age: 400)
        external.issuer = .external(kind: "github")
        let store = FakeStoreReads([token("old", age: 97), external, token("ended", age: 3, expires: 0)])
        let lines = try text(.inventory, store).components(separatedBy: "\r\n")
        #expect(lines.count == 4, "a header, two live ones, and the end of the last line")
        #expect(
            lines[1]
                == "id-old,old,rota,'=what <it> is for,team-data,snowflake,2027-03-04T03:00:00Z,"
                + "\"by rota, under quarterly\",2026-08-19T03:00:00Z,2026-11-17T03:00:00Z,2026-05-08T03:00:00Z,"
                + "1,observed,violating,2026-11-24T03:00:00Z,all,,,,2026-08-19T03:00:00Z"
        )
        #expect(lines[2].contains("external:github") && lines[2].contains("by its issuer; quarterly watches it"))
        let listed = try json(store)["summary"]?["security_inventory"]?["listed"]
        #expect(listed?[0]?["purpose"]?.string == "=what <it> is for" && listed?.array?.count == 2)
        #expect(listed?[0]?["renewal"]?["automatic"]?.bool == true)
        #expect(listed?[1]?["renewal"]?["automatic"]?.bool == false)
        #expect(try text(.html, store).contains("=what &lt;it&gt; is for"))
    }

    @Test func `whichever policy stands first, the one that acts renews, where it can`() throws {
        let rules = [Rule(.maxAge(.days(90)), action: .rotate)]
        let telling = Policy(name: "baseline", mode: .observe, selector: Selector(), rules: rules)
        let acting = Policy(name: "quarterly", mode: .enforce, selector: Selector(), rules: rules)
        var placeless = token("placeless", age: 97)
        placeless.destinationCount = 0
        let store = FakeStoreReads([token("old", age: 97), placeless])
        for policies in [[telling, acting], [acting, telling]] {
            let lines = try text(.inventory, store, PolicySet(policies)).components(separatedBy: "\r\n")
            #expect(lines[1].contains("by rota, under quarterly"))
            #expect(lines[2].contains("by hand: it has no destination for quarterly"))
            let listed = try json(store, PolicySet(policies))["summary"]?["security_inventory"]?["listed"]
            #expect(listed?.array?.map { $0["renewal"]?["automatic"]?.bool } == [true, false])
        }
    }

    @Test func `a token that no policy selects is in the inventory, and in no other row`() throws {
        let none = PolicySet([])
        let store = FakeStoreReads([token("old", age: 97)])
        #expect(try text(.inventory, store, none).contains("id-old,old,"))
        #expect(try text(.inventory, store, none).contains("by hand: no policy has it rotated"))
        #expect(try text(.csv, store, none).components(separatedBy: "\r\n").count == 2)
        #expect(try json(store, none)["summary"]?["rows"]?["uncovered"]?[0]?["name"]?.string == "old")
    }
}

@Suite struct ComparisonTests {
    private static let before = FakeStoreReads([
        token("becomes-old", age: 80), token("is-mended", age: 97), token("stays-old", age: 99),
        token("leaves", age: 98),
        token("is-forgotten", age: 95), token("stays-young", age: 3),
    ])
    private static let after = FakeStoreReads([
        token("becomes-old", age: 92), token("is-mended", age: 1), token("stays-old", age: 111),
        token("is-forgotten", age: nil), token("stays-young", age: 15), token("comes-old", age: 120),
    ])

    private static func compared(_ kind: ReportKind = .json) throws -> String {
        try text(kind, after, at: now + .days(12), against: Array(text(.json, before).utf8))
    }

    @Test func `what became violating, was mended, is new or gone is told, with names`() throws {
        let report = try JSON.parse(Array(try Self.compared().utf8), maximumBytes: 1 << 20)
        let comparison = try #require(report["summary"]?["comparison"])
        func names(_ change: String) -> [String] {
            (comparison["listed"]?[change]?.array ?? []).compactMap { $0["name"]?.string }
        }
        #expect(names("worsened") == ["becomes-old"] && names("arrived") == ["comes-old"])
        #expect(names("mended") == ["is-mended"] && names("gone") == ["leaves"])
        #expect(names("unknown") == ["is-forgotten"] && names("waived").isEmpty)
        #expect(comparison["still_violating"]?.integer == 1)
        #expect(comparison["new_tokens"]?.integer == 1 && comparison["gone_tokens"]?.integer == 1)
        #expect(comparison["same_policies"]?.bool == true)
        #expect(comparison["earlier"]?["at"]?.string == now.description)
        #expect(comparison["verdicts_before"]?["violating"]?.integer == 4)
        #expect(comparison["verdicts_now"]?["violating"]?.integer == 3)
    }

    @Test func `the page and the Markdown tell of it`() throws {
        let page = try Self.compared(.html)
        for part in ["What has changed", "Became violating: 1", "becomes-old", "Mended: 1", "Violating, and new: 1"] {
            #expect(page.contains(part), "\(part)")
        }
        #expect(try Self.compared(.markdown).contains("| Became violating | becomes-old |"))
        #expect(try !text(.html, Self.after).contains("What has changed"))
    }

    @Test func `a report of another store, of other owners, or one that is redacted is none to be held against`() throws
    {
        var other = Self.before
        other.storeIdentity.instance = "0000"
        #expect(throws: IncomparableReports.self) {
            try text(.json, Self.after, against: Array(text(.json, other).utf8))
        }
        #expect(throws: IncomparableReports.self) {
            try text(.json, Self.after, against: Array(text(.json, Self.before, owner: "team-*").utf8))
        }
    }

    @Test(arguments: ["", "[]", "{}", "no JSON", #"{"report":{"instance":"x"},"verdicts":[]}"#, #"{"report":"#])
    func `what is no whole report is refused`(text earlier: String) throws {
        #expect(throws: (any Error).self) { try text(.json, Self.after, against: Array(earlier.utf8)) }
    }

    @Test func `a report that was laid out by another tool is read all the same`() throws {
        let pretty = try JSON.parse(Array(text(.json, Self.before).utf8), maximumBytes: 1 << 20).pretty()
        let report = try text(.json, Self.after, against: Array(pretty.utf8))
        #expect(report.contains(#""still_violating":1"#))
    }
}
