import Crypto
package import RotaCore

/// What a waiver is asked for.
package struct WaiverRequest: Sendable {
    package var subject: Waiver.Subject
    package var policy: String
    /// Nil: all rules of the policy.
    package var rule: String?
    package var reason: String
    package var endsAt: Instant
    /// How far its end may be from now.
    package var longest: TimeSpan

    package init(
        subject: Waiver.Subject, policy: String, rule: String? = nil, reason: String, endsAt: Instant,
        longest: TimeSpan
    ) {
        self.subject = subject
        self.policy = policy
        self.rule = rule
        self.reason = reason
        self.endsAt = endsAt
        self.longest = longest
    }
}

/// Writes down that somebody asks for a waiver, within a transaction: nothing is waived before somebody else approves.
///
/// - throws: `WaiverRefusal` where it is not to be had.
package func requestWaiver(
    _ request: WaiverRequest, by requester: Principal, policies: [Policy], in store: any Store,
    random: any RandomSource, at now: Instant
) throws -> Waiver {
    if let refusal = policies.obstacle(toWaiving: request.rule, of: request.policy) { throw refusal }
    let waiver = Waiver(
        id: "waiver_" + Hex.encode(random.bytes(6)), subject: request.subject, policy: request.policy,
        rule: request.rule, reason: request.reason, requester: requester, requestedAt: now, endsAt: request.endsAt)
    if let refusal = waiver.obstacle(toLasting: request.longest, from: now) { throw refusal }
    if let refusal = waiver.obstacle(amongOpen: try store.waiversAskedFor(at: now, of: waiver.policy)) { throw refusal }
    try store.requestWaiver(waiver, change: Change(actor: requester.actor, at: now, cause: request.reason))
    return waiver
}

/// Gives somebody else's yes to a waiver, within a transaction. Answers the waiver as it then is.
///
/// - parameters:
///   - approver: whose token was verified.
///   - longest: how far its end may be from now.
/// - throws: `WaiverRefusal` where it cannot be given.
package func approveWaiver(
    _ id: String, by approver: Principal, comment: String, longest: TimeSpan, policies: [Policy],
    in store: any Store, at now: Instant
) throws -> Waiver {
    let waiver = try store.requireWaiver(id)
    if let refusal = waiver.obstacle(toApprovalBy: approver, longest: longest, at: now)
        ?? policies.obstacle(toWaiving: waiver.rule, of: waiver.policy)
    {
        throw refusal
    }
    let approval = Waiver.Approval(approver: approver, at: now, comment: comment)
    let cause = comment.isEmpty ? "the waiver was approved" : comment
    guard try store.approveWaiver(id, approval, change: Change(actor: approver.actor, at: now, cause: cause)) else {
        throw WaiverRefusal("the waiver \(id) has changed meanwhile", hint: "look at it: rota waiver show \(id)")
    }
    return try store.requireWaiver(id)
}

/// Ends a waiver, or a request for one, within a transaction. Answers the waiver as it then is.
///
/// - throws: `WaiverRefusal` where it has ended already.
package func withdrawWaiver(
    _ id: String, by person: Principal, reason: String, in store: any Store, at now: Instant
) throws -> Waiver {
    if let refusal = try store.requireWaiver(id).obstacle(toWithdrawalAt: now) { throw refusal }
    let cause = reason.isEmpty ? "the waiver was withdrawn" : reason
    guard
        try store.withdrawWaiver(id, by: person.name, change: Change(actor: person.actor, at: now, cause: cause))
    else {
        throw WaiverRefusal("the waiver \(id) has ended meanwhile", hint: "look at it: rota waiver show \(id)")
    }
    return try store.requireWaiver(id)
}

extension StoreReads {
    /// How many are looked through for the one that was meant.
    private var mostLookedThrough: Int { 10_000 }

    /// The waiver with an id; one that does not exist is refused with the nearest.
    package func requireWaiver(_ id: String) throws -> Waiver {
        if let waiver = try waiver(id) { return waiver }
        var known: [String] = []
        try eachWaiver { waiver in
            known.append(waiver.id)
            return known.count < mostLookedThrough
        }
        throw WaiverRefusal(
            "there is no waiver '\(SecretShape.shown(id))'",
            hint: nearest(to: id, among: known).map { "did you mean '\($0)'?" } ?? "see 'rota waiver list'", .unknown)
    }
}

extension Waiver {
    /// How many requests of one person for exceptions to one policy wait for an answer at the most: those of others are
    /// to be found among them.
    private static var mostOpen: Int { 100 }

    /// Why this one is not asked for besides those of its policy that wait for an answer; nil where it is.
    fileprivate func obstacle(amongOpen open: [Waiver]) -> WaiverRefusal? {
        let own = open.filter { $0.requester.name == requester.name }
        if let same = own.first(where: { $0.subject == subject && $0.rule == rule }) {
            return WaiverRefusal(
                "\(requester.name) has asked for that already, until \(same.endsAt): \(same.id)",
                hint: "withdraw that request first: rota waiver withdraw \(same.id)")
        }
        guard own.count >= Self.mostOpen else { return nil }
        return WaiverRefusal(
            "\(own.count) requests of \(requester.name) for waivers of the policy '\(policy)' wait for an answer",
            hint: "have them approved or withdrawn first; one waiver can be for all tokens that match a selector")
    }
}

extension [Policy] {
    /// Why there is nothing to waive; nil where there is.
    fileprivate func obstacle(toWaiving rule: String?, of name: String) -> WaiverRefusal? {
        guard let policy = first(where: { $0.name == name }) else {
            let names = map(\.name)
            return WaiverRefusal(
                "no loaded policy is named '\(abridged(name))'",
                hint: nearest(to: name, among: names).map { "did you mean '\($0)'?" }
                    ?? "see 'rota policy check'", .unknown)
        }
        guard let rule, !policy.rules.contains(where: { $0.name == rule }) else { return nil }
        let rules = policy.rules.map(\.name)
        return WaiverRefusal(
            "policy '\(name)' has no rule '\(abridged(rule))'",
            hint: nearest(to: rule, among: rules).map { "did you mean '\($0)'?" }
                ?? "its rules are \(rules.joined(separator: ", "))", .unknown)
    }
}
