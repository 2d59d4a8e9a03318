package import RotaCore
package import YAML

/// Reads the freeze calendar of the configuration. Nil when there is an error among the diagnostics.
///
/// - parameter file: its name, for diagnostics.
package func readFreezeCalendar(_ node: Node, file: String) -> (calendar: FreezeCalendar?, diagnostics: [Diagnostic]) {
    var reader = PolicyReader(file: file)
    let calendar = reader.freezeCalendar(node)
    let failed = reader.diagnostics.contains { $0.severity == .error }
    return (failed ? nil : calendar, reader.diagnostics)
}

extension Vocabulary {
    fileprivate static let calendar = Vocabulary(title: "'freeze-calendar'", keys: ["zone", "dates", "weekly"])
    fileprivate static let dates = Vocabulary(title: "an entry of 'dates'", keys: ["on", "from", "until", "reason"])
    fileprivate static let weekly = Vocabulary(
        title: "an entry of 'weekly'", keys: ["days", "from", "until", "reason"])
}

// When nothing is changed:
// `{ zone: Europe/London, dates: [{ from: 2026-12-20, until: 2027-01-02, reason: year end }],
//    weekly: [{ from: fri 18:00, until: mon 06:00, reason: weekend }] }`.
extension PolicyReader {
    private static let weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    private static let dateExample =
        "write { from: 2026-12-20, until: 2027-01-02, reason: year end }, or { on: 2027-04-02, … }"
    private static let weeklyExample =
        "write { days: [sat, sun], reason: weekend }, or { from: fri 18:00, until: mon 06:00, … }"
    private static let day: Int64 = 86_400

    mutating func freezeCalendar(_ node: Node) -> FreezeCalendar? {
        guard let fields = fields(of: node, Vocabulary.calendar) else { return nil }
        guard fields["dates"] != nil || fields["weekly"] != nil else {
            if diagnostics.isEmpty {
                error("'freeze-calendar' has neither 'dates' nor 'weekly'", at: node.mark, hint: Self.dateExample)
            }
            return nil
        }
        let zone = fields["zone"].map { self.zone($0) } ?? Zone.utc
        let dates = entries(fields["dates"], "dates", Self.dateExample).compactMap { self.dates($0) }
        let weekly = entries(fields["weekly"], "weekly", Self.weeklyExample).flatMap { self.weekly($0) }
        guard let zone else { return nil }
        guard let calendar = FreezeCalendar(zone: zone, dates: dates, weekly: weekly) else {
            error(
                "'weekly' leaves no moment of the week, so that nothing would ever be done",
                at: fields["weekly"]?.mark ?? node.mark, hint: "use 'mode: observe' in the policies instead")
            return nil
        }
        return calendar
    }

    private mutating func entries(_ node: Node?, _ key: String, _ example: String) -> [Node] {
        guard let node else { return [] }
        guard let items = node.items, !items.isEmpty else {
            let what = node.items == nil ? "must be a list, and here is \(node.typeName)" : "is an empty list"
            error("'\(key)' \(what)", at: node.mark, hint: example)
            return []
        }
        return items
    }

    private mutating func reason(_ fields: [String: Node], of node: Node, _ title: String) -> String? {
        let hint = "say why, for everybody who finds it frozen: reason: year end"
        guard let written = required("reason", of: fields, in: title, at: node.mark, hint: hint) else { return nil }
        guard let text = string(written, "reason") else { return nil }
        guard !text.allSatisfy(\.isWhitespace) else {
            error("'reason' is an empty text", at: written.mark, hint: hint)
            return nil
        }
        return text
    }

    // MARK: - Dates

    private mutating func dates(_ node: Node) -> FreezeCalendar.Dates? {
        guard let fields = fields(of: node, Vocabulary.dates) else { return nil }
        let reason = reason(fields, of: node, Vocabulary.dates.title)
        let span: (from: Int64, until: Int64)?
        switch (fields["on"], fields["from"], fields["until"]) {
        case (let on?, nil, nil): span = date(on).map { ($0, $0 + Self.day) }
        case (nil, let from?, let until?): span = self.span(from: from, until: until)
        default:
            error(
                "\(Vocabulary.dates.title) has either 'on', or 'from' and 'until'", at: node.mark,
                hint: Self.dateExample)
            return nil
        }
        guard let span, let reason else { return nil }
        return FreezeCalendar.Dates(from: span.from, until: span.until, reason: reason)
    }

    private mutating func date(_ node: Node) -> Int64? {
        if let day = node.text.flatMap({ FreezeCalendar.day($0) }) { return day }
        error("'on' is no day: \(written(node))", at: node.mark, hint: "write on: 2026-12-25")
        return nil
    }

    /// A day that it ends on is frozen to its end, a minute is not.
    private mutating func span(from: Node, until: Node) -> (from: Int64, until: Int64)? {
        let (begin, end) = (moment(from, "from"), moment(until, "until"))
        guard let begin, let end else { return nil }
        let last = end.isDay ? end.at + Self.day : end.at
        guard last > begin.at else {
            error("'until' is before 'from'", at: until.mark, hint: Self.dateExample)
            return nil
        }
        return (begin.at, last)
    }

    private mutating func moment(_ node: Node, _ key: String) -> (at: Int64, isDay: Bool)? {
        if let moment = node.text.flatMap({ FreezeCalendar.moment($0) }) { return moment }
        error(
            "'\(key)' is no day: \(written(node))", at: node.mark,
            hint: "write \(key): 2026-12-20, or \(key): 2026-12-20 18:00; in the zone of the calendar")
        return nil
    }

    // MARK: - Weekly

    private mutating func weekly(_ node: Node) -> [FreezeCalendar.Weekly] {
        guard let fields = fields(of: node, Vocabulary.weekly) else { return [] }
        let reason = reason(fields, of: node, Vocabulary.weekly.title)
        let spans: [(from: Int64, until: Int64)]
        if let days = fields["days"] {
            spans = self.spans(of: days, from: fields["from"], until: fields["until"])
        } else if let from = fields["from"], let until = fields["until"] {
            let (begin, end) = (momentOfWeek(from, "from"), momentOfWeek(until, "until"))
            // The same moment again is a week later, which leaves nothing: the calendar tells that.
            spans =
                begin.flatMap { begin in
                    end.map { [(begin, $0 > begin ? $0 : $0 + FreezeCalendar.week)] }
                } ?? []
        } else {
            error(
                "\(Vocabulary.weekly.title) has 'days', or a 'from' and an 'until' with their days", at: node.mark,
                hint: Self.weeklyExample)
            return []
        }
        guard let reason else { return [] }
        return spans.map { FreezeCalendar.Weekly(from: $0.from, until: $0.until, reason: reason) }
    }

    /// On each of the days, from a time until another: which is on the next day where it is no later.
    private mutating func spans(of node: Node, from: Node?, until: Node?) -> [(from: Int64, until: Int64)] {
        let begin = from.map { time($0, "from") } ?? 0
        let end = until.map { time($0, "until") } ?? Self.day
        let days = days(node)
        guard let begin, let end else { return [] }
        let length = end > begin ? end - begin : end + Self.day - begin
        // From 24:00 on is the next day.
        return days.map { day in
            let start = (day * Self.day + begin) % FreezeCalendar.week
            return (start, start + length)
        }
    }

    /// Counted from Monday.
    private mutating func days(_ node: Node) -> [Int64] {
        guard let names = texts(node, "days") else { return [] }
        return names.flatMap { name -> [Int64] in
            let ends = name.split(separator: "-", omittingEmptySubsequences: false).map { weekday($0) }
            guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1] else {
                error(
                    "'days': '\(abridged(name))' is no day of the week", at: node.mark,
                    hint: nearest(to: name.lowercased(), among: Self.weekdays).map { "did you mean '\($0)'?" }
                        ?? "use mon, tue, wed, thu, fri, sat and sun, or mon-fri")
                return []
            }
            return (first...(last < first ? last + 7 : last)).map { $0 % 7 }
        }
    }

    /// `sat`, `Sat` and `Saturday` are one.
    private func weekday(_ name: some StringProtocol) -> Int64? {
        let full = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
        let name = name.lowercased()
        return (Self.weekdays.firstIndex(of: name) ?? full.firstIndex(of: name)).map { Int64($0) }
    }

    private mutating func time(_ node: Node, _ key: String) -> Int64? {
        if let time = node.text.flatMap({ FreezeCalendar.time($0) }) { return time }
        error(
            "'\(key)' is no time of day: \(written(node))", at: node.mark,
            hint: "write \(key): \"18:00\"; a day of the week goes with it only where there are no 'days'")
        return nil
    }

    private mutating func momentOfWeek(_ node: Node, _ key: String) -> Int64? {
        let words = (node.text ?? "").split(separator: " ")
        if words.count == 2, let day = weekday(words[0]), let time = FreezeCalendar.time(String(words[1])) {
            return (day * Self.day + time) % FreezeCalendar.week
        }
        error(
            "'\(key)' is no time of the week: \(written(node))", at: node.mark,
            hint: "write \(key): fri 18:00; or name the 'days'")
        return nil
    }
}
