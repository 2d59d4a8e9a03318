package import Engine
package import RotaCore

/// Runs, latest first.
package struct RunsPage: Page {
    /// A run with what came of it.
    package struct Row: Sendable {
        package var run: RunRecord
        package var outcomes: [Outcome: Int]

        package init(run: RunRecord, outcomes: [Outcome: Int]) {
            self.run = run
            self.outcomes = outcomes
        }
    }

    package var rows: [Row]
    package var next: String?

    package init(rows: [Row], next: String? = nil) {
        self.rows = rows
        self.next = next
    }
}

/// One run.
package struct RunPage: Page {
    package var run: RunRecord
    /// The plan that it applied, where one was saved.
    package var savedPlan: SavedPlan?
    package var outcomes: [Outcome: Int]
    package var actions: [RecordedAction]
    package var next: String?

    package init(
        run: RunRecord, savedPlan: SavedPlan? = nil, outcomes: [Outcome: Int], actions: [RecordedAction],
        next: String? = nil
    ) {
        self.run = run
        self.savedPlan = savedPlan
        self.outcomes = outcomes
        self.actions = actions
        self.next = next
    }
}
