package import RotaCore

/// Exceptions from policies.
///
/// Posts: `/admin/waivers/{id}/approve` with `comment`, `/admin/waivers/{id}/withdraw` with `reason`.
package struct WaiversPage: Page {
    /// A waiver as it is listed.
    package struct Row: Sendable {
        package var waiver: Waiver
        /// Of the token that it is about; nil where it is about what matches.
        package var tokenName: String?
        /// Why this person cannot approve it; nil: he can, or nobody needs to.
        package var obstacle: String?
        /// Whether this person asked for it.
        package var isOwn: Bool

        package init(waiver: Waiver, tokenName: String? = nil, obstacle: String? = nil, isOwn: Bool = false) {
            self.waiver = waiver
            self.tokenName = tokenName
            self.obstacle = obstacle
            self.isOwn = isOwn
        }
    }

    /// In any order: they are shown by their states.
    package var rows: [Row]
    /// Where the next page of those that are over begins.
    package var next: String?
    package var isContinued: Bool
    /// Whether this person may know of all, and not just of those that he asked for.
    package var hasAll: Bool

    package init(rows: [Row], next: String? = nil, isContinued: Bool = false, hasAll: Bool = true) {
        self.rows = rows
        self.next = next
        self.isContinued = isContinued
        self.hasAll = hasAll
    }
}
