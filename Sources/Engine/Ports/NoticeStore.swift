package import RotaCore

/// What can be asked about notices that were sent.
package protocol NoticeReads {
    /// Those that hold of one token, by policy and rule.
    func notices(of id: TokenID) throws -> [StandingNotice]
    /// The policies that gave those that hold, by name; loaded or not.
    func policiesOfNotices() throws -> [String]
    /// All of a policy that hold, by their tokens; `each` returns false to stop.
    func eachNotice(of policy: String, _ each: (TokenID, StandingNotice) throws -> Bool) throws
}

/// What tells people of actions that are coming. One row for each action of each rule over a token; the audit log has
/// the rest.
package protocol NoticeChanges {
    /// Tells of one, and remembers that; event `token.action_due`. False when this stage of it, or a nearer one, has
    /// been sent already.
    func sendNotice(_ notice: DueNotice, of id: TokenID, change: Change) throws -> Bool
    /// The action is not ahead any more, or is another one: the next notice of it is a first. False when there is none.
    func withdrawNotice(_ notice: StandingNotice, of id: TokenID, change: Change) throws -> Bool
}
