import Engine
import JSON
import Reports
import RotaCore
import TestSupport
import Testing
import TransparencyLog

private let now = Inventory.now

private func token(_ name: String, owner: String, age: Int64, state: TokenState = .active) -> Token {
    var token = Token(
        id: TokenID("id-\(age)"), name: name, description: "purpose of \(name)", owner: owner,
        integration: "secret-system", labels: ["team": "hidden-label"], createdAt: now - .days(200),
        createdBy: "cli:hidden-maker", expiresAt: now + .days(100), usage: .unknown,
        values: ValueSummary(currentIssuedAt: now - .days(age)), destinationCount: 1)
    token.state = state
    return token
}

private let policies = PolicySet([
    Policy(
        name: "quarterly", mode: .enforce, selector: Selector(names: [Glob("hidden-*")]),
        rules: [
            Rule(.maxAge(.days(90)), action: .rotate),
            Rule(.owner([Glob("hidden-owner"), Glob("other-owner")]), action: .notify),
        ], controls: ["frame-1": ["8.6.3"]])
])

/// Every place of a report that a name can come out of.
private func store() -> FakeStoreReads {
    let old = token("hidden-old", owner: "hidden-owner", age: 97)
    var revoked = token("hidden-revoked", owner: "hidden-owner", age: 5, state: .revoked)
    revoked.end = TokenEnd(at: now - .days(2), by: "cli:hidden-revoker", cause: "hidden-cause")
    let other = token("hidden-other", owner: "other-owner", age: 99)
    var outside = token("hidden-outside", owner: "other-owner", age: 200)
    outside.issuer = .external(kind: "hidden-vendor")
    var store = FakeStoreReads([old, token("hidden-young", owner: "other-owner", age: 3), other, revoked, outside])
    store.destinations = [old.id: [Destination(vault: "main", path: "hidden-place")]]
    store.actions = [old, other].map { token in
        RecordedAction(
            run: "run-1", tokenID: token.id, name: token.name, action: .rotate, policy: "quarterly", rule: "max-age",
            reason: "max-age-exceeded", message: "the value is 97 days old", deadline: now - .days(7),
            outcome: .failed, cause: "main: hidden-place is locked", at: now - .days(1))
    }
    store.rotations = [
        Rotation(
            id: 1, tokenID: old.id, fromVersion: 1, toVersion: 2, phase: .open, overlap: .hours(1),
            claimedAt: now - .days(1), claim: Change(actor: "cli:hidden-claimer", at: now, cause: "hidden-cause"),
            trigger: nil, failures: 2, nextAttemptAt: now, cause: "hidden-place is locked")
    ]
    store.run = RunRecord(id: "run-1", actor: "cli:hidden-runner", startedAt: now - .days(1), aborted: "hidden-why")
    store.absences[old.id] = Absence(since: now - .days(3), file: "hidden-file.csv")
    store.pastFreezes = [
        PastFreeze(
            Freeze(reason: "hidden-reason", actor: "cli:hidden-freezer", begunAt: now - .hours(2), endsAt: nil),
            endedAt: nil)
    ]
    let approver = Principal(name: "hidden-approver", account: "cli:hidden-approver", tokenID: nil)
    store.waivers = [old.id.text, "*"].map { subject in
        Waiver(
            id: "w_\(subject == "*" ? "match" : "one")",
            subject: subject == "*" ? .matching(Selector(names: [Glob("hidden-young")])) : .token(old.id),
            policy: "quarterly", rule: "owner", reason: "hidden-waiver",
            requester: Principal(account: "cli:hidden-asker"),
            requestedAt: now - .days(9), endsAt: now + .days(9), state: .active,
            approval: Waiver.Approval(approver: approver, at: now - .days(8), comment: "hidden-comment"))
    }
    store.findingSpans = [old, other].map {
        FindingSpan(
            tokenID: $0.id, rule: RuleReference(policy: "quarterly", rule: "max-age"), openedAt: now - .days(5))
    }
    return store
}

private func request(owner: String? = nil, isRedacted: Bool = false) -> ReportRequest {
    var request = ReportRequest(
        policies: policies, vaults: ["main"], now: now, generator: "rota 0.1.0", actor: "cli:hidden-reader")
    request.owner = owner.map(Glob.init)
    request.isRedacted = isRedacted
    return request
}

private func bytes(_ kind: ReportKind, _ request: ReportRequest) throws -> [UInt8] {
    let gathered = Gathered()
    _ = try kind.compose(request, from: store(), to: gathered.sink)
    return gathered.bytes
}

private func json(_ request: ReportRequest) throws -> JSON {
    try JSON.parse(try bytes(.json, request), maximumBytes: 1 << 20)
}

@Suite struct ReportScopeTests {
    @Test(arguments: ReportKind.allCases)
    func `a redacted report has no name of a token, owner, person or place, nor a free text`(kind: ReportKind) throws {
        let plain = String(decoding: try bytes(kind, request()), as: UTF8.self)
        let redacted = String(decoding: try bytes(kind, request(isRedacted: true)), as: UTF8.self)
        #expect(plain.contains("hidden-old"), "so that the rest means something")
        for word in ["hidden-", "other-owner", "secret-system", "6f1d2c9a", "alice", "purpose of"] {
            #expect(!redacted.contains(word), "\(kind): \(word)")
        }
        // Markdown escapes nothing of an id.
        #expect(redacted.contains("id-97") || kind == .markdown && redacted.contains("id-99"))
    }

    @Test(arguments: ReportKind.allCases)
    func `without a key, what pseudonyms are made with is not told by an earlier checkpoint either`(
        kind: ReportKind
    ) throws {
        var store = store()
        store.checkpoints = [
            SignedCheckpoint(size: 1, root: .empty, at: now, note: "rota-\(store.storeIdentity.instance)\n1\n")
        ]
        func text(_ key: [UInt8]?) throws -> String {
            var request = request(isRedacted: true)
            request.pseudonymKey = key
            let gathered = Gathered()
            _ = try kind.compose(request, from: store, to: gathered.sink)
            return gathered.text
        }
        #expect(try !text(nil).contains(store.storeIdentity.instance))
        let hasCheckpoint = [.html, .json, .markdown, .junit].contains(kind)
        #expect(try text([7]).contains(store.storeIdentity.instance) == hasCheckpoint)
    }

    @Test func `pseudonyms are the same in every report of a store, and other ones in another store`() throws {
        func owners(_ store: FakeStoreReads) throws -> [String] {
            let gathered = Gathered()
            _ = try ReportKind.json.compose(request(isRedacted: true), from: store, to: gathered.sink)
            let listed = try JSON.parse(gathered.bytes, maximumBytes: 1 << 20)["summary"]?["owners"]?.array
            return (listed ?? []).compactMap { $0["owner"]?.string }.sorted()
        }
        var another = store()
        another.storeIdentity.instance = "77777777"
        let first = try owners(store())
        #expect(first.count == 2 && first.allSatisfy { $0.hasPrefix("owner-") && $0.count == 18 })
        #expect(try owners(store()) == first)
        #expect(try Set(owners(another)).isDisjoint(with: first))
    }

    @Test func `a redacted report judges by the names that it does not tell`() throws {
        let (plain, redacted) = (try json(request()), try json(request(isRedacted: true)))
        #expect(plain["totals"]?.serialized() == redacted["totals"]?.serialized())
        #expect(redacted["report"]?["redacted"]?.bool == true && plain["report"]?["redacted"]?.bool == false)
        #expect(plain["report"]?["policies_digest"]?.string == redacted["report"]?["policies_digest"]?.string)
    }

    @Test func `a slice tells of nothing but the tokens of the owners that match, and sums these`() throws {
        let slice = try json(request(owner: "hidden-*"))
        #expect(slice["report"]?["owner"]?.string == "hidden-*")
        #expect(slice["totals"]?["tokens"]?.integer == 2 && slice["totals"]?["selected"]?.integer == 1)
        #expect(slice["verdicts"]?.array?.compactMap { $0["name"]?.string } == ["hidden-old", "hidden-old"])
        let summary = slice["summary"]
        #expect(summary?["activity"]?["outcomes"]?["rotate"]?["failed"]?.integer == 1)
        #expect(summary?["rotations"]?["stalled"]?.integer == 1 && summary?["missing"]?["count"]?.integer == 1)
        #expect(summary?["trend"]?["open_after"]?.integer == 1 && summary?["deliveries"]?.isNull == true)
        #expect(summary?["waivers"]?["in_force"]?.array?.compactMap { $0["id"]?.string } == ["w_one"])
        let other = try json(request(owner: "other-owner"))
        #expect(other["summary"]?["rotations"]?["stalled"]?.integer == 0)
        #expect(other["summary"]?["missing"]?["count"]?.integer == 0)
        #expect(other["summary"]?["waivers"]?["in_force"]?.array?.compactMap { $0["id"]?.string } == ["w_match"])
        #expect(!other.serialized().contains("hidden-old"))
    }

    @Test(arguments: [ReportKind.html, .markdown, .oscal, .junit])
    func `a slice says that it is one`(kind: ReportKind) throws {
        let whole = String(decoding: try bytes(kind, request()), as: UTF8.self)
        let slice = String(decoding: try bytes(kind, request(owner: "other-owner")), as: UTF8.self)
        let words =
            kind == .junit ? "compliance of other-owner" : kind == .oscal ? "A slice: only" : "only tokens whose owner"
        #expect(slice.localizedLowercaseContains(words) && !whole.localizedLowercaseContains(words))
    }
}

extension String {
    fileprivate func localizedLowercaseContains(_ words: String) -> Bool { lowercased().contains(words.lowercased()) }
}
