import Testing

@testable import RotaCore

/// A midnight.
private let begin = Instant(seconds: 1_800_057_600)
private let nightly = try? Schedule(every: .days(1))

private struct Background: TokenBackground {
    var sent: [StandingNotice] = []
    var told: Set<RuleReference> = []

    func destinations(of id: TokenID) -> [Destination] { [] }
    func notices(of id: TokenID) -> [StandingNotice] { sent }
    func toldRules(of id: TokenID) -> Set<RuleReference> { told }
}

private func token(_ id: String = "t", age: TimeSpan = .zero, expires: TimeSpan? = nil, places: Int = 1) -> Token {
    Token(
        id: TokenID(id), name: id, createdAt: begin - age, expiresAt: expires.map { begin + $0 },
        usage: .neverUsed(since: begin - age), watchedSince: begin - age,
        values: ValueSummary(currentIssuedAt: begin - age), destinationCount: places)
}

private func policy(_ rules: Rule..., pace: Int? = nil, limits: Limits = Limits(), schedule: Schedule? = nil) -> Policy
{
    Policy(name: "p", mode: .enforce, rules: rules, schedule: schedule, pace: pace, limits: limits)
}

private func forecast(
    _ policy: Policy, _ tokens: [Token], days: Int = 30, calendar: FreezeCalendar? = nil,
    tracking: TrackingHistory = .unbroken, background: Background = Background()
) throws -> ActionForecast {
    var simulation = PolicySimulation(
        of: PolicySet([policy]), vaults: [], tracking: tracking, otherwise: try #require(nightly), calendar: calendar,
        limits: Limits(), from: begin, days: days)
    for token in tokens { try simulation.add(token, background) }
    try simulation.finish(background)
    return simulation.forecast
}

/// `3 rotate`, by the numbers of the days.
private func lines(_ forecast: ActionForecast) -> [String] {
    forecast.days.enumerated().flatMap { number, day in
        Action.allCases.compactMap { action in day.actions[action].map { "\(number): \($0) \(action.rawValue)" } }
    }
}

@Suite struct PolicySimulationTests {
    private static let monthly = Rule(.maxAge(.days(10)), action: .rotate, startBefore: .days(1), overlap: .days(1))

    @Test(arguments: [
        // Its start is ten days, less the lead and the overlap, after the issue: exactly then the fire takes it.
        (TimeSpan.days(0), ["8: 1 rotate", "16: 1 rotate", "24: 1 rotate"]),
        (TimeSpan.days(3), ["5: 1 rotate", "13: 1 rotate", "21: 1 rotate", "29: 1 rotate"]),
        // A second younger, and the next fire takes it.
        (TimeSpan(seconds: 3 * 86_400 - 1), ["6: 1 rotate", "14: 1 rotate", "22: 1 rotate"]),
        // What is overdue waits for the first fire, which is later than now.
        (TimeSpan.days(100), ["1: 1 rotate", "9: 1 rotate", "17: 1 rotate", "25: 1 rotate"]),
    ])
    func `a value is rotated at the first run from its start on, and again when the new one is as old`(
        age: TimeSpan, expected: [String]
    ) throws {
        #expect(lines(try forecast(policy(Self.monthly), [token(age: age)])) == expected)
    }

    @Test func `a quarantine comes to its revocation`() throws {
        let rule = Rule(.unusedFor(.days(5)), action: .quarantine, revokeAfter: .days(7))
        #expect(lines(try forecast(policy(rule), [token()])) == ["5: 1 quarantine", "12: 1 revoke"])
        let alone = Rule(.unusedFor(.days(5)), action: .quarantine)
        #expect(lines(try forecast(policy(alone), [token()])) == ["5: 1 quarantine"])
    }

    @Test func `nothing comes of idleness that nobody watches`() throws {
        let rule = Rule(.unusedFor(.days(5)), action: .quarantine)
        #expect(lines(try forecast(policy(rule), [token()], tracking: .none)).isEmpty)
    }

    @Test func `a token that has ended is not acted on`() throws {
        #expect(lines(try forecast(policy(Self.monthly), [token(expires: .days(8))])).isEmpty)
        let second = TimeSpan(seconds: 8 * 86_400 + 1)
        #expect(lines(try forecast(policy(Self.monthly), [token(expires: second)])) == ["8: 1 rotate"])
    }

    @Test func `an end that is set keeps the rule from calling again`() throws {
        let rule = Rule(
            .expiry(required: true, maxLifetime: nil, maxRemaining: nil), action: .setExpiry,
            newEnd: NewEnd(ahead: .days(60), spread: .zero))
        #expect(lines(try forecast(policy(rule), [token()])) == ["1: 1 set-expiry"])
    }

    @Test func `a violation is told once, and not again where it was told before`() throws {
        let rule = Rule(.maxAge(.days(5)), action: .notify)
        // At exactly five days it is not violated yet.
        #expect(lines(try forecast(policy(rule), [token()])) == ["6: 1 notify"])
        let told = Background(told: [RuleReference(policy: "p", rule: "max-age")])
        #expect(lines(try forecast(policy(rule), [token()], background: told)).isEmpty)
    }

    @Test func `a pace takes the oldest deadlines first, and the rest on later days`() throws {
        let tokens = (0..<5).map { token("t\($0)", age: .days(20 + Int64($0))) }
        let paced = try forecast(policy(Self.monthly, pace: 2), tokens, days: 12)
        #expect(
            lines(paced) == [
                "1: 2 rotate", "2: 2 rotate", "3: 1 rotate", "9: 2 rotate", "10: 2 rotate", "11: 1 rotate",
            ])
    }

    @Test func `a freeze holds back until it is over, and for good what its window does not admit then`() throws {
        let calendar = FreezeCalendar(
            zone: .utc,
            dates: [.init(from: begin.seconds + 86_400, until: begin.seconds + 3 * 86_400 + 3_600, reason: "x")],
            weekly: [])
        let old = [token(age: .days(100))]
        #expect(lines(try forecast(policy(Self.monthly), old, days: 5, calendar: calendar)) == ["3: 1 rotate"])
        let narrow = try Schedule(every: .days(1), window: .hours(1))
        let held = policy(Self.monthly, schedule: narrow)
        #expect(lines(try forecast(held, old, days: 5, calendar: calendar)) == ["4: 1 rotate"])
    }

    @Test func `what would end before its policy runs again is rotated when that is called for`() throws {
        let weekly = try Schedule(every: .days(28))
        let rule = Rule(.expiresWithin(.days(3)), action: .rotate, renewal: .days(60))
        let rare = policy(rule, schedule: weekly)
        #expect(lines(try forecast(rare, [token(expires: .days(9))], days: 12)) == ["6: 1 rotate"])
    }

    @Test func `a notice that has to be old enough holds an action back`() throws {
        var held = policy(Self.monthly)
        held.notifyBefore = [.days(1)]
        held.minimumNotice = .days(3)
        #expect(lines(try forecast(held, [token(age: .days(100))], days: 8)) == ["4: 1 rotate"])
        // Told of in time, it is in time.
        #expect(lines(try forecast(held, [token()], days: 12)) == ["8: 1 rotate"])
    }

    @Test func `a plan over its limit is told, and one within it is not`() throws {
        let tokens = (0..<5).map { token("t\($0)", age: .days(20)) }
        let over = try forecast(policy(Self.monthly, limits: Limits(actions: 4)), tokens, days: 3)
        #expect(over.refusals.map(\.sentence) == ["policy 'p' would act on 5 tokens; its limit is 4 actions"])
        #expect(over.refusals.first?.at == begin + .days(1))
        #expect(try forecast(policy(Self.monthly, limits: Limits(actions: 5)), tokens, days: 3).refusals.isEmpty)
        #expect(try forecast(policy(Self.monthly, limits: Limits(percent: 80)), tokens, days: 3).refusals.count == 1)
    }

    @Test func `what is blocked is counted by its reason, once for a token`() throws {
        let blocked = try forecast(policy(Self.monthly), [token(age: .days(20), places: 0)])
        #expect(lines(blocked).isEmpty)
        #expect(blocked.blocked == [.noDestination: 1])
    }

    @Test func `a condition on the time is asked again each day`() throws {
        var odd = policy(Self.monthly)
        odd.condition = try Condition("now >= timestamp(\"2027-01-24T00:00:00Z\")")
        let day = try #require(Instant("2027-01-24")) - begin
        #expect(
            lines(try forecast(odd, [token(age: .days(100))], days: 15)).first == "\(day.seconds / 86_400): 1 rotate")
    }

    @Test func `a day that has most of what comes stands out, with the policy`() throws {
        let tokens = (0..<50).map { token("t\($0)", age: .days(20)) }
        let crowd = try #require(try forecast(policy(Self.monthly), tokens, days: 8).crowd)
        #expect(crowd.day.date == begin + .days(1))
        #expect(crowd.policy == "p" && crowd.average == 7)
        #expect(try forecast(policy(Self.monthly, pace: 7), tokens, days: 8).crowd == nil)
    }
}
