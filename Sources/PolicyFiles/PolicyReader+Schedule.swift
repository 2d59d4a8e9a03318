package import RotaCore
package import YAML

/// Reads a schedule that stands outside of policies, such as the default in the configuration, by the same
/// rules. Nil when there is an error among the diagnostics.
///
/// - parameters:
///   - file: its name, for diagnostics.
///   - bytes: what the file holds, for places within texts.
package func readSchedule(
    _ node: Node, file: String, in bytes: [UInt8]
) -> (schedule: Schedule?, diagnostics: [Diagnostic]) {
    var reader = PolicyReader(file: file, source: bytes)
    let schedule = reader.schedule(node)
    let failed = reader.diagnostics.contains { $0.severity == .error }
    return (failed ? nil : schedule, reader.diagnostics)
}

// When a policy runs: `{ cron: "0 3 * * 1-5", zone: Europe/London, window: 2h }`, or `{ every: 6h }`.
extension PolicyReader {
    private static let example =
        "write 'schedule: { cron: \"0 3 * * 1-5\", zone: Europe/London }' or 'schedule: { every: 6h }'"

    mutating func schedule(_ node: Node?) -> Schedule? {
        guard let node else { return nil }
        guard let entries = node.entries, !entries.isEmpty else {
            let what = node.entries == nil ? "must be a mapping, and here is \(node.typeName)" : "is empty"
            error("'schedule' \(what)", at: node.mark, hint: Self.hint(for: node))
            return nil
        }
        guard let fields = fields(of: node, Vocabulary.schedule) else { return nil }
        let window = fields["window"].flatMap { span($0, "window") }
        let spread = fields["spread"].flatMap { self.spread($0, window: window, every: fields["every"]) }
        switch (fields["cron"], fields["every"]) {
        case (let cron?, nil):
            return self.cron(cron, zone: fields["zone"], window: window, spread: spread)
        case (nil, let every?):
            return self.every(every, zone: fields["zone"], window: window, spread: spread)
        case (_?, let every?):
            error(
                "a schedule has either 'cron' or 'every', and here are both", at: every.mark, hint: "remove one of them"
            )
        case (nil, nil):
            // A key that was meant to be one of them is told already.
            guard entries.allSatisfy({ Vocabulary.schedule.keys.contains($0.key) }) else { return nil }
            error("the schedule has neither 'cron' nor 'every'", at: node.mark, hint: Self.example)
        }
        return nil
    }

    /// What somebody meant who wrote the rhythm alone.
    private static func hint(for node: Node) -> String {
        guard let text = node.text else { return example }
        if TimeSpan(text) != nil { return "write 'schedule: { every: \(text) }'" }
        guard let cron = try? Cron(text) else { return example }
        return "write 'schedule: { cron: \"\(cron)\" }'"
    }

    /// A turn that comes after the window, or after the next run, would never come.
    private mutating func spread(_ node: Node, window: TimeSpan?, every: Node?) -> TimeSpan? {
        guard let span = span(node, "spread") else { return nil }
        let rhythm = every?.text.flatMap { TimeSpan($0) }
        if let window, span > window {
            error(
                "'spread' (\(span)) is longer than the window (\(window)): some tokens would never have their turn",
                at: node.mark, hint: Self.shorterSpread(window) + ", or a longer window")
        } else if let rhythm, span > rhythm {
            error(
                "'spread' (\(span)) is longer than 'every' (\(rhythm)): some tokens would never have their turn",
                at: node.mark, hint: Self.shorterSpread(rhythm))
        } else if span < Self.shortestSpread {
            error(
                "'spread' must be at least \(Self.shortestSpread), and here is \(written(node))", at: node.mark,
                hint: "turns are a minute apart or more; leave it out to take all at once")
        }
        return span
    }

    private static let shortestSpread = TimeSpan(seconds: 120)

    /// What fits into so long.
    private static func shorterSpread(_ most: TimeSpan) -> String {
        most < shortestSpread
            ? "leave it out, as two turns are a minute apart or more" : "write spread: \(most) or less"
    }

    private mutating func cron(
        _ node: Node, zone zoneNode: Node?, window: TimeSpan?, spread: TimeSpan?
    ) -> Schedule? {
        let zone = zoneNode.map { self.zone($0) } ?? Zone.utc
        guard let cron = pattern(node), let zone else { return nil }
        do throws(ScheduleFault) {
            return try Schedule(cron, zone: zone, window: window, spread: spread)
        } catch {
            self.error(
                "'cron': no year has such a day, so that it would never run", at: node.mark,
                hint: "check the day of month against the month")
            return nil
        }
    }

    private mutating func pattern(_ node: Node) -> Cron? {
        guard let text = node.text else {
            error(
                "'cron' must be a string, and here is \(node.typeName)", at: node.mark,
                hint: "write cron: \"0 3 * * 1-5\"")
            return nil
        }
        do throws(CronFault) {
            return try Cron(text)
        } catch {
            let place = place(in: node, line: 1, column: error.column)
            self.error("'cron': \(error.message)", at: place ?? node.mark, hint: error.hint)
            return nil
        }
    }

    private mutating func every(
        _ node: Node, zone: Node?, window: TimeSpan?, spread: TimeSpan?
    ) -> Schedule? {
        if let zone {
            error(
                "'zone' means nothing to 'every', which goes by the time that passes", at: zone.mark,
                hint: "remove it; or write cron: \"0 3 * * *\" for a time of day")
        }
        guard let span = span(node, "every") else { return nil }
        guard let schedule = try? Schedule(every: span, window: window, spread: spread) else {
            let (least, most) = (Schedule.spans.lowerBound, Schedule.spans.upperBound)
            error(
                "'every' must be from \(least) to \(most), and here is \(written(node))", at: node.mark,
                hint: "write every: 1h")
            return nil
        }
        if let window, window >= span {
            warning(
                "the window of \(window) never closes: the next run comes after \(span)", at: node.mark,
                hint: "write a shorter one, or leave it out")
        }
        return schedule
    }

    mutating func zone(_ node: Node) -> Zone? {
        guard let name = string(node, "zone") else { return nil }
        switch zones.zone(named: name) {
        case .success(let zone): return zone
        case .failure(let fault):
            error("'zone': \(abridged(fault.message))", at: node.mark, hint: fault.hint)
            return nil
        }
    }
}
