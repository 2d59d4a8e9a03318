import Crypto

/// How far a step of long work has come.
package struct StepProgress: Hashable, Sendable {
    /// What is being done. The raw value is what people are told.
    package enum Step: String, Hashable, Sendable {
        // Of a run, in this order.
        /// Tokens whose end has passed are marked.
        case expiring
        /// Tokens are looked at.
        case planning
        /// Findings are opened.
        case recording
        /// People are told of what is coming.
        case telling
        /// Actions are taken.
        case acting
        /// Actions that are blocked are written down.
        case noting
        /// Findings are looked at again, and closed.
        case closing
        /// Rotations of earlier runs, which were gone on with meanwhile, are waited for.
        case recovering
        /// Events are delivered.
        case delivering

        // Of a reconciliation.
        /// Destinations are read.
        case reading
        /// Values that the store has lost are judged.
        case judging
        /// Tokens are rotated.
        case rotating
    }

    package var step: Step
    package var finished: Int
    /// Nil where it is not known.
    package var total: Int?

    package init(_ step: Step, _ finished: Int, of total: Int? = nil) {
        self.step = step
        self.finished = finished
        self.total = total
    }
}

/// Whoever is told; nil where nobody looks, so that what would be told need not be found out.
package typealias ProgressReport = @Sendable (StepProgress) -> Void

/// Counts what comes to its end in several tasks at once.
final class StepTally: Sendable {
    private struct State {
        var finished = 0
        var total: Int?
        var report: ProgressReport?
    }

    private let step: StepProgress.Step
    private let state: Locked<State>

    init(_ step: StepProgress.Step, telling report: ProgressReport? = nil) {
        self.step = step
        state = Locked(State(report: report))
    }

    /// There are so many.
    func expect(_ total: Int) {
        change { $0.total = total }
    }

    /// One more has come to its end.
    func add() {
        change { $0.finished += 1 }
    }

    /// From now on somebody is told, and at once of what was before.
    func tell(_ report: ProgressReport?) {
        change { $0.report = report }
    }

    private func change(_ body: (inout State) -> Void) {
        let (report, finished, total) = state.withLock { state in
            body(&state)
            return (state.report, state.finished, state.total)
        }
        // Where there is nothing to be done, there is no step to be told of.
        if total != 0 { report?(StepProgress(step, finished, of: total)) }
    }
}
