/// How tokens are spread over the time after a fire: in turns, each a run of its own, the first of them the fire.
///
/// A token has the same turn after each fire. Without a spread there is one turn, for all.
extension Schedule {
    /// Each is a run, which is recorded; more would only be more of them.
    private static let mostTurns: Int64 = 24
    private static let minute: Int64 = 60

    /// The turns after one fire.
    private struct Turns {
        var first: Instant
        /// Seconds from one to the next.
        var step: Int64 = Schedule.minute
        var count: Int64 = 1

        subscript(number: Int64) -> Instant { first + TimeSpan(seconds: number * step) }

        /// The number of the last one that has come; none is negative, since the fire has.
        func last(at now: Instant) -> Int64 { min((now - first).seconds / step, count - 1) }
    }

    private func turns(after fire: Instant) -> Turns {
        guard let spread else { return Turns(first: fire) }
        // The next fire begins anew: within what is left until then, or some tokens would never have their turn.
        let length = [spread, next(after: fire) - fire, window].compactMap(\.self).min() ?? spread
        let step =
            max(1, (length.seconds + Self.mostTurns * Self.minute - 1) / (Self.mostTurns * Self.minute))
            * Self.minute
        return Turns(first: fire, step: step, count: max(1, (length.seconds + step - 1) / step))
    }

    /// The first turn after an instant.
    package func nextTurn(after instant: Instant) -> Instant {
        let turns = turns(after: previous(atOrBefore: instant))
        let number = turns.last(at: instant) + 1
        return number < turns.count ? turns[number] : next(after: instant)
    }

    /// The last turn until an instant, that one included.
    package func lastTurn(atOrBefore instant: Instant) -> Instant {
        let turns = turns(after: previous(atOrBefore: instant))
        return turns[turns.last(at: instant)]
    }

    /// The turn of a token after a fire.
    ///
    /// Where a freeze of the calendar covers it, the token has one of the others, likewise by its identifier: else a
    /// freeze that comes back each time would leave it without any for ever. Where all are frozen, its own.
    package func turn(of id: TokenID, after fire: Instant, calendar: FreezeCalendar? = nil) -> Instant {
        let turns = turns(after: fire)
        let count = UInt64(turns.count)
        let own = turns[Int64(id.lot % count)]
        guard count > 1, let calendar else { return own }
        let freezes = calendar.spans(from: fire, until: turns[turns.count])
        guard freezes.contains(where: { $0.contains(own) }) else { return own }
        let open = turnTimes(after: fire).filter { turn in !freezes.contains { $0.contains(turn) } }
        return open.isEmpty ? own : open[Int(id.lot / count % UInt64(open.count))]
    }

    /// All turns after a fire, in their order.
    func turnTimes(after fire: Instant) -> [Instant] {
        let turns = turns(after: fire)
        return (0..<turns.count).map { turns[$0] }
    }
}
