import RotaCore
import Testing

/// Rules about ends and about what is written down of a token, and the ends that `set-expiry` gives.
@Suite struct FactRulesTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var requirement: Requirement
        var token: Token
        var code: String

        init(_ description: String, _ requirement: Requirement, _ token: Token, _ code: String) {
            testDescription = description
            self.requirement = requirement
            self.token = token
            self.code = code
        }
    }

    // MARK: expires-within

    struct EndCase: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var left: TimeSpan
        var status: Verdict.Status
        var code: String
    }

    @Test(arguments: [
        EndCase(
            testDescription: "a second before the start", left: .days(17) + second, status: .compliant,
            code: "ends-later"),
        EndCase(testDescription: "at the start", left: .days(17), status: .due, code: "end-due"),
        EndCase(
            testDescription: "a second before the limit", left: .days(14) + second, status: .due, code: "end-due"),
        EndCase(testDescription: "exactly at the limit", left: .days(14), status: .violating, code: "ends-soon"),
        EndCase(testDescription: "a second before the end", left: second, status: .violating, code: "ends-soon"),
    ])
    func `an end is too near from exactly the limit on, and due from start-before`(_ example: EndCase) {
        let rule = Rule(.expiresWithin(.days(14)), startBefore: .days(3))
        let verdict = evaluate(rule, of: token(expiresIn: example.left), at: now)
        #expect(verdict.status == example.status)
        #expect(verdict.reason.code == example.code)
        #expect(verdict.deadline == now + example.left - .days(14))
        #expect(verdict.start == now + example.left - .days(17))
    }

    @Test func `without start-before a token is compliant until its end is too near`() {
        let rule = Rule(.expiresWithin(.days(14)), action: .revoke)
        #expect(evaluate(rule, of: token(expiresIn: .days(14) + second), at: now).status == .compliant)
        #expect(evaluate(rule, of: token(expiresIn: .days(14)), at: now).status == .violating)
    }

    @Test func `the overlap of a rotation is over before the end is too near`() {
        let rule = Rule(.expiresWithin(.days(14)), action: .rotate, overlap: .days(1), renewal: .days(90))
        #expect(evaluate(rule, of: token(expiresIn: .days(15) + second), at: now).status == .compliant)
        #expect(evaluate(rule, of: token(expiresIn: .days(15)), at: now).calls)
    }

    @Test func `a token without an end has none that is near`() {
        let verdict = evaluate(Rule(.expiresWithin(.days(14)), startBefore: .days(99)), of: token(), at: now)
        #expect(verdict.status == .compliant)
        #expect(verdict.reason == .noEndNear)
        #expect(verdict.deadline == nil)
    }

    @Test func `a rotation by an end waits for the one that is under way`() {
        let rule = Rule(.expiresWithin(.days(14)), action: .rotate, renewal: .days(90))
        let verdict = evaluate(rule, of: token(expiresIn: .days(3), rotationOpen: true), at: now)
        #expect(verdict.status == .violating)
        #expect(!verdict.calls)
    }

    // MARK: facts

    private static func described(_ text: String) -> Token {
        var changed = token()
        changed.description = text
        return changed
    }

    private static func scoped(_ scopes: String...) -> Token { token(scopes: scopes) }

    static let facts: [Case] = [
        Case("an owner", .owner([]), token(owner: "team-a"), "as-required"),
        Case("no owner", .owner([]), token(owner: ""), "no-owner"),
        Case("an owner of the list", .owner([Glob("ops"), Glob("team-*")]), token(owner: "team-a"), "as-required"),
        Case("an owner outside", .owner([Glob("ops")]), token(owner: "team-a"), "owner-not-allowed"),
        Case("no owner, where all are allowed", .owner([Glob("*")]), token(owner: ""), "no-owner"),
        Case("an owner in other letters", .owner([Glob("team-a")]), token(owner: "Team-A"), "owner-not-allowed"),
        Case("a description", .description, described("nightly export"), "as-required"),
        Case("no description", .description, described(""), "no-description"),
        Case("a destination", .destination, token(destinations: 1), "as-required"),
        Case("no destination", .destination, token(destinations: 0), "no-destination"),
        Case("a name as asked", .name([Glob("svc-*")]), token("svc-a"), "as-required"),
        Case("the beginning alone", .name([Glob("svc-*")]), token("svc-"), "as-required"),
        Case("another name", .name([Glob("svc-*")]), token("service-a"), "name-not-allowed"),
        Case("the second of two", .name([Glob("svc-*"), Glob("*-job")]), token("a-job"), "as-required"),
        Case("exactly so many scopes", .scopes(deny: [], max: 2), scoped("a", "b"), "as-required"),
        Case("one scope more", .scopes(deny: [], max: 2), scoped("a", "b", "c"), "too-many-scopes"),
        Case("no scopes, where none is allowed", .scopes(deny: [], max: 0), scoped(), "as-required"),
        Case("a scope that is denied", .scopes(deny: [Glob("*:admin")], max: nil), scoped("x:admin"), "scope-denied"),
        Case("scopes of which none is denied", .scopes(deny: [Glob("*:admin")], max: nil), scoped("x"), "as-required"),
        Case("no scopes at all", .scopes(deny: [Glob("*")], max: nil), scoped(), "as-required"),
        Case("denied and too many", .scopes(deny: [Glob("a")], max: 1), scoped("b", "a"), "scope-denied"),
    ]

    @Test(arguments: facts)
    func `a fact is as a rule asks, or it is violated at once`(_ example: Case) {
        let verdict = evaluate(Rule(example.requirement, action: .revoke), of: example.token, at: now)
        #expect(verdict.reason.code == example.code)
        #expect(verdict.status == (example.code == "as-required" ? .compliant : .violating))
        #expect(verdict.calls == (example.code != "as-required"))
        #expect(verdict.deadline == nil)
    }

    // MARK: set-expiry

    static let month = NewEnd(ahead: .days(60), spread: .days(30))

    static let setting = Rule(
        .expiry(required: true, maxLifetime: nil, maxRemaining: .days(365)), action: .setExpiry, newEnd: month)

    @Test func `a token gets the same end each time, within the bounds`() {
        for number in 0..<10_000 {
            let id = TokenID("tok_\(number)")
            let end = Self.month.end(of: id, at: now)
            #expect(end == Self.month.end(of: id, at: now))
            #expect(end >= now + .days(60) && end <= now + .days(90))
        }
    }

    @Test func `the end of a token is what it was in the last version`() {
        // By FNV-1a of another implementation: a report of today must hold tomorrow.
        let ahead = TimeSpan.days(84) + TimeSpan(seconds: 14984)
        #expect(Self.month.end(of: TokenID("tok_1"), at: now) - now == ahead)
    }

    @Test func `no day has more than three times the mean of the ends`() {
        var days = Array(repeating: 0, count: 31)
        for number in 0..<10_000 {
            let end = Self.month.end(of: TokenID("tok_\(number)"), at: now)
            days[Int((end - now - .days(60)).seconds / 86_400)] += 1
        }
        #expect(days.max() ?? 0 <= 3 * 10_000 / 30)
        #expect(days[..<30].min() ?? 0 > 0)
    }

    @Test func `without a spread all have the same end`() {
        let set = NewEnd(ahead: .days(60), spread: .zero)
        #expect(Set((0..<100).map { set.end(of: TokenID("tok_\($0)"), at: now) }) == [now + .days(60)])
    }

    @Test(arguments: [
        (TimeSpan?.none, Verdict.Status.violating, true),
        (.days(365) + second, .violating, true),
        (.days(365), .compliant, false),
        (.days(90), .compliant, false),
    ])
    func `set-expiry is called for where there is no end, or one too far away`(
        left: TimeSpan?, status: Verdict.Status, calls: Bool
    ) {
        let verdict = evaluate(Self.setting, of: token(expiresIn: left), at: now)
        #expect(verdict.status == status)
        #expect(verdict.calls == calls)
    }

    @Test func `what lives too long but ends soon already is in progress, and nothing is called`() {
        let rule = Rule(
            .expiry(required: true, maxLifetime: .days(100), maxRemaining: nil), action: .setExpiry,
            newEnd: Self.month)
        let near = evaluate(rule, of: token(expiresIn: .days(90)), at: now)
        #expect(near.status == .violating)
        #expect(near.inProgress)
        #expect(!near.calls)
        #expect(evaluate(rule, of: token(expiresIn: .days(90) + second), at: now).calls)
    }
}
