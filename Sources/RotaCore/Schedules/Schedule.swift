/// When a policy runs by itself: at instants of past and future that depend on nothing else, so that a
/// restart changes none of them.
///
/// Where a clock is set forward, a pattern with times of day fires once, in that moment, for all the times that
/// are left out; where it is set back, once, at the first of the two. A pattern whose minute or hour begins
/// with `*` follows the time that passes: it fires at every minute that matches, as often as the clock shows it.
package struct Schedule: Hashable, Sendable, CustomStringConvertible {
    /// What the instants are made of.
    package enum Pattern: Hashable, Sendable {
        case cron(Cron, Zone)
        /// Whole multiples of a span since `Schedule.anchor`.
        case every(TimeSpan)
    }

    /// What `every` is counted from: Monday, 1 January 2001, midnight UTC. So `every: 6h` fires at 00:00,
    /// 06:00, 12:00 and 18:00 UTC, and `every: 7d` on Mondays.
    package static let anchor = Instant(seconds: 978_307_200)
    /// What `every` may say.
    package static let spans = TimeSpan(seconds: 60)...TimeSpan.days(366)

    /// Every full hour.
    package static let hourly = Schedule(pattern: .every(.hours(1)), window: nil)

    package let pattern: Pattern
    /// How long after a fire a run may still begin; nil: until the next one.
    package let window: TimeSpan?
    /// Over how long after a fire tokens have their turns, each its own; nil: all at once.
    package let spread: TimeSpan?

    private init(pattern: Pattern, window: TimeSpan?, spread: TimeSpan? = nil) {
        self.pattern = pattern
        self.window = window
        self.spread = spread
    }

    /// - throws: `ScheduleFault` for a pattern that never fires.
    package init(
        _ cron: Cron, zone: Zone, window: TimeSpan? = nil, spread: TimeSpan? = nil
    ) throws(ScheduleFault) {
        // Searching for what never comes would not end.
        guard cron.isPossible else { throw .neverFires }
        self.init(pattern: .cron(cron, zone), window: window, spread: spread)
    }

    /// - throws: `ScheduleFault` for a span beyond `spans`.
    package init(every span: TimeSpan, window: TimeSpan? = nil, spread: TimeSpan? = nil) throws(ScheduleFault) {
        guard Self.spans.contains(span) else { throw .badSpan(span) }
        self.init(pattern: .every(span), window: window, spread: spread)
    }

    /// What is written in a policy, on one line: `cron 0 3 * * 1-5 Europe/London window 2h`, `every 6h`. Equal
    /// for schedules that are written alike, and kept in the store to notice a change.
    package var description: String {
        let rhythm =
            switch pattern {
            case .cron(let cron, let zone): "cron \(cron) \(zone.name)"
            case .every(let span): "every \(span)"
            }
        return rhythm + (window.map { " window \($0)" } ?? "") + (spread.map { " spread \($0)" } ?? "")
    }

    /// The zone in which its times are told.
    package var zone: Zone {
        if case .cron(_, let zone) = pattern { zone } else { .utc }
    }

    // MARK: - Instants

    /// The first fire after an instant.
    package func next(after instant: Instant) -> Instant {
        switch pattern {
        case .cron(let cron, let zone): Instant(seconds: zone.next(cron, after: instant.seconds))
        case .every(let span): lastMultiple(of: span, atOrBefore: instant) + span
        }
    }

    /// The last fire until an instant, that one included.
    package func previous(atOrBefore instant: Instant) -> Instant {
        switch pattern {
        case .cron(let cron, let zone): Instant(seconds: zone.previous(cron, atOrBefore: instant.seconds))
        case .every(let span): lastMultiple(of: span, atOrBefore: instant)
        }
    }

    /// The next fires, in their order.
    package func fires(after instant: Instant, count: Int) -> [Instant] {
        var fires: [Instant] = []
        for _ in 0..<count { fires.append(next(after: fires.last ?? instant)) }
        return fires
    }

    /// Whether it fires in this very second.
    package func fires(at instant: Instant) -> Bool { previous(atOrBefore: instant) == instant }

    /// Whether a run for this fire, or a turn after it, may still begin.
    package func admits(_ fire: Instant, at now: Instant) -> Bool {
        window.map { now < previous(atOrBefore: fire) + $0 } ?? true
    }

    private func lastMultiple(of span: TimeSpan, atOrBefore instant: Instant) -> Instant {
        let passed = (instant - Self.anchor).seconds
        return instant - TimeSpan(seconds: passed.flooredRemainder(span.seconds))
    }
}

/// Why there is no such schedule.
package enum ScheduleFault: Error, Hashable, Sendable {
    /// The pattern names a day that no year has.
    case neverFires
    case badSpan(TimeSpan)
}

extension Zone {
    /// In seconds of UTC.
    fileprivate func next(_ cron: Cron, after time: Int64) -> Int64 {
        if cron.isFixed {
            return firstInstant(atOrPast: cron.first(atOrAfter: highestLocalTime(until: time) + 1))
        }
        var from = time + 1
        while true {
            let stretch = stretch(at: from)
            let found = cron.first(atOrAfter: from + stretch.offset) - stretch.offset
            if found < stretch.end { return found }
            from = stretch.end
        }
    }

    /// In seconds of UTC.
    fileprivate func previous(_ cron: Cron, atOrBefore time: Int64) -> Int64 {
        if cron.isFixed {
            return firstInstant(atOrPast: cron.last(atOrBefore: highestLocalTime(until: time)))
        }
        var until = time
        while true {
            let stretch = stretch(at: until)
            let found = cron.last(atOrBefore: until + stretch.offset) - stretch.offset
            if found >= stretch.start { return found }
            until = stretch.start - 1
        }
    }
}
