package import RotaCore

/// What became of the actions of a plan, in its order.
///
/// Beside the plan it holds some numbers for each, and every cause once: a plan may have a million actions.
package struct RunActions: RandomAccessCollection, Sendable {
    private struct Result {
        /// Nil until it has come to its end.
        var outcome: Outcome?
        var blocked: BlockedReason?
        /// Its place among the causes; negative: none.
        var cause: Int32 = -1
        var at = Instant(seconds: 0)
    }

    private let run: String
    private let planned: PlannedActions
    private var results: [Result]
    private var causes: [String] = []
    private var placeOfCause: [String: Int32] = [:]
    /// How many have come to their end.
    private(set) var finished = 0
    /// How many came to each outcome.
    package private(set) var totals: [Outcome: Int] = [:]

    init(run: String, of planned: PlannedActions) {
        self.run = run
        self.planned = planned
        results = [Result](repeating: Result(), count: planned.count)
    }

    /// Writes down what became of the action at a place of the plan, once.
    mutating func record(_ action: RecordedAction, at index: Int) {
        precondition(results[index].outcome == nil, "an action has one outcome")
        results[index] = Result(
            outcome: action.outcome, blocked: action.blocked, cause: action.cause.map { place(of: $0) } ?? -1,
            at: action.at)
        finished += 1
        totals[action.outcome, default: 0] += 1
    }

    private mutating func place(of cause: String) -> Int32 {
        if let known = placeOfCause[cause] { return known }
        let place = Int32(causes.count)
        causes.append(cause)
        placeOfCause[cause] = place
        return place
    }

    var isComplete: Bool { finished == planned.count }

    /// Whether some action has this very cause.
    func contains(cause: String) -> Bool { placeOfCause[cause] != nil }

    /// The tokens that were changed.
    var touched: some Sequence<TokenID> {
        indices.lazy.filter { results[$0].outcome == .done || results[$0].outcome == .started }
            .map { planned[$0].tokenID }
    }

    /// The tokens that it was to rotate.
    var rotated: Set<TokenID> {
        Set(indices.lazy.filter { planned[$0].action == .rotate }.map { planned[$0].tokenID })
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int { results.count }

    /// Asked for once it has come to its end.
    package subscript(index: Int) -> RecordedAction {
        let result = results[index]
        return RecordedAction(
            planned[index], run: run, outcome: result.outcome ?? .skipped, blocked: result.blocked,
            cause: result.cause < 0 ? nil : causes[Int(result.cause)], at: result.at)
    }
}

extension RecordedAction {
    init(
        _ planned: PlannedAction, run: String, outcome: Outcome, blocked: BlockedReason?, cause: String?,
        at now: Instant
    ) {
        self.init(
            run: run, tokenID: planned.tokenID, name: planned.name, action: planned.action, policy: planned.policy,
            rule: planned.rule, reason: planned.verdict.reason.code, message: planned.message,
            deadline: planned.verdict.deadline, outcome: outcome, blocked: blocked, cause: cause, at: now)
    }
}
