import RotaCore
import Testing

@Suite struct EvaluationTests {
    // MARK: max-age

    struct AgeCase: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var age: TimeSpan
        var status: Verdict.Status
        var code: String
    }

    static let quarter = Rule(
        .maxAge(.days(90)), action: .rotate, startBefore: .days(3), overlap: .hours(24))

    @Test(arguments: [
        AgeCase(
            testDescription: "one second before the start", age: .days(86) - second, status: .compliant,
            code: "within-max-age"),
        AgeCase(testDescription: "at the start", age: .days(86), status: .due, code: "max-age-due"),
        AgeCase(
            testDescription: "one second before the limit", age: .days(90) - second, status: .due,
            code: "max-age-due"),
        AgeCase(testDescription: "exactly at the limit", age: .days(90), status: .due, code: "max-age-due"),
        AgeCase(
            testDescription: "one second past the limit", age: .days(90) + second, status: .violating,
            code: "max-age-exceeded"),
    ])
    func `a value is too old when its age is more than max-age, and due from the start`(_ example: AgeCase) {
        let verdict = evaluate(Self.quarter, of: token(age: example.age), at: now)
        #expect(verdict.status == example.status)
        #expect(verdict.reason.code == example.code)
        #expect(verdict.deadline == ago(example.age) + .days(90))
        #expect(verdict.start == ago(example.age) + .days(86))
        #expect(!verdict.inProgress)
    }

    @Test(arguments: [Action.notify, .revoke])
    func `the overlap counts only when the action is rotate`(_ action: Action) {
        let rule = Rule(.maxAge(.days(90)), action: action, startBefore: .days(3), overlap: .hours(24))
        #expect(evaluate(rule, of: token(age: .days(87) - second), at: now).status == .compliant)
        #expect(evaluate(rule, of: token(age: .days(87)), at: now).status == .due)
    }

    @Test func `without start-before and overlap a value is due at its deadline and not before`() {
        let rule = Rule(.maxAge(.days(90)), action: .rotate)
        #expect(evaluate(rule, of: token(age: .days(90) - second), at: now).status == .compliant)
        #expect(evaluate(rule, of: token(age: .days(90)), at: now).status == .due)
        #expect(evaluate(rule, of: token(age: .days(90) + second), at: now).status == .violating)
    }

    @Test func `an open rotation gives in-progress and no action`() {
        for age in [TimeSpan.days(88), .days(91)] {
            let verdict = evaluate(Self.quarter, of: token(age: age, rotationOpen: true), at: now)
            #expect(verdict.reason.code == "in-progress")
            #expect(verdict.inProgress)
            #expect(!verdict.calls)
        }
    }

    @Test func `an open rotation does not make an old value compliant`() {
        let verdict = evaluate(Self.quarter, of: token(age: .days(91), rotationOpen: true), at: now)
        #expect(verdict.status == .violating)
    }

    @Test func `an old previous value beside a young current one violates with previous-in-use`() {
        let rotated = token(age: .days(2), oldest: .days(90) + second, awaitingRetirement: true)
        let verdict = evaluate(Self.quarter, of: rotated, at: now)
        #expect(verdict.status == .violating)
        #expect(verdict.reason == .previousInUse(age: .days(90) + second, limit: .days(90)))
        #expect(!verdict.calls)
    }

    @Test(arguments: [
        (TimeSpan.hours(22), "in-progress"), (.zero - .hours(2), "in-progress"), (.zero - .hours(24), "in-progress"),
        (.zero - .hours(24) - second, "previous-in-use"),
    ])
    func `an old previous value violates as one in its overlap, until that is past its cap`(
        left: TimeSpan, code: String
    ) {
        var rotated = token(age: .days(2), oldest: .days(91), awaitingRetirement: true)
        rotated.values.overlapEndsAt = now + left
        let verdict = evaluate(Self.quarter, of: rotated, at: now)
        #expect(verdict.status == .violating, "it is too old, and authenticates")
        #expect(verdict.reason.code == code)
        #expect(!verdict.calls)
    }

    @Test func `a value in its overlap says how long that still is`() {
        let reason = Reason.inOverlap(age: .days(91), limit: .days(90), left: .hours(22))
        #expect(
            reason.message == "the value is replaced; the previous one, 91 days old, still authenticates until its "
                + "overlap ends in 22 hours; the limit is 90 days")
    }

    @Test func `within its overlap a previous value that is young enough violates nothing`() {
        var rotated = token(age: .hours(1), oldest: .days(60), awaitingRetirement: true)
        rotated.values.overlapEndsAt = now + .hours(23)
        #expect(evaluate(Self.quarter, of: rotated, at: now).status == .compliant)
    }

    @Test func `a previous value exactly at the limit is in progress`() {
        let rotated = token(age: .days(2), oldest: .days(90), awaitingRetirement: true)
        let verdict = evaluate(Self.quarter, of: rotated, at: now)
        #expect(verdict.status == .due)
        #expect(verdict.reason.code == "in-progress")
        #expect(!verdict.calls)
    }

    @Test func `an unknown age is unknown and never acted on`() {
        let verdict = evaluate(Self.quarter, of: token(age: nil), at: now)
        #expect(verdict == Verdict(.unknown, .ageUnknown))
        #expect(!verdict.calls)
    }

    @Test func `a value from the future has no age`() {
        let verdict = evaluate(Self.quarter, of: token(age: .zero - .days(2)), at: now)
        #expect(verdict.reason == .withinMaxAge(age: .zero, limit: .days(90)))
    }

    @Test func `a token without a value says so`() {
        var empty = token(age: nil)
        empty.values.current = nil
        #expect(evaluate(Self.quarter, of: empty, at: now) == Verdict(.unknown, .noValue))
        empty.values.current = 1
        #expect(evaluate(Self.quarter, of: empty, at: now) == Verdict(.unknown, .ageUnknown))
    }

    // MARK: unused-for

    struct UseCase: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var usage: Usage
        var created: TimeSpan = .days(500)
        var status: Verdict.Status
        var code: String
    }

    @Test(arguments: [
        UseCase(
            testDescription: "used one second short of the limit", usage: .lastUsed(ago(.days(30) - second)),
            status: .compliant, code: "used-recently"),
        UseCase(
            testDescription: "used exactly the limit ago", usage: .lastUsed(ago(.days(30))),
            status: .violating,
            code: "idle-too-long"),
        UseCase(
            testDescription: "used one second longer ago", usage: .lastUsed(ago(.days(30) + second)),
            status: .violating, code: "idle-too-long"),
        UseCase(
            testDescription: "never used, watched for exactly the limit",
            usage: .neverUsed(since: ago(.days(30))),
            status: .violating, code: "never-used"),
        UseCase(
            testDescription: "never used, watched a second less",
            usage: .neverUsed(since: ago(.days(30) - second)),
            status: .compliant, code: "never-used-within-limit"),
        UseCase(
            testDescription: "never used, watched for a year but created yesterday",
            usage: .neverUsed(since: ago(.days(365))), created: .days(1), status: .compliant,
            code: "never-used-within-limit"),
        UseCase(
            testDescription: "never used, watched since yesterday though created long ago",
            usage: .neverUsed(since: ago(.days(1))), status: .compliant,
            code: "never-used-within-limit"),
        UseCase(testDescription: "unknown", usage: .unknown, status: .unknown, code: "usage-unknown"),
    ])
    func `unused is idle for at least unused-for`(_ example: UseCase) {
        let rule = Rule(.unusedFor(.days(30)), action: .revoke)
        let verdict = evaluate(rule, of: token(created: example.created, usage: example.usage), at: now)
        #expect(verdict.status == example.status)
        #expect(verdict.reason.code == example.code)
    }

    @Test func `an idle token is due from start-before on`() {
        let rule = Rule(.unusedFor(.days(30)), action: .revoke, startBefore: .days(2))
        let idle = { (span: TimeSpan) in evaluate(rule, of: token(usage: .lastUsed(ago(span))), at: now) }
        #expect(idle(.days(28) - second).status == .compliant)
        #expect(idle(.days(28)).status == .due)
        #expect(idle(.days(28)).reason.code == "idle-due")
        #expect(idle(.days(28)).deadline == now + .days(2))
    }

    @Test func `a rotation is not a use`() {
        let rule = Rule(.unusedFor(.days(30)), action: .revoke)
        let rotated = token(age: .hours(1), usage: .lastUsed(ago(.days(31))))
        #expect(evaluate(rule, of: rotated, at: now).status == .violating)
    }

    @Test func `an overlap does not keep an idle token from being revoked`() {
        let rule = Rule(.unusedFor(.days(30)), action: .revoke)
        let idle = token(usage: .lastUsed(ago(.days(31))), awaitingRetirement: true)
        #expect(evaluate(rule, of: idle, at: now).calls)
    }

    // MARK: expiry

    struct ExpiryCase: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var created: TimeSpan
        var expiresIn: TimeSpan?
        var code: String
    }

    @Test(arguments: [
        ExpiryCase(testDescription: "no end", created: .days(1), expiresIn: nil, code: "no-expiry"),
        ExpiryCase(
            testDescription: "a lifetime exactly at the limit", created: .days(335), expiresIn: .days(30),
            code: "expiry-acceptable"),
        ExpiryCase(
            testDescription: "a lifetime one second over", created: .days(335) + second, expiresIn: .days(30),
            code: "lifetime-too-long"),
        ExpiryCase(
            testDescription: "exactly max-remaining left", created: .days(1), expiresIn: .days(180),
            code: "expiry-acceptable"),
        ExpiryCase(
            testDescription: "one second more than max-remaining left", created: .days(1),
            expiresIn: .days(180) + second, code: "remaining-too-long"),
        ExpiryCase(
            testDescription: "one second less than both", created: .days(184), expiresIn: .days(180) - second,
            code: "expiry-acceptable"),
    ])
    func `expiry is violated at once, by each of its parts`(_ example: ExpiryCase) {
        let rule = Rule(.expiry(required: true, maxLifetime: .days(365), maxRemaining: .days(180)))
        let verdict = evaluate(
            rule, of: token(created: example.created, expiresIn: example.expiresIn), at: now)
        #expect(verdict.reason.code == example.code)
        #expect(verdict.status == (example.code == "expiry-acceptable" ? .compliant : .violating))
        #expect(verdict.deadline == nil)
    }

    @Test func `a token without an end is compliant where none is required`() {
        let rule = Rule(.expiry(required: false, maxLifetime: .days(1), maxRemaining: .days(1)))
        #expect(evaluate(rule, of: token(), at: now).status == .compliant)
    }

    // MARK: which tokens

    @Test(arguments: [TokenState.quarantined, .revoked, .expired])
    func `a token that does not authenticate gets no verdict`(_ state: TokenState) {
        #expect(verdicts(of: token(state: state)).isEmpty)
    }

    @Test func `a token is evaluated until the second before its end`() {
        #expect(verdicts(of: token(expiresIn: second)).count == 1)
        #expect(verdicts(of: token(expiresIn: .zero)).isEmpty)
    }

    private func verdicts(of token: Token) -> [Planner.Ruling] {
        let set = PolicySet([Policy(name: "p", rules: [Self.quarter])])
        var rulings: [Planner.Ruling] = []
        Planner(policies: set, vaults: [], tracking: .unbroken).judge(token, at: now, into: &rulings)
        return rulings
    }
}
