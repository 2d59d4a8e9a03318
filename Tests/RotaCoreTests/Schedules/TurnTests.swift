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
        #expect(plain.opportunity(for: ids[0], after: fire, calendar: nil) == fire + .days(1))
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
            #expect(try #require(schedule.opportunity(for: id, after: now, calendar: nil)) >= next)
        }
    }

    @Test func `a token can be acted on at its turn, or at a later one when it comes due after it`() throws {
        for id in ids.prefix(500) {
            let own = nightly.turn(of: id, after: fire)
            #expect(nightly.opportunity(for: id, after: fire - TimeSpan(seconds: 1), calendar: nil) == own)
            let late = nightly.opportunity(for: id, after: own, calendar: nil)
            let isLast = own == nightly.lastTurn(atOrBefore: fire + .hours(3))
            #expect(late == (isLast ? own + .days(1) : own + TimeSpan(seconds: 300)))
        }
    }

    @Test func `the window is counted from the fire, not from each turn`() {
        let last = nightly.lastTurn(atOrBefore: fire + .hours(3))
        #expect(nightly.admits(last, at: fire + .hours(2) - TimeSpan(seconds: 1)))
        #expect(!nightly.admits(last, at: fire + .hours(2)))
    }

    // MARK: By a calendar of freezes

    /// Each night from 04:00 to 06:00, when the window is over.
    private func nights(from: Int64 = 4, until: Int64 = 6) throws -> FreezeCalendar {
        let weekly = (0..<7).map { day in
            FreezeCalendar.Weekly(
                from: day * 86_400 + from * 3600, until: day * 86_400 + until * 3600, reason: "nightly load")
        }
        return try #require(FreezeCalendar(zone: .utc, dates: [], weekly: weekly))
    }

    @Test func `a freeze that comes back each time leaves no token without a turn, and moves no other`() throws {
        let calendar = try nights()
        var counts: [Instant: Int] = [:]
        for id in ids {
            let plain = nightly.turn(of: id, after: fire)
            let turn = nightly.turn(of: id, after: fire, calendar: calendar)
            #expect(calendar.freeze(at: turn) == nil)
            if plain < fire + .hours(1) { #expect(turn == plain) }
            counts[turn, default: 0] += 1
        }
        #expect(counts.count == 12)
        #expect(counts.values.allSatisfy { (800...1200).contains($0) }, "\(counts)")
    }

    @Test func `where all turns are frozen each token has its own`() throws {
        let calendar = try nights(from: 2, until: 7)
        for id in ids.prefix(100) {
            #expect(nightly.turn(of: id, after: fire, calendar: calendar) == nightly.turn(of: id, after: fire))
            #expect(nightly.opportunity(for: id, after: fire, calendar: calendar) == nil)
        }
    }

    @Test func `the next that acts is not frozen, or comes at the end of the freeze where its window is open`() throws {
        let plain = try Schedule(Cron("0 3 * * *"), zone: .utc)
        let early = try nights(from: 2, until: 5)
        #expect(plain.nextActing(after: fire - .hours(2), calendar: early) == fire + .hours(2))
        #expect(plain.nextActing(after: fire + .hours(1), calendar: early) == fire + .hours(2))
        #expect(plain.nextActing(after: fire + .hours(2), calendar: early) == fire + .days(1) + .hours(2))
        let short = try Schedule(Cron("0 3 * * *"), zone: .utc, window: .hours(2))
        #expect(short.nextActing(after: fire, calendar: early) == nil)
        #expect(short.nextActing(after: fire, calendar: nil) == fire + .days(1))
        let yule = try #require(
            FreezeCalendar(
                zone: .utc,
                dates: [
                    FreezeCalendar.Dates(
                        from: fire.seconds + 3600, until: fire.seconds + 9 * 86_400, reason: "year end")
                ], weekly: []))
        #expect(short.nextActing(after: fire, calendar: yule) == fire + .days(9))
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
