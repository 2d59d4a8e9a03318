import Engine
import HTTPServer
import RotaCore

extension Call {
    /// Who only issues takes no token out of a policy, and none into an exception. Policies and waivers themselves say
    /// whether he would, since they may go by anything that a token has.
    ///
    /// - throws: `Refused` with 403.
    func requireCeiling(
        from before: Token, to after: Token, _ policies: [Policy], in store: some StoreReads
    ) throws {
        guard !isAdmin, !caller.has(Role.operate) else { return }
        let tracking = try store.tracking()
        func isSelected(_ token: Token, by policy: Policy) -> Bool {
            policy.selects(token, at: now, tracking: tracking)
        }
        if let policy = policies.first(where: { isSelected(before, by: $0) && !isSelected(after, by: $0) }) {
            throw Refused.forbidden(
                "the policy '\(policy.name)' would not be for the token any more: an administrator edits it so")
        }
        try requireNoMoreWaived(before, after, by: store.waiversEnding(by: Instant(seconds: .max)))
    }

    /// The same of a token that he makes: only what he fills in counts, for his owner's tokens may be waived as such.
    func requireCeiling(making token: Token, in store: some StoreReads) throws {
        guard !isAdmin, !caller.has(Role.operate) else { return }
        var bare = token
        (bare.name, bare.integration, bare.scopes, bare.labels) = ("", "", [], [:])
        try requireNoMoreWaived(bare, token, by: store.waiversInForce(at: now))
    }

    private func requireNoMoreWaived(_ before: Token, _ after: Token, by waivers: [Waiver]) throws {
        guard let waiver = waivers.first(where: { $0.covers(after) && !$0.covers(before) }) else { return }
        throw Refused.forbidden(
            "the waiver \(waiver.id) from the policy '\(waiver.policy)' would be for the token as well: "
                + "an administrator sets that")
    }
}
