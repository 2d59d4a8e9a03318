import RotaCore
import TestSupport
import Testing

@testable import Engine

/// What is foretold of the days to come against what the engine really does on them.
///
/// Without notifications: one that the action of another policy covers in the same run is foretold once too often.
///
/// All times are whole quarters of a day, so that limits and fires are often met exactly.
@Suite struct PolicySimulationTests {
    private static let days = 45
    private static let quarter = TimeSpan.hours(6)

    /// What was done on a day, as a line.
    private typealias Done = [String: Int]

    @Test(arguments: 1...12) func `each day has the actions that the engine takes on it`(seed: Int) async throws {
        var random = Drawn(seed: UInt64(seed))
        let fixture = try RunFixture()
        // A midnight, since days are told by UTC.
        fixture.clock.advance(by: .days(1) - TimeSpan(seconds: RunFixture.epoch.seconds % 86_400))
        let begin = fixture.clock.now()
        let policies = PolicySet((0...3).map { random.policy($0) })
        let vault = FakeVault("main")
        for number in 0..<40 { try await random.addToken(number, to: fixture) }
        let schedules = policies.scheduled(otherwise: try Schedule(every: Self.quarter))
        let rotator = Rotator(
            store: fixture.store, vaults: [vault.name: vault], clock: fixture.clock, random: fixture.random)
        let engine = RunUseCase(
            store: fixture.store, rotator: rotator, deliverer: fixture.deliverer(ScriptedTransport([])),
            clock: fixture.clock, random: fixture.random)
        try await beat(fixture, since: begin)
        // A policy that is new waits for its next fire.
        _ = try await engine.runScheduled(policies: policies, schedules: schedules, limits: Limits(), looking: false)
        // Of one policy, for the first half of the time, as somebody approved it.
        if seed.isMultiple(of: 4) { try await waive(policies, fixture, until: begin + .days(Int64(Self.days / 2))) }

        let calendar: FreezeCalendar? =
            seed.isMultiple(of: 3)
            ? FreezeCalendar(zone: .utc, dates: [], weekly: [.init(from: 1 * 86_400, until: 3 * 86_400, reason: "w")])
            : nil
        let foretold = try await fixture.store.read { store in
            var simulation = PolicySimulation(
                of: policies, vaults: ["main"], tracking: try store.tracking(),
                otherwise: try Schedule(every: Self.quarter), calendar: calendar, limits: Limits(),
                waivers: ActiveWaivers(try store.waiversInForce(at: begin)), from: begin, days: Self.days)
            try simulatePolicies(&simulation, in: store)
            return simulation.forecast
        }

        var done: [Done] = Array(repeating: [:], count: Self.days)
        func count(_ report: RunReport?, on day: Int) {
            for action in report?.actions ?? RunActions(run: "", of: PlannedActions())
            where action.action != .notify && (action.outcome == .done || action.outcome == .started) {
                done[day]["\(action.policy) \(action.action.rawValue)", default: 0] += 1
            }
        }
        while true {
            let now = fixture.clock.now()
            let day = Int((now - begin).seconds / 86_400)
            guard day < Self.days else { break }
            try await beat(fixture, since: begin)
            if calendar?.freeze(at: now) == nil {
                for stuck in [false, true] { _ = try await engine.upkeep(stuck: stuck) }
                let turn = try await engine.runScheduled(
                    policies: policies, schedules: schedules, limits: Limits(), looking: false)
                count(turn.report, on: day)
                let ends = try await engine.runBeforeEnds(policies: policies, schedules: schedules, limits: Limits())
                count(ends.report, on: day)
            }
            fixture.clock.advance(by: Self.quarter)
        }
        for (day, told) in foretold.days.enumerated() {
            var expected: Done = [:]
            for share in told.policies {
                for (action, count) in share.actions where action != .notify {
                    expected["\(share.policy) \(action.rawValue)"] = count
                }
            }
            #expect(done[day] == expected, "day \(day) of \(policies.policies.map(\.rules))")
            if done[day] != expected { break }
        }
        #expect(foretold.total.total > 5)
    }

    private func waive(_ policies: PolicySet, _ fixture: RunFixture, until end: Instant) async throws {
        let (random, now, alice) = (fixture.random, fixture.clock.now(), Principal(account: "cli:alice"))
        let request = WaiverRequest(
            subject: .matching(.all), policy: policies.policies[0].name, reason: "a move", endsAt: end,
            longest: .days(60))
        let bob = Principal(name: "bob", account: "cli:bob", tokenID: TokenID("tok_bob"))
        try await fixture.store.write { store in
            let waiver = try requestWaiver(
                request, by: alice, policies: policies.policies, in: store, random: random, at: now)
            _ = try approveWaiver(
                waiver.id, by: bob, comment: "", longest: .days(60), policies: policies.policies, in: store, at: now)
        }
    }

    /// Uses are watched without a break.
    private func beat(_ fixture: RunFixture, since begin: Instant) async throws {
        let now = fixture.clock.now()
        let heartbeat = Heartbeat(tracker: "t", startedAt: begin - .days(100), beatAt: now, askedAt: now)
        try await fixture.store.write { try $0.recordHeartbeat(heartbeat) }
    }
}

/// What is drawn by a seed.
private struct Drawn {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 7_919 }

    private mutating func below(_ limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(limit))
    }

    private mutating func isDrawn(_ percent: Int) -> Bool { below(100) < percent }
    private mutating func one<Element>(of elements: [Element]) -> Element { elements[below(elements.count)] }
    /// Quarters of days.
    private mutating func span(upTo days: Int) -> TimeSpan { .hours(Int64(below(days * 4)) * 6) }

    mutating func addToken(_ number: Int, to fixture: RunFixture) async throws {
        let now = fixture.clock.now()
        let age = span(upTo: 40)
        var usage = Usage.unknown
        if isDrawn(40) { usage = .neverUsed(since: now - age) }
        try await fixture.addToken(
            "t\(number)", age: age, usage: usage, issuer: isDrawn(90) ? .rota : .external(kind: "aws-iam"),
            labels: ["env": one(of: ["a", "b", "c"])], expiresAt: isDrawn(60) ? now + .hours(6) + span(upTo: 60) : nil,
            destinations: isDrawn(90) ? ["main:t\(number)#token"] : [])
    }

    mutating func policy(_ number: Int) -> Policy {
        var selector = Selector.all
        if isDrawn(60) { selector = Selector(labels: ["env": [Glob(one(of: ["a", "b", "c"]))]]) }
        let patterns = ["0 0 * * *", "0 12 * * *", "0 6,18 * * 1-5", "0 6 * * 1"]
        let cron = try? Cron(one(of: patterns))
        let window: TimeSpan? = isDrawn(20) ? .hours(3) : nil
        let schedule = isDrawn(80) ? cron.flatMap { try? Schedule($0, zone: .utc, window: window) } : nil
        let condition = isDrawn(20) ? try? Condition("now.getDayOfWeek() % 2 == 1") : nil
        var policy = Policy(
            name: "p\(number)", mode: isDrawn(90) ? .enforce : .warn, selector: selector, when: condition,
            rules: (0...below(2)).map { _ in rule() }.uniqued, notifyBefore: isDrawn(30) ? [.days(5), .days(1)] : [],
            minimumNotice: isDrawn(30) ? one(of: [.days(2), .days(3), .days(7)]) : nil, schedule: schedule,
            pace: isDrawn(40) ? 1 + below(3) : nil)
        // What is beyond the pace and would end is rotated between the runs, which a simulation leaves to the next one.
        if policy.rules.contains(where: { $0.renewal != nil }) { policy.pace = nil }
        return policy
    }

    private mutating func rule() -> Rule {
        let limit = TimeSpan.days(4) + span(upTo: 25)
        let start = isDrawn(50) ? span(upTo: 2) : .zero
        let overlap = TimeSpan.hours(6 * Int64(below(5)))
        let after: TimeSpan? = isDrawn(70) ? .days(2) + span(upTo: 10) : nil
        switch below(8) {
        case 0, 1: return Rule(.maxAge(limit), action: .rotate, startBefore: start, overlap: overlap)
        case 2:
            return Rule(
                .unusedFor(limit), action: isDrawn(60) ? .quarantine : .revoke, startBefore: start, revokeAfter: after)
        case 3: return Rule(.maxAge(limit), action: .quarantine, startBefore: start, revokeAfter: after)
        case 4:
            let requirement = Requirement.expiry(
                required: isDrawn(50), maxLifetime: isDrawn(50) ? limit : nil, maxRemaining: limit)
            return Rule(requirement, action: .setExpiry, newEnd: NewEnd(ahead: .days(6), spread: .days(8)))
        case 5:
            return Rule(
                .expiresWithin(TimeSpan.days(1) + span(upTo: 4)), action: .rotate, startBefore: start, overlap: overlap,
                renewal: .days(20) + span(upTo: 20))
        case 6: return Rule(.maxAge(limit), action: .notify, startBefore: start)
        default: return Rule(.unusedFor(limit), action: .notify)
        }
    }
}

extension [Rule] {
    /// Names are unique within a policy.
    fileprivate var uniqued: [Rule] {
        reduce(into: []) { rules, rule in if !rules.contains(where: { $0.name == rule.name }) { rules.append(rule) } }
    }
}
