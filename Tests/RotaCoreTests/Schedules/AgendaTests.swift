import RotaCore
import Testing

@Suite struct AgendaTests {
    /// 03:00 on working days in London; the 24th of November 2026 is a Tuesday.
    private let nightly: Schedule
    private let now: Instant

    init() throws {
        nightly = try Schedule(Cron("0 3 * * 1-5"), zone: Zoneinfo.zone("Europe/London"))
        now = try instant("2026-11-24T10:00:00Z")
    }

    private func agenda(_ entries: [ScheduleEntry], _ schedule: Schedule? = nil, at: Instant? = nil) -> Agenda {
        Agenda(of: [ScheduledPolicy("p", schedule ?? nightly)], entries: entries, at: at ?? now)
    }

    private func entry(_ due: String, last: String? = nil, _ schedule: Schedule? = nil) throws -> ScheduleEntry {
        ScheduleEntry(
            policy: "p", schedule: (schedule ?? nightly).description, nextDue: try instant(due),
            lastFired: try last.map { try instant($0) })
    }

    @Test func `a policy that is new waits for its next fire`() throws {
        let agenda = agenda([])
        #expect(agenda.firing.isEmpty)
        let settled = try entry("2026-11-25T03:00:00Z")
        #expect(agenda.settling == [ScheduleSettlement(entry: settled, replaced: nil)])
        #expect(agenda.nextFire == settled.nextDue)
    }

    @Test func `a policy fires when it is due, and not before`() throws {
        let entry = try entry("2026-11-25T03:00:00Z", last: "2026-11-24T03:00:00Z")
        let early = agenda([entry], at: entry.nextDue - TimeSpan(seconds: 1))
        #expect(early.firing.isEmpty && early.missed.isEmpty && early.settling.isEmpty)
        #expect(early.nextFire == entry.nextDue)
        let agenda = agenda([entry], at: entry.nextDue)
        let next = try instant("2026-11-26T03:00:00Z")
        #expect(
            agenda.firing == [Fire(policy: "p", schedule: nightly.description, at: entry.nextDue, next: next)])
        #expect(agenda.nextFire == next)
        #expect(agenda.settling.isEmpty && agenda.missed.isEmpty)
    }

    @Test func `ten fires that were missed are one, under the last of them`() throws {
        let agenda = agenda([try entry("2026-11-11T03:00:00Z")])
        #expect(agenda.firing.map(\.at) == [try instant("2026-11-24T03:00:00Z")])
        #expect(agenda.nextFire == (try instant("2026-11-25T03:00:00Z")))
    }

    @Test func `a fire whose window is over is missed, and the next takes its place`() throws {
        let windowed = try Schedule(Cron("0 3 * * 1-5"), zone: nightly.zone, window: .hours(2))
        let entry = try entry("2026-11-24T03:00:00Z", windowed)
        let inTime = agenda([entry], windowed, at: try instant("2026-11-24T04:59:59Z"))
        #expect(inTime.firing.count == 1 && inTime.missed.isEmpty)
        let late = agenda([entry], windowed, at: try instant("2026-11-24T05:00:00Z"))
        #expect(late.firing.isEmpty && late.missed.map(\.at) == [entry.nextDue])
        #expect(late.nextFire == (try instant("2026-11-25T03:00:00Z")))
    }

    @Test(arguments: ["0 9 * * *", "0 3 * * 1-4"])
    func `a schedule that was changed waits for its next fire, also when the old one was overdue`(
        cron: String
    ) throws {
        let changed = try Schedule(Cron(cron), zone: nightly.zone)
        let old = try entry("2026-11-24T03:00:00Z", last: "2026-11-23T03:00:00Z")
        let agenda = agenda([old], changed)
        #expect(agenda.firing.isEmpty && agenda.missed.isEmpty)
        let settlement = try #require(agenda.settling.first)
        #expect(settlement.replaced == old)
        #expect(settlement.entry.nextDue == changed.next(after: now))
        #expect(settlement.entry.schedule == changed.description)
        #expect(settlement.entry.lastFired == old.lastFired)
        #expect(self.agenda([settlement.entry], changed).firing.isEmpty)
    }

    @Test func `an entry that is no fire of its schedule any more, since the zone's rules changed, is settled anew`()
        throws
    {
        let agenda = agenda([try entry("2026-11-24T04:00:00Z")])
        #expect(agenda.firing.isEmpty)
        #expect(agenda.settling.map(\.entry.nextDue) == [try instant("2026-11-25T03:00:00Z")])
    }

    @Test func `after a clock that was years ahead, a policy fires again when it should`() throws {
        let agenda = agenda([try entry("2031-11-25T03:00:00Z", last: "2031-11-24T03:00:00Z")])
        #expect(agenda.firing.isEmpty)
        let settled = try #require(agenda.settling.first?.entry)
        #expect(settled.nextDue == (try instant("2026-11-25T03:00:00Z")))
        #expect(settled.lastFired == nil)
    }

    @Test func `a clock set back by seconds over a fire does not fire it again`() throws {
        let fired = try entry("2026-11-25T03:00:00Z", last: "2026-11-24T03:00:00Z")
        let back = agenda([fired], at: try instant("2026-11-24T02:59:30Z"))
        #expect(back.firing.isEmpty && back.settling.isEmpty)
        #expect(back.nextFire == fired.nextDue)
    }

    @Test func `what is not loaded is forgotten when nobody has served it for a day`() throws {
        let stale = ScheduleEntry(policy: "gone", schedule: "every 1h", nextDue: now - .hours(25))
        let served = ScheduleEntry(policy: "theirs", schedule: "every 1h", nextDue: now - .hours(1))
        #expect(agenda([stale, served]).forgotten == [stale])
    }

    @Test func `the next fire is the earliest of all, and none without policies`() throws {
        let hourly = try Schedule(every: .hours(1))
        let policies = [ScheduledPolicy("b", nightly), ScheduledPolicy("a", hourly)]
        let agenda = Agenda(of: policies, entries: [], at: now)
        #expect(agenda.nextFire == now + .hours(1))
        #expect(agenda.settling.map(\.entry.policy) == ["a", "b"])
        #expect(Agenda(of: [], entries: [], at: now).nextFire == nil)
    }

    /// What a scheduler does at every look, here with looks at random and entries kept in memory.
    @Test(arguments: 0..<20)
    func `whenever one looks, each fire has one run at most, and the next is always to come`(seed: Int) throws {
        var dice = Dice(seed: UInt64(seed) + 40)
        let schedule = try dice.below(2) == 0 ? nightly : Schedule(every: .hours(6), window: .hours(1))
        var (now, entries, fired) = (now, [ScheduleEntry](), [Instant]())
        for _ in 0..<500 {
            let agenda = agenda(entries, schedule, at: now)
            #expect(try #require(agenda.nextFire) > now)
            #expect(agenda.settling.isEmpty || entries.isEmpty)
            entries = agenda.settling.map(\.entry) + entries
            for fire in agenda.firing + agenda.missed {
                #expect(fire.at <= now && fire.next > now && fire.at >= entries[0].nextDue)
                entries[0].nextDue = fire.next
            }
            fired += agenda.firing.map(\.at)
            now = now + TimeSpan(seconds: Int64(1 + dice.below(dice.pick([60, 4000, 100_000]))))
        }
        #expect(fired == fired.sorted() && Set(fired).count == fired.count && fired.count > 20)
        #expect(fired.allSatisfy { schedule.fires(at: $0) })
    }
}

@Suite struct ClockReadingTests {
    private let earlier = ClockReading(
        wall: Instant(seconds: 1_800_000_000), uptime: .hours(100), boot: "one")

    private func reading(wall: Int64, uptime: Int64, boot: String = "one") -> ClockReading {
        ClockReading(
            wall: earlier.wall + TimeSpan(seconds: wall), uptime: earlier.uptime + TimeSpan(seconds: uptime),
            boot: boot)
    }

    @Test(
        arguments: [
            // Time passes; it is corrected by up to a minute; the machine slept for a week.
            (30, 30, nil), (90, 30, nil), (-30, 30, nil), (604_800, 604_800, nil),
            (91, 30, ClockJump.ahead(TimeSpan(seconds: 61))), (-31, 30, .back(TimeSpan(seconds: 61))),
            (86_400 * 400, 30, .ahead(TimeSpan(seconds: 86_400 * 400 - 30))), (0, 86_400, .back(.days(1))),
        ] as [(Int64, Int64, ClockJump?)])
    func `a clock is in doubt when it moved otherwise than the time that passed`(
        wall: Int64, uptime: Int64, expected: ClockJump?
    ) {
        #expect(reading(wall: wall, uptime: uptime).jump(since: earlier) == expected)
    }

    @Test(
        arguments: [
            (86_400 * 30, nil), (-60, nil), (-61, .back(TimeSpan(seconds: 61))), (86_400 * 90 + 60, nil),
            (86_400 * 91, .ahead(.days(1))),
        ] as [(Int64, ClockJump?)])
    func `after a restart of the machine only what cannot be is in doubt`(wall: Int64, expected: ClockJump?) {
        #expect(reading(wall: wall, uptime: -1000, boot: "two").jump(since: earlier) == expected)
    }

    @Test func `starts of the machine that are not known are never taken for one`() {
        // Switched off for a week, and up for longer than before: no clock was set.
        let before = ClockReading(wall: earlier.wall, uptime: .hours(1), boot: "")
        let after = ClockReading(wall: earlier.wall + .days(7), uptime: .hours(2), boot: "")
        #expect(!after.isOfSameBoot(as: before) && after.jump(since: before) == nil)
        #expect(before.jump(since: after) == .back(.days(7)))
        #expect(reading(wall: 1, uptime: 1).isOfSameBoot(as: earlier))
    }

    @Test func `a jump is told in words`() {
        #expect(ClockJump.back(.hours(25)).description == "the clock was set back by 1 day 1 hour")
        #expect(ClockJump.ahead(.days(400)).description == "the clock was set ahead by 400 days")
    }
}
