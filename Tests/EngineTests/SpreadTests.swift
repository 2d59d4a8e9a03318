import RotaCore
import TestSupport
import Testing

@testable import Engine

/// Tokens have their turns within the spread of a schedule.
@Suite struct SpreadTests {
    private static let count = 30
    private static let rotate = Policy(
        name: "rotation", mode: .enforce, rules: [Rule(.maxAge(.days(90)), action: .rotate, overlap: .hours(24))])

    private let fixture: RunFixture
    private let vault = FakeVault("main")
    private let schedule: Schedule
    /// The next one.
    private let fire: Instant

    init() throws {
        fixture = try RunFixture()
        schedule = try Schedule(every: .days(1), spread: .hours(2))
        fire = schedule.next(after: RunFixture.epoch)
    }

    private func useCase() -> RunUseCase {
        let rotator = Rotator(
            store: fixture.store, vaults: [vault.name: vault], clock: fixture.clock, random: fixture.random)
        return RunUseCase(
            store: fixture.store, rotator: rotator, deliverer: fixture.deliverer(ScriptedTransport([])),
            clock: fixture.clock, random: fixture.random)
    }

    private func turn(_ policy: Policy = rotate, calendar: FreezeCalendar? = nil) async throws -> RunReport? {
        try await useCase().runScheduled(
            policies: PolicySet([policy]), schedules: [ScheduledPolicy(policy.name, schedule)],
            calendar: calendar, limits: Limits(), looking: false
        ).report
    }

    private func addDue() async throws -> [TokenID] {
        var ids: [TokenID] = []
        for number in 0..<Self.count {
            ids.append(
                try await fixture.addToken("t\(number)", age: .days(100), destinations: ["main:t\(number)#token"]))
        }
        _ = try await turn()
        fixture.clock.advance(by: fire - fixture.clock.now())
        return ids
    }

    private func turnsAtTheFire(_ ids: [TokenID]) -> Int {
        ids.count { schedule.turn(of: $0, after: fire) == fire }
    }

    private func rotated(_ ids: [TokenID]) async throws -> Set<TokenID> {
        var rotated: Set<TokenID> = []
        for id in ids where try await fixture.token(id).values.current == 2 { rotated.insert(id) }
        return rotated
    }

    @Test func `each token is rotated at its turn, and waits until then with the reason`() async throws {
        let ids = try await addDue()
        var runs = 0
        while fixture.clock.now() < fire + .hours(3) {
            let now = fixture.clock.now()
            if let report = try await turn() {
                runs += 1
                for action in report.actions where action.outcome == .waiting {
                    let own = schedule.turn(of: action.tokenID, after: fire)
                    #expect(action.cause == "its turn within the spread of the schedule comes at \(own)")
                }
            }
            let expected = Set(ids.filter { schedule.turn(of: $0, after: fire) <= now })
            #expect(try await rotated(ids) == expected, "\(now)")
            fixture.clock.advance(by: TimeSpan(seconds: 60))
        }
        #expect(runs == 24)
        #expect(try await rotated(ids).count == Self.count)
    }

    @Test func `a freeze that comes back over half of the turns starves no token`() async throws {
        let ids = try await addDue()
        // The window is over when it ends, so that nothing is made up for.
        let begin = (fire.seconds + 3600) % 86_400
        let weekly = (0..<7).map { day in
            FreezeCalendar.Weekly(from: day * 86_400 + begin, until: day * 86_400 + begin + 7200, reason: "load")
        }
        let calendar = try #require(FreezeCalendar(zone: .utc, dates: [], weekly: weekly))
        #expect(ids.contains { calendar.freeze(at: schedule.turn(of: $0, after: fire)) != nil })
        while fixture.clock.now() < fire + .hours(1) {
            _ = try await turn(calendar: calendar)
            fixture.clock.advance(by: TimeSpan(seconds: 60))
        }
        #expect(try await rotated(ids).count == Self.count)
    }

    @Test func `a daemon that was away makes up for all of it at once`() async throws {
        let ids = try await addDue()
        fixture.clock.advance(by: .hours(5))
        #expect(try await turn()?.count(.started) == Self.count)
        #expect(try await rotated(ids).count == Self.count)
    }

    @Test func `a limit is held against all that is due, not against what has its turn`() async throws {
        let waiting = Self.count - turnsAtTheFire(try await addDue())
        var policy = Self.rotate
        policy.limits = Limits(actions: Self.count - 1)
        let report = try #require(try await turn(policy))
        let sentence = "would act on \(Self.count) tokens (\(waiting) of them wait for their turn); "
        #expect(report.refusal?.contains(sentence) == true)
        #expect(vault.count(of: .write) == 0)
    }

    @Test(arguments: [(Limits(actions: 5), 5), (Limits(perOwner: Ceiling(actions: 5)), 5)] as [(Limits, Int)])
    func `what is beyond the pace counts toward no limit, neither of all nor of one owner or vault`(
        limits: Limits, pace: Int
    ) async throws {
        _ = try await addDue()
        var policy = Self.rotate
        policy.pace = pace
        policy.limits = limits
        policy.limits.perVault = Ceiling(actions: pace)
        let report = try #require(try await turn(policy))
        #expect(report.refusal == nil)
    }

    @Test func `of an owner and a vault as many count as the pace lets through`() async throws {
        let waiting = 5 - turnsAtTheFire(try await addDue())
        var policy = Self.rotate
        policy.pace = 5
        policy.limits = Limits(perOwner: Ceiling(actions: 4), perVault: Ceiling(actions: 3))
        let report = try await turn(policy)
        #expect(
            report?.refusal
                == "policy 'rotation' would act on 5 tokens without an owner (\(waiting) of them wait for their turn); "
                + "its limit per owner is 4 actions; "
                + "policy 'rotation' would act on 5 tokens with a destination in vault 'main' "
                + "(\(waiting) of them wait for their turn); its limit per vault is 3 actions")
    }

    @Test func `what would end before its turn is rotated at the fire`() async throws {
        let ids = (0..<Self.count).map { TokenID("tok_t\($0)") }
        let last = try #require(ids.max { schedule.turn(of: $0, after: fire) < schedule.turn(of: $1, after: fire) })
        let own = schedule.turn(of: last, after: fire)
        let name = String(last.text.dropFirst(4))
        // A second longer, and it would wait.
        try await fixture.addToken(name, expiresAt: own, destinations: ["main:a#token"])
        var policy = Self.rotate
        policy.rules = [Rule(.expiresWithin(.days(14)), action: .rotate, overlap: .hours(1), renewal: .days(90))]
        _ = try await turn(policy)
        fixture.clock.advance(by: fire - fixture.clock.now())
        let report = try #require(try await turn(policy))
        #expect(report.count(.started) == 1)
        #expect(report.actions.allSatisfy { $0.message.hasSuffix("before the next run of its policy at \(own)") })
    }

    @Test func `whoever asks for a run gets all of it`() async throws {
        _ = try await addDue()
        let report = try await useCase().run(policies: PolicySet([Self.rotate]), limits: Limits(), actor: "cli:alice")
        #expect(report.count(.started) == Self.count)
    }
}
