import RotaCore

/// The uses of one version on one day that are not written down yet, and when others of them were.
///
/// Small, since there is one for every version in use: most callers tell nothing of a use but that it was.
struct WaitingUses: Sendable {
    /// How long uses of a version may wait after others of it have been written down.
    static let patience = TimeSpan(seconds: 60)

    /// Accepted uses of which nothing else is known, and the last of them.
    private var count: Int32 = 0
    private var last = ShortInstant(.beginning)
    /// When the first of them was.
    private var first = ShortInstant(.beginning)
    /// In the beginning: never, or what was written could not be kept, or what came since cannot wait.
    private var writtenAt: ShortInstant
    /// One at the most: uses of which more is known. An array, because it is a pointer and no more where there is none.
    private var details: [UseTally] = []

    init(writtenAt: Instant = .beginning) {
        self.writtenAt = ShortInstant(writtenAt)
    }

    var isEmpty: Bool { count == 0 && details.isEmpty }

    var since: Instant { first.instant }

    var total: Int { details.reduce(Int(count)) { $0 + $1.accepted.count + $1.refused.count } }

    /// Whether they are to be written down at `now`; of none: whether it is long enough ago that others were.
    func isDue(at now: Instant) -> Bool {
        let writtenAt = writtenAt.instant
        // A clock that was set back makes nobody wait.
        return now < writtenAt || now - writtenAt >= Self.patience
    }

    mutating func add(_ use: Use, to key: UseTally.Key) {
        if isEmpty { first = ShortInstant(use.at) }
        // A refused use may be a thief's; and an overlap ends, or goes on, by what was used last.
        if use.isInOverlap || use.outcome == .refused { writtenAt = ShortInstant(.beginning) }
        if use.outcome == .accepted, use.source == nil, use.agent == nil, use.scopes.isEmpty, count < .max {
            count += 1
            last = ShortInstant(max(last.instant, use.at))
        } else {
            if details.isEmpty { details.append(UseTally(key: key)) }
            details[0].add(use)
        }
    }

    mutating func putBack(_ tally: UseTally) {
        let earliest = [tally.accepted.last, tally.refused.last].compactMap(\.self).min() ?? tally.key.day
        first = ShortInstant(isEmpty ? earliest : min(since, earliest))
        writtenAt = ShortInstant(.beginning)
        if details.isEmpty { details.append(tally) } else { details[0].merge(tally) }
    }

    /// All of them as one sum.
    func tally(of key: UseTally.Key) -> UseTally {
        var tally = details.first ?? UseTally(key: key)
        if count > 0 {
            tally.accepted.count += Int(count)
            tally.accepted.last = max(tally.accepted.last ?? last.instant, last.instant)
        }
        return tally
    }
}

/// An instant of the years 1970 to 2106, in half the room; whatever is before or after is their beginning or end.
struct ShortInstant: Hashable, Sendable {
    private let seconds: UInt32

    init(_ instant: Instant) { seconds = UInt32(clamping: instant.seconds) }

    var instant: Instant { Instant(seconds: Int64(seconds)) }
}
