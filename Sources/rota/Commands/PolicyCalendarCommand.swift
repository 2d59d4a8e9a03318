import JSON
import RotaCore

extension Command {
    static let policyCalendar = Command(
        words: ["policy", "calendar"],
        summary: "show what comes next: the runs of each policy, and the freezes of the calendar",
        discussion: """
            Each policy by the clock of its own zone, a line for each day on which it runs under 'rota serve'. A run
            that falls into a freeze is made up for after it, where its window is still open then. What a run would do
            on a day to come is told by 'rota plan --at DAY'.
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

private func showCalendar(_ invocation: Invocation) throws -> ExitCode {
    let now = invocation.clock.now()
    let start = try invocation.arguments.instant("at", orSpanFrom: now) ?? now
    let days = try invocation.arguments.integer("days", in: 1...366) ?? 14
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

    init(policies: [Policy], configuration: Configuration, from start: Instant, until end: Instant) {
        (self.start, self.end, calendar) = (start, end, configuration.freezeCalendar)
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
            "frozen": .integer(day.frozen),
        ]
    }

    func print(on output: Output) {
        var runs = Table(["day", "policy", "runs", "window", "spread", "frozen"], on: output)
        // By day over all policies; each in its zone.
        let rows = policies.enumerated().flatMap { index, entry in entry.days.map { (index: index, day: $0) } }
        for (index, day) in rows.sorted(by: { ($0.day.first, $0.index) < ($1.day.first, $1.index) }) {
            let (policy, schedule, _) = policies[index]
            let frozen = day.frozen == 0 ? "-" : day.frozen == day.count ? "yes" : "\(day.frozen) of \(day.count)"
            runs.add([
                day.day, policy.name, times(day, schedule), schedule.window?.description ?? "-",
                schedule.spread?.description ?? "-", frozen,
            ])
        }
        runs.finish()
        if runs.rowCount == 0 { output.line("no policy runs until \(end)") }
        var frozen = Table(["from", "until", "why"], on: output, title: "Frozen by the calendar")
        for span in freezes {
            guard let zone = calendar?.zone else { continue }
            frozen.add([zone.localTime(of: span.begin), zone.localTime(of: span.end), span.reason])
        }
        frozen.finish()
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
