import RotaCore
import Testing

@Suite struct TurnTests {
    private let fire: Instant
    /// 03:00 each day, spread over two hours.
    private let nightly: Schedule
    private let ids = (0..<12_000).map { TokenID("tok_\($0)") }

    init() throws {
        fire = try instant("2026-11-24T03:00:00Z")
        nightly = try Schedule(Cron("0 3 * * *"), zone: .utc, window: .hours(2), spread: .hours(2))
    }

    @Test func `a token has the same turn after each fire, and all together are spread evenly`() {
        var counts: [Int64: Int] = [:]
        for id in ids {
            let after = nightly.turn(of: id, after: fire) - fire
            #expect(nightly.turn(of: id, after: fire + .days(30)) - (fire + .days(30)) == after)
            counts[after.seconds, default: 0] += 1
        }
        #expect(counts.keys.sorted() == (0..<24).map { $0 * 300 }, "within the span, every five minutes")
        #expect(counts.values.allSatisfy { (400...600).contains($0) }, "\(counts)")
    }

    @Test func `turns are no more than two dozen, and a minute apart or more`() throws {
        for (spread, count) in [
            (TimeSpan.hours(2), 24), (TimeSpan(seconds: 300), 5), (.hours(23), 24), (.hours(24), 24),
        ] {
            let schedule = try Schedule(Cron("0 3 * * *"), zone: .utc, spread: spread)
            var turns = [fire]
            while let last = turns.last, schedule.nextTurn(after: last) < fire + .days(1) {
                turns.append(schedule.nextTurn(after: last))
            }
            #expect(turns.count == count, "\(spread)")
            #expect(turns.allSatisfy { $0 - fire < spread })
        }
        #expect(nightly.description == "cron 0 3 * * * UTC window 2h spread 2h")
    }

    @Test func `without a spread a turn is a fire`() throws {
        let plain = try Schedule(Cron("0 3 * * *"), zone: .utc)
        #expect(plain.nextTurn(after: fire) == fire + .days(1) && plain.lastTurn(atOrBefore: fire + .hours(9)) == fire)
        #expect(ids.allSatisfy { plain.turn(of: $0, after: fire) == fire })
        #expect(plain.opportunity(for: ids[0], after: fire) == fire + .days(1))
    }

    /// A cron pattern may leave less time than the spread: no token waits for a turn that never comes.
    @Test(arguments: [
        ("0 3,4 * * *", "6h"), ("0 3 * * *", "2d"), ("0,1 3 * * *", "3h"), ("* * * * *", "1h"),
        ("*/20 1-3 * * *", "90m"),
    ])
    func `every token has its turn after each fire, before the next one`(cron: String, spread: String) throws {
        let span = try #require(TimeSpan(spread))
        let schedule = try Schedule(Cron(cron), zone: .utc, spread: span)
        var now = fire
        for _ in 0..<50 {
            let next = schedule.next(after: now)
            for id in ids.prefix(200) {
                let turn = schedule.turn(of: id, after: now)
                #expect(turn >= now && turn < next, "\(cron) after \(now)")
                #expect(schedule.lastTurn(atOrBefore: turn) == turn)
            }
            now = next
        }
    }

    @Test func `next and last undo each other from any second`() throws {
        var dice = Dice(seed: 77)
        for _ in 0..<2000 {
            let cron = dice.pick(["0 3 * * *", "30 1,3 * * *", "*/15 2 * * 0", "0 0 1 * *"])
            let zone = try Zoneinfo.zone(dice.pick(["America/New_York", "Europe/London", "UTC"]))
            let spread = TimeSpan(seconds: Int64(120 + dice.below(90_000)))
            let schedule = try Schedule(Cron(cron), zone: zone, spread: spread)
            let now = Instant(seconds: 1_700_000_000 + Int64(dice.below(200_000_000)))
            let (last, next) = (schedule.lastTurn(atOrBefore: now), schedule.nextTurn(after: now))
            #expect(last <= now && now < next)
            #expect(schedule.nextTurn(after: last) == next && schedule.lastTurn(atOrBefore: next) == next)
            #expect(schedule.lastTurn(atOrBefore: next - TimeSpan(seconds: 1)) == last)
            let id = TokenID("tok_\(dice.below(1_000_000))")
            #expect(schedule.opportunity(for: id, after: now) >= next)
        }
    }

    @Test func `a token can be acted on at its turn, or at a later one when it comes due after it`() throws {
        for id in ids.prefix(500) {
            let own = nightly.turn(of: id, after: fire)
            #expect(nightly.opportunity(for: id, after: fire - TimeSpan(seconds: 1)) == own)
            let late = nightly.opportunity(for: id, after: own)
            let isLast = own == nightly.lastTurn(atOrBefore: fire + .hours(3))
            #expect(late == (isLast ? own + .days(1) : own + TimeSpan(seconds: 300)))
        }
    }

    @Test func `the window is counted from the fire, not from each turn`() {
        let last = nightly.lastTurn(atOrBefore: fire + .hours(3))
        #expect(nightly.admits(last, at: fire + .hours(2) - TimeSpan(seconds: 1)))
        #expect(!nightly.admits(last, at: fire + .hours(2)))
    }

    // MARK: On the agenda

    @Test func `each turn is on the agenda once, and a change waits for the next fire, not for a turn that is left`() {
        var entries: [ScheduleEntry] = []
        var turns: [Instant] = []
        // Looked at first in the middle of a spread.
        var now = fire + .hours(1)
        while now < fire + .days(2) {
            let agenda = Agenda(of: [ScheduledPolicy("p", nightly)], entries: entries, at: now)
            #expect(agenda.missed.isEmpty)
            for settlement in agenda.settling { entries = [settlement.entry] }
            for fire in agenda.firing {
                turns.append(fire.at)
                entries = [
                    ScheduleEntry(policy: "p", schedule: fire.schedule, nextDue: fire.next, lastFired: fire.at)
                ]
            }
            now = now + TimeSpan(seconds: 60)
        }
        #expect(turns.first == fire + .days(1))
        #expect(turns == (0..<24).map { fire + .days(1) + TimeSpan(seconds: $0 * 300) })
    }
}
