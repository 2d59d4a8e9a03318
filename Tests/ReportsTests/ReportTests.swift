import Engine
import Foundation
import FoundationXML
import JSON
import Reports
import RotaCore
import TestSupport
import Testing

private let now = Inventory.now

private func token(
    _ name: String, owner: String = "team-data", age: Int64 = 10, expires: Int64? = 100
) -> Token {
    Token(
        id: TokenID("id-" + name), name: name, owner: owner, integration: "snowflake",
        createdAt: now - .days(200), expiresAt: expires.map { now + .days($0) },
        usage: .lastUsed(now - .days(1)), values: ValueSummary(currentIssuedAt: now - .days(age)),
        destinationCount: 1)
}

private let quarterly = PolicySet([
    Policy(
        name: "quarterly", mode: .enforce,
        rules: [Rule(.maxAge(.days(90)), action: .rotate, startBefore: .days(3))])
])

private func request(_ policies: PolicySet = quarterly, hypotheticalAt: Instant? = nil) -> ReportRequest {
    ReportRequest(
        policies: policies, vaults: ["main"], now: now, hypotheticalAt: hypotheticalAt,
        generator: "rota 0.1.0", actor: "cli:alice")
}

private func json(_ store: FakeStoreReads, _ request: ReportRequest = request()) throws -> JSON {
    let gathered = Gathered()
    var format = JSONReport(to: gathered.sink)
    try composeReport(request, from: store, as: &format)
    return try JSON.parse(gathered.bytes, maximumBytes: 64 << 20)
}

private func csv(_ store: FakeStoreReads, _ request: ReportRequest = request()) throws -> String {
    let gathered = Gathered()
    var format = CSVReport(to: gathered.sink)
    try composeReport(request, from: store, as: &format)
    return gathered.text
}

private func html(_ store: FakeStoreReads, _ request: ReportRequest = request()) throws -> String {
    let gathered = Gathered()
    var format = HTMLReport(to: gathered.sink)
    try composeReport(request, from: store, as: &format)
    return gathered.text
}

// MARK: - JSON

@Test func `a row of the JSON has the members that scripts rely on, in order`() throws {
    let report = try json(FakeStoreReads([token("old", age: 97), token("young")]))
    #expect(report.object?.keys == ["report", "verdicts", "totals", "summary"])
    #expect(
        report["verdicts"]?[0]?.serialized()
            == #"{"token_id":"id-old","name":"old","policy":"quarterly","rule":"max-age","#
            + #""status":"violating","#
            + #""reason":"max-age-exceeded","message":"the value is 97 days old; the limit is 90 days","#
            + #""deadline":"2026-11-17T03:00:00Z","facts":"observed"}"#)
    #expect(report["verdicts"]?[1]?["status"]?.string == "compliant")
    #expect(report["verdicts"]?.array?.count == 2)
    #expect(
        report["totals"]?.serialized()
            == #"{"tokens":2,"evaluated":2,"selected":2,"uncovered":0,"verdicts":2,"compliant":1,"due":0,"#
            + #""violating":1,"waived":0,"unknown":0,"blocked":0}"#)
}

@Test func `the report says which store, policies and instant it is of`() throws {
    let facts = try #require(try json(FakeStoreReads([]))["report"])
    #expect(
        facts.object?.keys == [
            "generator", "instance", "generation", "generation_id", "policies_digest", "at", "hypothetical",
            "made_at", "period_from", "actor", "watched_seconds", "owner",
            "redacted",
        ])
    #expect(facts["policies_digest"]?.string == quarterly.digest)
    #expect(facts["at"]?.string == "2026-11-24T03:00:00Z")
    #expect(facts["hypothetical"]?.bool == false)
}

@Test func `the report says how much of its period uses were watched`() throws {
    var store = FakeStoreReads([])
    #expect(try json(store)["report"]?["watched_seconds"]?.integer == 0)
    store.trackers = [
        Heartbeat(tracker: "a", startedAt: now - .days(400), beatAt: now - .days(20), askedAt: now - .days(20)),
        Heartbeat(tracker: "a", startedAt: now - .days(12), beatAt: now, askedAt: now),
    ]
    #expect(try json(store)["report"]?["watched_seconds"]?.integer == 22 * 86_400)
    #expect(try html(store).contains("22 days of 30 days"))
    let hypothetical = try json(store, request(hypotheticalAt: now + .days(1)))
    #expect(hypothetical["report"]?["watched_seconds"]?.isNull == true)
}

@Test func `a report at another instant judges as if it were then, and says so`() throws {
    let report = try json(FakeStoreReads([token("young")]), request(hypotheticalAt: now + .days(81)))
    #expect(report["report"]?["hypothetical"]?.bool == true)
    #expect(report["report"]?["made_at"]?.string == now.description)
    #expect(report["verdicts"]?[0]?["status"]?.string == "violating")
    #expect(try html(FakeStoreReads([]), request(hypotheticalAt: now + .days(81))).contains("Hypothetical."))
}

@Test func `tokens that do not authenticate are counted and not judged`() throws {
    var revoked = token("revoked")
    revoked.state = .revoked
    revoked.end = TokenEnd(at: now - .days(2), by: "cli:bob", cause: "leaked")
    let report = try json(FakeStoreReads([revoked, token("ended", expires: 0), token("alive")]))
    #expect(report["verdicts"]?.array?.count == 1)
    #expect(report["totals"]?["tokens"]?.integer == 3)
    #expect(report["summary"]?["expiry"]?["past"]?.integer == 1)
    #expect(report["summary"]?["revocations"]?["count"]?.integer == 1)
}

@Test func `a conflict that the last run met is counted as blocked, while the action is called for`() throws {
    var store = FakeStoreReads([token("clash", age: 97), token("young")])
    store.destinations = [TokenID("id-clash"): [Destination(vault: "main", path: "a")]]
    store.blockedActions = ["clash", "young"].map { name in
        Block(
            tokenID: TokenID("id-\(name)"), action: .rotate, policy: "quarterly", rule: "max-age", reason: .conflict,
            cause: "main:a holds a value that rota does not know", since: now)
    }
    let report = try json(store)
    #expect(report["summary"]?["blocked"]?["conflict"]?.integer == 1)
    #expect(report["summary"]?["worst"]?[0]?["blocked"]?.string == "conflict")
}

@Test func `the freezes of the period are told, and one that is on stands above everything`() throws {
    var store = FakeStoreReads([token("young")])
    store.pastFreezes = [
        PastFreeze(
            Freeze(reason: "year <end>", actor: "cli:alice", begunAt: now - .hours(2), endsAt: nil), endedAt: nil),
        PastFreeze(
            Freeze(reason: "release", actor: "cli:bob", begunAt: now - .days(9), endsAt: now - .days(7)),
            endedAt: now - .days(8)),
    ]
    let freezes = try json(store)["summary"]?["freezes"]
    #expect(freezes?[0]?["on"]?.bool == true && freezes?[0]?["until"]?.string == nil)
    #expect(freezes?[0]?["by"]?.string == "cli:alice" && freezes?[0]?["reason"]?.string == "year <end>")
    #expect(freezes?[1]?["on"]?.bool == false && freezes?[1]?["until"]?.string == (now - .days(8)).description)
    let page = try html(store)
    #expect(page.contains("<strong>Frozen</strong> since") && page.contains("until somebody ends it: year &lt;end"))
    #expect(page.contains("Freezes of the period") && page.contains("cli:bob"))
    store.pastFreezes.removeFirst()
    #expect(try !html(store).contains("<strong>Frozen</strong>"))
    #expect(try !html(FakeStoreReads([token("young")])).contains("Freezes of the period"))
}

@Test func `a token whose action is called for and cannot be taken is counted as blocked`() throws {
    var foreign = token("foreign", age: 97)
    foreign.issuer = .external(kind: "aws-iam")
    let report = try json(FakeStoreReads([foreign]))
    #expect(report["summary"]?["blocked"]?["issuer-not-driven"]?.integer == 1)
    #expect(report["summary"]?["worst"]?[0]?["blocked"]?.string == "issuer-not-driven")
}

@Test func `tokens that their issuers' lists do not have are counted, and the longest missing named`() throws {
    var store = FakeStoreReads((0..<30).map { token("lost-\($0)") } + [token("there")])
    for (index, lost) in store.tokens.prefix(30).enumerated() {
        store.absences[lost.id] = Absence(since: Instant(seconds: 1_790_000_000 - Int64(index)), file: "keys.csv")
    }
    let missing = try #require(try json(store)["summary"]?["missing"])
    #expect(missing["count"]?.integer == 30)
    let listed = try #require(missing["listed"]?.array)
    #expect(listed.count == 25)
    #expect(listed.first?["name"]?.string == "lost-29" && listed.first?["file"]?.string == "keys.csv")
    #expect(listed.first?["since"]?.string == Instant(seconds: 1_789_999_971).description)
    let page = try html(store)
    #expect(page.contains("the longest missing 25 of 30") && page.contains("lost-29") && page.contains("keys.csv"))
    #expect(try !html(FakeStoreReads([token("there")])).contains("longest missing"))
}

@Test func `all sums of a large inventory agree with its rows`() throws {
    let report = try json(Inventory.store(), Inventory.request)
    let rows = try #require(report["verdicts"]?.array)
    let summary = try #require(report["summary"])
    #expect(report["totals"]?["verdicts"]?.integer == Int64(rows.count))
    let ofRules = (summary["policies"]?.array ?? []).flatMap { $0["rules"]?.array ?? [] }
    for status in Verdict.Status.allCases.map(\.rawValue) {
        let count = Int64(rows.count { $0["status"]?.string == status })
        #expect(report["totals"]?[status]?.integer == count)
        #expect(ofRules.reduce(0) { $0 + ($1["verdicts"]?[status]?.integer ?? 0) } == count)
        let ofOwners = (summary["owners"]?.array ?? []).reduce(0) {
            $0 + ($1["tokens"]?[status]?.integer ?? 0)
        }
        #expect(ofOwners == summary["tokens"]?[status]?.integer)
    }
    let evaluated = report["totals"]?["evaluated"]?.integer
    let expiry = try #require(summary["expiry"])
    let coming = (expiry["coming"]?.array ?? []).reduce(0) { $0 + ($1["count"]?.integer ?? 0) }
    #expect(coming + (expiry["never"]?.integer ?? 0) + (expiry["later"]?.integer ?? 0) == evaluated)
    for length in ["age", "idle"] {
        let known = (summary[length]?["buckets"]?.array ?? []).reduce(0) { $0 + ($1["count"]?.integer ?? 0) }
        #expect(known + (summary[length]?["unknown"]?.integer ?? 0) == evaluated)
    }
}

// MARK: - CSV

@Test func `a row of the CSV has its columns in order, and lines end as RFC 4180 has it`() throws {
    let expected = """
        token_id,name,owner,integration,issuer,policy,rule,status,reason,message,deadline,\
        value_issued_at,last_used,expires_at,would_be,waiver,waived_until,facts,judged_at,extent\r
        id-old,old,team-data,snowflake,rota,quarterly,max-age,violating,max-age-exceeded,\
        the value is 97 days old; the limit is 90 days,2026-11-17T03:00:00Z,\
        2026-08-19T03:00:00Z,2026-11-23T03:00:00Z,2027-03-04T03:00:00Z,,,,observed,2026-11-24T03:00:00Z,all\r

        """
    #expect(try csv(FakeStoreReads([token("old", age: 97)])) == expected)
}

@Test(arguments: [
    ("=cmd", "'=cmd"), ("+1", "'+1"), ("-1", "'-1"), ("@SUM(A1)", "'@SUM(A1)"), ("\t=1", "\"'\t'=1\""),
    ("\r=1", "\"'\r=1\""), ("=1,2", "\"'=1,2\""), ("=\"x\"", "\"'=\"\"x\"\"\""), ("a,b", "\"a,b\""),
    ("say \"hi\"", "\"say \"\"hi\"\"\""), ("two\nlines", "\"two\nlines\""), (" pad ", "\" pad \""),
    // Where the comma is the sign of decimals, cells are parted by a semicolon.
    ("x;=cmd|calc", "x;'=cmd|calc"), ("a;b", "a;b"), ("a;\"@b\"", "\"a;\"\"@b\"\"\""), ("\u{FF1D}cmd", "'\u{FF1D}cmd"),
    ("plain=1", "plain=1"), ("Zoë", "Zoë"), ("", ""),
])
func `a field of the CSV is neither a formula nor the end of its cell`(name: String, field: String) throws {
    var hostile = token("x")
    hostile.name = name
    hostile.owner = name
    let text = try csv(FakeStoreReads([hostile]))
    #expect(text.contains("\r\nid-x,\(field),\(field),snowflake,"))
}

// MARK: - HTML

/// Collects what a browser could act on.
private final class Elements: NSObject, XMLParserDelegate {
    var names: [String] = []
    var ids: Set<String> = []
    var targets: Set<String> = []
    var handlers: [String] = []
    var text = ""

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String] = [:]
    ) {
        names.append(name)
        if let id = attributes["id"] { #expect(ids.insert(id).inserted) }
        if let target = attributes["href"] { targets.insert(target) }
        handlers += attributes.keys.filter { $0.hasPrefix("on") || $0 == "src" }
        // Numbers by which a row is put in order, and nothing else.
        if let style = attributes["style"], style.wholeMatch(of: /(--[a-z]:\d+;)+/) == nil { handlers.append(style) }
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }
}

private func parse(_ page: String) throws -> Elements {
    let parser = XMLParser(data: Data(page.utf8))
    let elements = Elements()
    parser.delegate = elements
    #expect(parser.parse(), "line \(parser.lineNumber): \(String(describing: parser.parserError))")
    return elements
}

@Test func `the page is well formed, without script, network or dangling links`() throws {
    let page = try html(Inventory.store(), Inventory.request)
    let elements = try parse(page)
    #expect(Set(elements.names).isDisjoint(with: ["script", "img", "link", "iframe", "object", "form"]))
    #expect(elements.handlers.isEmpty)
    #expect(
        elements.targets.allSatisfy { $0.hasPrefix("#") && elements.ids.contains(String($0.dropFirst())) })
    #expect(!page.contains("http:") && !page.contains("https:") && !page.contains("url("))
    #expect(elements.names.count { $0 == "h1" } == 1)
    #expect(elements.names.count { $0 == "table" } == elements.names.count { $0 == "caption" })
}

@Test(arguments: [
    "<img src=x onerror=alert(1)>", "\"><script>alert(1)</script>", "'--><svg/onload=alert(1)>", "]]>&amp;",
    "</style></title>", "\u{202E}evil\u{202C}\u{0}\u{1B}[31m\u{85}\u{FFFF}",
])
func `no text of anybody's making becomes markup or reorders the page`(text: String) throws {
    var hostile = token("x", owner: text, age: 400)
    hostile.name = text
    hostile.state = .active
    var revoked = hostile
    revoked.id = TokenID("y")
    revoked.state = .revoked
    revoked.end = TokenEnd(at: now, by: text, cause: text)
    let policies = PolicySet([
        Policy(
            name: text, description: text, basis: text, mode: .enforce,
            rules: [Rule(.maxAge(.days(90)), action: .rotate)], controls: [text: [text]])
    ])
    let page = try html(FakeStoreReads([hostile, revoked]), request(policies))
    let elements = try parse(page)
    #expect(Set(elements.names).isDisjoint(with: ["script", "img"]))
    #expect(elements.handlers.isEmpty)
    #expect(page.unicodeScalars.allSatisfy { $0 == "\n" || ($0.value >= 0x20 && $0.value != 0x202E) })
}

@Test func `the page says what is wrong in its first sentence`() throws {
    let store = FakeStoreReads([token("old", age: 97), token("young"), token("younger")])
    let page = try html(store)
    #expect(page.contains("<h1 class=\"headline\">1 of 3 tokens under policy breaks a rule</h1>"))
    #expect(page.contains("<strong>old</strong> of team-data, 7 days past its deadline"))
    #expect(try html(FakeStoreReads([token("young")])).contains("No token under policy breaks a rule"))
    #expect(try html(FakeStoreReads([])).contains("There is no token that authenticates"))
    #expect(try html(FakeStoreReads([]), request(PolicySet([]))).contains("No policy is loaded"))
}

@Test func `beyond five hundred violations the page says how many more there are`() throws {
    let page = try html(FakeStoreReads((0..<620).map { token("t\($0)", age: 100) }))
    #expect(page.contains("The 500 longest overdue of 620 violations, rule by rule; 120 more are not printed here."))
    #expect(try parse(page).names.count { $0 == "tr" } < 800)
}

@Test func `a report hands its bytes on in small pieces`() throws {
    var largest = 0
    var format = CSVReport { largest = max(largest, $0.count) }
    try composeReport(request(), from: FakeStoreReads((0..<3000).map { token("t\($0)") }), as: &format)
    #expect((60_000...80_000).contains(largest))
}
