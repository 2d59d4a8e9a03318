/// When the runs of one policy come within a time, under a daemon that is there always.
struct RunTimes: Sendable {
    let schedule: Schedule
    /// Later than the beginning, before the end, in their order; turns within a spread are runs, too.
    private var runs: [Instant] = []

    /// - parameter frozen: the freezes of that time and of the moment before it.
    init(of schedule: Schedule, after start: Instant, until end: Instant, frozen: FrozenTimes) {
        self.schedule = schedule
        // What a freeze that is on has held back so far is made up for after it, too.
        var turn = frozen.stretch(at: start).map { $0.lowerBound - TimeSpan(seconds: 1) } ?? start
        while true {
            turn = schedule.nextTurn(after: turn)
            guard turn < end else { return }
            let run = frozen.thaw(turn)
            if run > turn { turn = schedule.lastTurn(atOrBefore: run) }
            if run < end, schedule.admits(turn, at: run) { runs.append(run) }
        }
    }

    func isRun(at instant: Instant) -> Bool { next(atOrAfter: instant) == instant }

    /// Nil: none before the end.
    func next(atOrAfter instant: Instant) -> Instant? {
        let index = runs.firstPlace { $0 >= instant }
        return index < runs.count ? runs[index] : nil
    }

    /// The first or the last run of a day of UTC, whichever comes next.
    func nextOfDay(after instant: Instant) -> Instant? {
        let next = runs.firstPlace { $0 > instant }
        guard next < runs.count else { return nil }
        let midnight = runs[next].midnight
        if next == 0 || runs[next - 1] < midnight { return runs[next] }
        return runs[runs.firstPlace { $0 >= midnight + .days(1) } - 1]
    }
}

/// The freezes of a calendar over a time, for many questions.
struct FrozenTimes: Sendable {
    /// Disjoint, in their order, each without its end.
    private var stretches: [Range<Instant>] = []

    init(_ calendar: FreezeCalendar?, from start: Instant, until end: Instant) {
        for span in calendar?.spans(from: start, until: end) ?? [] where span.begin < span.end {
            if let last = stretches.last, span.begin <= last.upperBound {
                stretches[stretches.count - 1] = last.lowerBound..<max(last.upperBound, span.end)
            } else {
                stretches.append(span.begin..<span.end)
            }
        }
    }

    func stretch(at instant: Instant) -> Range<Instant>? {
        let index = stretches.firstPlace { $0.upperBound > instant }
        return index < stretches.count && stretches[index].contains(instant) ? stretches[index] : nil
    }

    /// The instant itself, or the end of the freeze that it is in.
    func thaw(_ instant: Instant) -> Instant { stretch(at: instant)?.upperBound ?? instant }
}

extension Array {
    /// The first place of which something is true that is true of all later ones; the count when of none.
    fileprivate func firstPlace(where isTrue: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isTrue(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
