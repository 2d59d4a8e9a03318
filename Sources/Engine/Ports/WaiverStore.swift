package import RotaCore

/// What can be asked about waivers.
package protocol WaiverReads {
    func waiver(_ id: String) throws -> Waiver?
    /// All there ever were, latest first; `each` returns false to stop.
    ///
    /// - parameter number: older ones than this; nil: from the latest on.
    func eachWaiver(before number: Int64?, _ each: (Numbered<Waiver>) throws -> Bool) throws
    /// Those that are in force at an instant, the first to end first.
    func waiversInForce(at now: Instant) throws -> [Waiver]
    /// Those of them that are about a policy, and about a token or about whatever matches.
    func waiversInForce(at now: Instant, of policy: String, about id: TokenID) throws -> [Waiver]
    /// Those that are in force or asked for, and end at or before an instant; the first to end first of each.
    func waiversEnding(by end: Instant) throws -> [Waiver]
    /// Requests about a policy that wait for an answer; the first to end first.
    func waiversAskedFor(at now: Instant, of policy: String) throws -> [Waiver]
}

/// What becomes of waivers. All compare and set: false means that it is not as it was taken to be.
///
/// The audit entries are about the waiver's id. The events of a waiver of one token are events about that token.
package protocol WaiverChanges {
    /// Writes down what is asked for; event `waiver.requested`. Throws `StoreError.held` in safe mode.
    func requestWaiver(_ waiver: Waiver, change: Change) throws
    /// Puts a waiver in force; event `waiver.approved`. False when it is not asked for any more, has come to its end,
    /// or was asked for by the approver. Throws `StoreError.held` in safe mode.
    func approveWaiver(_ id: String, _ approval: Waiver.Approval, change: Change) throws -> Bool
    /// Tells of its end, which comes; event `waiver.expiring`. False when this notice, or a nearer one, was sent, or it
    /// is not in force.
    func tellWaiverEnd(_ id: String, lead: TimeSpan, change: Change) throws -> Bool
    /// Marks one that is at its end, approved or not; event `waiver.expired`. False when it is not there yet, or is
    /// marked.
    func expireWaiver(_ id: String, change: Change) throws -> Bool
    /// Ends one before its time; event `waiver.withdrawn`. False when it has ended.
    func withdrawWaiver(_ id: String, by name: String, change: Change) throws -> Bool
}

extension WaiverReads {
    /// All of them, latest first; `each` returns false to stop.
    package func eachWaiver(_ each: (Waiver) throws -> Bool) throws {
        try eachWaiver(before: nil) { try each($0.record) }
    }
}

extension StoreReads {
    /// The waiver that a rule over a token is waived by, as it is now; nil for none.
    package func waiver(of token: Token, rule: String, of policy: String, at now: Instant) throws -> Waiver? {
        ActiveWaivers(try waiversInForce(at: now, of: policy, about: token.id))
            .waiver(covering: token, rule: rule, of: policy, at: now)
    }
}
