import RotaCore

/// The uses of one version on one day that are not written down yet, and when others of them were.
///
/// Small, since there is one for every version in use: most callers tell nothing of a use but that it was.
struct WaitingUses: Sendable {
    /// How long uses of a version may wait after others of it have been written down.
    static let patience = TimeSpan(seconds: 60)

    /// Accepted uses of which nothing else is known, and the last of them.
    private var count: Int32 = 0
    private var cannotWait = false
    private var last = Instant.beginning
    /// One at the most: uses of which more is known. An array, because it is a pointer and no more where there is none.
    private var details: [UseTally] = []
    /// When the first of them was.
    private(set) var since = Instant.beginning
    /// In the beginning: never, or what was written could not be kept.
    private let writtenAt: Instant

    init(writtenAt: Instant = .beginning) {
        self.writtenAt = writtenAt
    }

    var isEmpty: Bool { count == 0 && details.isEmpty }

    var total: Int { details.reduce(Int(count)) { $0 + $1.accepted.count + $1.refused.count } }

    /// Whether they are to be written down at `now`; of none: whether it is long enough ago that others were.
    func isDue(at now: Instant) -> Bool {
        // A clock that was set back makes nobody wait.
        cannotWait || now < writtenAt || now - writtenAt >= Self.patience
    }

    mutating func add(_ use: Use, to key: UseTally.Key) {
        if isEmpty { since = use.at }
        // A refused use may be a thief's; and an overlap ends, or goes on, by what was used last.
        if use.isInOverlap || use.outcome == .refused { cannotWait = true }
        if use.outcome == .accepted, use.source == nil, use.agent == nil, use.scopes.isEmpty, count < .max {
            count += 1
            last = max(last, use.at)
        } else {
            if details.isEmpty { details.append(UseTally(key: key)) }
            details[0].add(use)
        }
    }

    mutating func putBack(_ tally: UseTally) {
        let first = [tally.accepted.last, tally.refused.last].compactMap(\.self).min() ?? tally.key.day
        since = isEmpty ? first : min(since, first)
        cannotWait = true
        if details.isEmpty { details.append(tally) } else { details[0].merge(tally) }
    }

    /// All of them as one sum.
    func tally(of key: UseTally.Key) -> UseTally {
        var tally = details.first ?? UseTally(key: key)
        if count > 0 {
            tally.accepted.count += Int(count)
            tally.accepted.last = max(tally.accepted.last ?? last, last)
        }
        return tally
    }
}
