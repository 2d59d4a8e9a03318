package import RotaCore

/// What runs did within a period. Its size does not depend on how many actions there were.
package struct PeriodActivity: Sendable {
    /// What was done, and what was not, on one day of UTC.
    package struct Day: Hashable, Sendable {
        /// Its midnight.
        package var date: Instant
        package var done = 0
        /// Failed or blocked.
        package var undone = 0
    }

    private struct Matter: Hashable, Sendable {
        var token: TokenID
        var action: Action
    }

    /// How many actions are listed with their causes.
    package static let mostListed = 50
    /// Unfinished matters are followed up to here; further ones are only counted among the outcomes.
    private static let mostFollowed = 5000
    private static let mostDays: Int64 = 366

    package let from: Instant
    package let to: Instant
    /// Each action once for every run that took it up; a rotation is done once, when its new value became
    /// current, whether that was in the run that began it or later.
    package private(set) var outcomes: [Action: [Outcome: Int]] = [:]
    package private(set) var runs = 0
    /// Every day of the period, the latest year of a longer one.
    package private(set) var days: [Day]
    /// Actions with a deadline that were done by it, and after it.
    package private(set) var doneInTime = 0
    package private(set) var doneLate = 0
    /// Rotations that people or holders asked for: no run did them, and they are not among the outcomes.
    package private(set) var byHand = 0
    /// Actions that were done by policies that tell nobody beforehand.
    package private(set) var doneUnannounced = 0
    private let announcing: Set<String>
    private var latest = Foremost<RecordedAction>(20)
    private var unfinished: [Matter: RecordedAction] = [:]
    private var lastRunSeen: String?

    /// - parameter announcing: the policies that give notice of what they do.
    package init(from: Instant, to: Instant, announcing: Set<String> = []) {
        self.from = from
        self.to = to
        self.announcing = announcing
        let end = to.midnight
        let count = min(Self.mostDays, max(0, (end - from.midnight).seconds / 86_400) + 1)
        days = (0..<count).map { Day(date: end - .days(count - 1 - $0)) }
    }

    /// Actions of runs come oldest first.
    package mutating func add(_ action: RecordedAction) {
        if action.run != lastRunSeen {
            runs += 1
            lastRunSeen = action.run
        }
        let matter = Matter(token: action.tokenID, action: action.action)
        // A rotation whose value became current is told by its promotion.
        let isPromoted =
            action.action == .rotate
            && (action.outcome == .done || action.outcome == .started && action.cause == nil)
        if isPromoted {
            unfinished[matter] = nil
            return
        }
        outcomes[action.action, default: [:]][action.outcome, default: 0] += 1
        switch action.outcome {
        case .done: finish(action)
        case .failed, .blocked:
            if unfinished[matter] != nil || unfinished.count < Self.mostFollowed {
                unfinished[matter] = action
            }
        case .started, .waiting: unfinished[matter] = nil
        // Somebody else was quicker, or nothing was called for any more.
        case .skipped: break
        }
        addDay(of: action)
    }

    /// Promotions come after all actions of runs, oldest first.
    package mutating func add(promotion action: RecordedAction) {
        guard !action.run.isEmpty else {
            byHand += 1
            return settle(action)
        }
        outcomes[.rotate, default: [:]][.done, default: 0] += 1
        finish(action)
        addDay(of: action)
    }

    /// Whoever did it, it is not undone any more.
    private mutating func settle(_ action: RecordedAction) {
        let matter = Matter(token: action.tokenID, action: action.action)
        if let trouble = unfinished[matter], trouble.at <= action.at { unfinished[matter] = nil }
    }

    private mutating func finish(_ action: RecordedAction) {
        settle(action)
        if action.action != .notify, !announcing.contains(action.policy) { doneUnannounced += 1 }
        if let deadline = action.deadline {
            if action.at <= deadline { doneInTime += 1 } else { doneLate += 1 }
        }
        latest.offer(action.at.seconds) { action }
    }

    package func count(_ outcome: Outcome) -> Int {
        outcomes.values.reduce(0) { $0 + ($1[outcome] ?? 0) }
    }

    /// The last actions that were done, latest first.
    package var latestDone: [RecordedAction] { latest.sorted() }

    package var unfinishedCount: Int { unfinished.count }

    /// Actions whose last attempt failed, was blocked or skipped: earliest deadline first.
    package var listedUnfinished: [RecordedAction] {
        let ordered = unfinished.values.sorted { left, right in
            if left.deadline != right.deadline { return left.deadline.precedes(right.deadline) }
            return (left.name, left.tokenID) < (right.name, right.tokenID)
        }
        return Array(ordered.prefix(Self.mostListed))
    }

    private mutating func addDay(of action: RecordedAction) {
        guard let first = days.first else { return }
        let index = Int((action.at.midnight - first.date).seconds / 86_400)
        guard action.at >= first.date, days.indices.contains(index) else { return }
        switch action.outcome {
        case .done: days[index].done += 1
        case .failed, .blocked: days[index].undone += 1
        case .started, .waiting, .skipped: break
        }
    }
}

/// Rotations that are not finished, with those that cannot go on.
package struct OpenRotations: Sendable {
    /// A rotation with its token.
    package struct Entry: Sendable {
        package var rotation: Rotation
        package var name: String
        package var owner: String
    }

    package static let mostListed = 100

    /// The new value is on its way.
    package let open: Int
    /// The new value is in place; the old one is still valid for its overlap.
    package let overlap: Int
    package let stalled: Int
    /// The stalled ones, longest open first.
    package let listed: [Entry]

    init(from store: any StoreReads, _ scope: inout ReportScope) throws {
        let rotations = try store.openRotations().filter { try scope.includes($0.tokenID, of: store) }
        open = rotations.count { $0.phase == .open }
        overlap = rotations.count { $0.phase == .overlap }
        let stuck = rotations.filter { $0.cause != nil }
        stalled = stuck.count
        let first = stuck.sorted { ($0.claimedAt, $0.id) < ($1.claimedAt, $1.id) }.prefix(Self.mostListed)
        listed = try first.map { rotation in
            let token = try store.token(rotation.tokenID)
            return scope.told(
                Entry(rotation: rotation, name: token?.name ?? rotation.tokenID.text, owner: token?.owner ?? ""))
        }
    }
}
