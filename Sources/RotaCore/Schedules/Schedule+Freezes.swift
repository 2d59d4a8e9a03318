/// When runs act, by a calendar of freezes.
///
/// Under a freeze no run begins. What was to begin in it is made up for by one run at its end, where the window is open
/// then and nothing later has taken its place.
extension Schedule {
    /// How far ahead is looked for a run that acts.
    package static let farthest = TimeSpan.days(400)

    /// How a run stands to a calendar.
    enum Standing: Hashable {
        case open
        /// It begins late, or some turns of it are frozen, so that their tokens have others.
        case partly
        /// Nothing of it is done.
        case frozen
    }

    /// When a run or a turn acts next, later than an instant; nil where all that come in the next 400 days are frozen.
    package func nextActing(after now: Instant, calendar: FreezeCalendar?) -> Instant? {
        guard let calendar else { return nextTurn(after: now) }
        if let freeze = calendar.freeze(at: now), makesUp(after: freeze) { return freeze.end }
        var from = now
        while from < now + Self.farthest {
            let next = nextTurn(after: from)
            guard let freeze = calendar.freeze(at: next) else { return next }
            if makesUp(after: freeze) { return freeze.end }
            from = freeze.end
        }
        return nil
    }

    /// Whether something that was to begin in a freeze may still begin at its end.
    private func makesUp(after freeze: FreezeCalendar.Span) -> Bool {
        let last = lastTurn(atOrBefore: freeze.end)
        return last >= freeze.begin && admits(last, at: freeze.end)
    }

    /// When a run may act on a token next, later than an instant: at its turn, or at a later one when it comes due
    /// after that. Nil where all runs of the next 400 days are frozen.
    package func opportunity(for id: TokenID, after now: Instant, calendar: FreezeCalendar?) -> Instant? {
        guard let next = nextActing(after: now, calendar: calendar) else { return nil }
        let own = turn(of: id, after: previous(atOrBefore: next), calendar: calendar)
        guard own > next else { return next }
        return nextActing(after: own - TimeSpan(seconds: 1), calendar: calendar)
    }

    /// - parameters:
    ///   - next: the fire after it.
    ///   - freezes: those that reach into the time between, by their beginning.
    func standing(of fire: Instant, until next: Instant, _ freezes: ArraySlice<FreezeCalendar.Span>) -> Standing {
        let end = window.map { min(next, fire + $0) } ?? next
        var covered = fire
        for freeze in freezes where freeze.begin <= covered { covered = max(covered, freeze.end) }
        if covered >= end { return .frozen }
        return turnTimes(after: fire).contains { turn in freezes.contains { $0.contains(turn) } } ? .partly : .open
    }
}

extension FreezeCalendar.Span {
    func contains(_ instant: Instant) -> Bool { begin <= instant && instant < end }
}
