import Documents
import JSON
import RotaCore

extension Command {
    static let policyCalendar = Command(
        words: ["policy", "calendar"],
        summary: "show what comes next: the runs of each policy, and the freezes of the calendar",
        discussion: """
            Each policy by the clock of its own zone, a line for each day on which it runs under 'rota serve'. A run is
            'frozen' where nothing of it is done, and 'partly' so where it begins after a freeze or has turns in one.
            What a run would do on a day to come is told by 'rota plan --at DAY'.
            """,
        options: [
            Option("days", "COUNT", help: "how many days; 14"),
            Option("at", "TIME|SPAN", help: "the days from then on: 2026-12-01, or 30d from now"),
        ],
        examples: [
            "rota policy calendar", "rota policy calendar --days 60", "rota policy calendar --at 2026-12-01 --json",
        ],
        exitCodes: [.done, .failed, .usage],
        run: showCalendar)
}

/// The last that is written with four digits of a year in every zone.
private let lastDay = Instant(seconds: 253_402_128_000)

private func showCalendar(_ invocation: Invocation) throws -> ExitCode {
    let now = invocation.clock.now()
    let start = try invocation.arguments.instant("at", orSpanFrom: now) ?? now
    let days = try invocation.arguments.integer("days", in: 1...366) ?? 14
    guard start + .days(Int64(days)) <= lastDay else {
        throw Failure.usage("the calendar ends with the year 9999", hint: "give an earlier --at, or fewer --days")
    }
    let composition = try Composition(invocation)
    let document = CalendarDocument(
        policies: try composition.policies().policies, configuration: composition.configuration, from: start,
        until: start + .days(Int64(days)))
    if invocation.wantsJSON {
        invocation.output.document(document.json)
    } else {
        document.print(on: invocation.output)
    }
    return .done
}

/// What comes next, as it is shown.
private struct CalendarDocument {
    private let start: Instant
    private let end: Instant
    private let policies: [(policy: Policy, schedule: Schedule, days: [RunDay])]
    private let calendar: FreezeCalendar?
    private let fallback: Schedule
    /// Nobody reads more lines than these.
    private static let mostRows = 1000

    init(policies: [Policy], configuration: Configuration, from start: Instant, until end: Instant) {
        (self.start, self.end, calendar) = (start, end, configuration.freezeCalendar)
        fallback = configuration.schedule
        self.policies = policies.map { policy in
            let schedule = policy.schedule ?? configuration.schedule
            let days = RunDay.all(of: schedule, from: start, until: end, calendar: configuration.freezeCalendar)
            return (policy, schedule, days)
        }
    }

    private var freezes: [FreezeCalendar.Span] { calendar?.spans(from: start, until: end) ?? [] }

    var json: JSON {
        [
            "from": TokenDocument.time(start), "until": TokenDocument.time(end),
            "policies": .array(
                policies.map { policy, schedule, days in
                    [
                        "policy": .string(policy.name), "mode": .string(policy.mode.rawValue),
                        "schedule": .string(schedule.description), "own": .bool(policy.schedule != nil),
                        "zone": .string(schedule.zone.name),
                        "window_seconds": schedule.window.map { .integer($0.seconds) } ?? .null,
                        "spread_seconds": schedule.spread.map { .integer($0.seconds) } ?? .null,
                        "acts_next": TokenDocument.time(schedule.nextActing(after: start, calendar: calendar)),
                        "days": .array(days.map(json)),
                    ]
                }),
            "freezes": .array(freezes.map { FreezeCalendarDocument.json($0) }),
        ]
    }

    private func json(_ day: RunDay) -> JSON {
        [
            "day": .string(String(day.day.suffix("2026-11-24".count))), "runs": .integer(day.count),
            "first": TokenDocument.time(day.first), "last": TokenDocument.time(day.last),
            "frozen": .integer(day.frozen), "partly_frozen": .integer(day.partlyFrozen),
        ]
    }

    func print(on output: Output) {
        var runs = Table(["day", "policy", "runs", "window", "spread", "frozen"], on: output)
        // By day over all policies; each in its zone.
        let rows = policies.enumerated().flatMap { index, entry in entry.days.map { (index: index, day: $0) } }
        let sorted = rows.sorted { ($0.day.first, $0.index) < ($1.day.first, $1.index) }
        for (index, day) in sorted.prefix(Self.mostRows) {
            let (policy, schedule, _) = policies[index]
            runs.add([
                day.day, policy.name, times(day, schedule), schedule.window?.description ?? "-",
                schedule.spread?.description ?? "-", frozen(day),
            ])
        }
        runs.finish()
        if runs.rowCount == 0 { output.line("no policy runs until \(end)") }
        if rows.count > Self.mostRows {
            output.line("and \(counted(rows.count - Self.mostRows, "line")) more; '--json' has all of them")
        }
        ScheduleDocument.printHeldBack(
            policies.map(\.policy), otherwise: fallback, calendar: calendar, after: start, on: output)
        var frozen = Table(["from", "until", "why"], on: output, title: "Frozen by the calendar")
        for span in freezes {
            guard let zone = calendar?.zone else { continue }
            frozen.add([zone.localTime(of: span.begin), zone.localTime(of: span.end), span.reason])
        }
        frozen.finish()
    }

    /// As in `yes`, `2 of 3`, `1 of 3, 1 partly`.
    private func frozen(_ day: RunDay) -> String {
        func share(_ count: Int, _ all: String, _ suffix: String) -> String? {
            count == 0 ? nil : count == day.count ? all : "\(count)\(suffix)"
        }
        let parts = [
            share(day.frozen, "yes", " of \(day.count)"),
            share(day.partlyFrozen, "partly", day.frozen == 0 ? " of \(day.count) partly" : " partly"),
        ]
        return parts.contains { $0 != nil } ? parts.compactMap(\.self).joined(separator: ", ") : "-"
    }

    private func times(_ day: RunDay, _ schedule: Schedule) -> String {
        let zone = schedule.zone
        let first = time(day.first, zone)
        guard day.count > 1 else { return "\(first) \(zone.name)" }
        return "\(day.count), \(first) to \(time(day.last, zone)) \(zone.name)"
    }

    /// As in `03:00`.
    private func time(_ instant: Instant, _ zone: Zone) -> String {
        String(zone.localTime(of: instant).dropFirst("Tue 2026-11-24T".count).prefix(5))
    }
}
