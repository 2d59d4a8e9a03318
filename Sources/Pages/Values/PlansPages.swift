package import Engine
package import RotaCore

/// Plans that were saved. Makes one by a post to `/admin/plans`.
package struct PlansPage: Page {
    /// In the order in which they expire.
    package var open: [SavedPlan]
    /// Latest first.
    package var closed: [SavedPlan]
    /// Where the next page of those begins.
    package var next: String?
    package var isContinued: Bool

    package init(
        open: [SavedPlan], closed: [SavedPlan] = [], next: String? = nil, isContinued: Bool = false
    ) {
        self.open = open
        self.closed = closed
        self.next = next
        self.isContinued = isContinued
    }
}

/// One saved plan.
///
/// Posts: `/admin/plans/{id}/approve` with `comment` and `digest`, `/withdraw` with `reason`, `/apply` with `digest`.
package struct PlanPage: Page {
    package var plan: SavedPlan
    /// Those of this page, in their order.
    package var actions: [SavedAction]
    /// Of the whole plan.
    package var totals: [Action: Int]
    /// Why this person cannot approve it; nil: he can, or nobody needs to.
    package var obstacle: String?
    /// Where the next page of actions begins.
    package var next: String?

    package init(
        plan: SavedPlan, actions: [SavedAction], totals: [Action: Int], obstacle: String? = nil,
        next: String? = nil
    ) {
        self.plan = plan
        self.actions = actions
        self.totals = totals
        self.obstacle = obstacle
        self.next = next
    }
}
