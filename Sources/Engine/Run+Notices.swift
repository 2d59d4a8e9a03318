import RotaCore

extension RunUseCase {
    /// Tells of what is coming. What is sent is found out again in the transaction that records it, so that several
    /// runs at once, or one after a crash, send nothing twice. Nothing is coming while there is a brake. Answers how
    /// many notices were sent.
    func sendNotices(_ pass: RunPass, to tokens: [TokenID], progress: ProgressReport?) async throws -> Int {
        guard !tokens.isEmpty, pass.brake == nil else { return 0 }
        let planner = planner(of: pass)
        var count = 0
        for (number, batch) in tokens.batches(of: Self.largestBatch).enumerated() {
            progress?(StepProgress(.telling, number * Self.largestBatch, of: tokens.count))
            guard !rotator.stop.isRequested else { return count }
            let now = clock.now()
            let sent = try await store.write { store -> Int? in
                guard try store.brake(at: now) == nil else { return nil }
                return try batch.reduce(0) { try $0 + self.sendNotices(to: $1, by: planner, pass, store, at: now) }
            }
            guard let sent else { return count }
            count += sent
        }
        return count
    }

    private func sendNotices(
        to id: TokenID, by planner: Planner, _ pass: RunPass, _ store: any Store, at now: Instant
    ) throws -> Int {
        guard let token = try store.token(id) else { return 0 }
        let sent = { try store.notices(of: id) }
        let decision: Planner.Decision
        if let quarantine = try store.quarantine(of: id) {
            decision = try planner.decide(token, in: quarantine, at: now, notices: sent, refused: { nil })
        } else {
            decision = try planner.decide(token, at: now, notices: sent) { try store.destinations(of: id) }
        }
        return try decision.notices.count { notice in
            let coming = notice.coming
            return try store.sendNotice(
                notice, of: id, change: pass.change(coming.rule.policy, coming.verdict.reason, at: now))
        }
    }

    /// Forgets the notices of what is not ahead any more: of the policies that the plan judges by; and where it judges
    /// by none, those of the tokens that were touched. Those that the plan saw hold, and that no action touched, still
    /// do without a look. None is forgotten while there is a brake: by a clock that is wrong, much would be.
    func withdrawNotices(
        _ pass: RunPass, _ standing: NoticeKeys, after report: RunReport, progress: ProgressReport?
    ) async throws {
        guard pass.brake == nil else { return }
        let touched = report.actions.touched + report.recovery.rotations.map(\.tokenID)
        let imprints = Set(touched.map { Imprint($0.text) })
        let doubtful = try await store.read { store in
            var doubtful: [(TokenID, StandingNotice)] = []
            if pass.occasion.isEarly {
                for id in Set(touched) { doubtful += try store.notices(of: id).map { (id, $0) } }
                return doubtful
            }
            for policy in try store.policiesOfNotices() where pass.judges(policy) {
                try store.eachNotice(of: policy) { id, notice in
                    let isSure = standing.contains(NoticeKey(id, notice)) && !imprints.contains(Imprint(id.text))
                    if !isSure { doubtful.append((id, notice)) }
                    return true
                }
            }
            return doubtful
        }
        for batch in doubtful.batches(of: Self.largestBatch) {
            let now = clock.now()
            try await store.write { store in
                for (id, notice) in batch {
                    guard let cause = try pass.ending(of: notice, id, store, at: now) else { continue }
                    let change = Change(actor: "policy:\(notice.rule.policy)", at: now, cause: cause, run: pass.id)
                    _ = try store.withdrawNotice(notice, of: id, change: change)
                }
            }
        }
    }

    private func planner(of pass: RunPass) -> Planner {
        let acting = pass.policies.policies.filter { pass.acting.contains($0.name) }
        return Planner(
            policies: PolicySet(policies: acting, digest: pass.policies.digest), vaults: Set(rotator.vaults.keys),
            tracking: pass.tracking, waivers: pass.waivers)
    }
}

extension RunPass {
    /// Why a notice holds no more; nil while it does.
    fileprivate func ending(
        of notice: StandingNotice, _ id: TokenID, _ store: any Store, at now: Instant
    ) throws -> String? {
        guard let token = try store.token(id) else { return "the token is not in the store any more" }
        guard let (policy, rule) = rule(notice.rule.rule, of: notice.rule.policy), let terms = NoticeTerms(policy)
        else {
            return "no loaded policy gives this notice any more"
        }
        guard policy.selects(token, at: now, tracking: tracking) else {
            return "the policy does not select the token any more"
        }
        let coming: ComingAction
        if let quarantine = try store.quarantine(of: id) {
            guard let revocation = quarantine.revocation(of: token, by: policies.policies, waivers: waivers) else {
                return "the token is quarantined"
            }
            coming = ComingAction(revocation, of: quarantine, at: now)
        } else {
            guard token.state == .active else { return "the token is \(token.state.rawValue)" }
            guard token.canAuthenticate(at: now) else { return "the token's end has passed" }
            if let waiver = waivers.waiver(covering: token, rule: rule.name, of: policy.name, at: now) {
                return waiver.sentence
            }
            coming = ComingAction(
                rule, of: policy.name, token: token,
                verdict: policy.verdict(of: rule, on: token, at: now, tracking: tracking))
        }
        guard !terms.keeps(notice, for: coming, at: now) else { return nil }
        let reason = coming.verdict.reason
        return "another action is ahead, or none: \(reason.code): \(reason.message)"
    }
}

/// What a notice is about: a token, and an action of a rule.
struct NoticeKey: Comparable, Sendable {
    private let imprint: Imprint

    init(_ id: TokenID, _ notice: StandingNotice) {
        imprint = Imprint(id.text, notice.rule.policy, notice.rule.rule, notice.action.rawValue)
    }

    static func < (one: NoticeKey, other: NoticeKey) -> Bool { one.imprint < other.imprint }
}

/// Very many notices, to be asked for one by one.
typealias NoticeKeys = SortedKeys<NoticeKey>
