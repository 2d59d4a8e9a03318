import Crypto
import RotaCore

extension RunUseCase {
    /// Takes the actions of a plan, and records the outcome of each. What the store alone can do comes first;
    /// rotations, which wait for vaults, follow all at once.
    ///
    /// - parameter opened: the findings that this run opened.
    func act(
        _ pass: RunPass, opened: FindingKeys, progress: ProgressReport?
    ) async throws -> RunActions {
        let planned = pass.plan.actions
        let isRotation = planned.map {
            $0.isReady && $0.action == .rotate && pass.brake == nil && pass.left[$0.tokenID] == nil
        }
        let rotations = planned.indices.filter { isRotation[$0] }
        let others = planned.indices.filter { !isRotation[$0] }
        var recorded = RunActions(run: pass.id, of: planned)

        for batch in others.batches(of: Self.largestBatch) {
            let now = clock.now()
            let isStopping = rotator.stop.isRequested
            let results = try await store.write { store in
                let results = try batch.map { index in
                    let effect =
                        isStopping
                        ? Effect(.skipped, Rotator.stopping)
                        : try self.effect(of: planned[index], pass, opened: opened, store, at: now)
                    return RecordedAction(planned[index], effect, run: pass.id, at: now)
                }
                try store.recordActions(results)
                return results
            }
            for (index, result) in zip(batch, results) { recorded.record(result, at: index) }
            progress?(StepProgress(.acting, recorded.finished, of: planned.count))
        }

        let results = Locked(recorded)
        let requests = rotations.map { pass.rotation(planned[$0], at: clock.now()) }
        _ = try await rotator.rotate(requests) { place, result in
            let index = rotations[place]
            let effect = Effect(result.outcome, result.cause ?? result.blocked?.message, blocked: result.blocked)
            let action = RecordedAction(planned[index], effect, run: pass.id, at: self.clock.now())
            // At once: should this process die, what it did is written down all the same.
            try await self.store.write { try $0.recordActions([action]) }
            let finished = results.withLock { results in
                results.record(action, at: index)
                return results.finished
            }
            progress?(StepProgress(.acting, finished, of: planned.count))
        }
        return results.withLock(\.self)
    }

    /// Does one action that needs no vault. A failure undoes and fails that one alone.
    private func effect(
        of planned: PlannedAction, _ pass: RunPass, opened: FindingKeys, _ store: any Store,
        at now: Instant
    ) throws -> Effect {
        if let why = pass.left[planned.tokenID] { return Effect(.skipped, why) }
        if let blocked = planned.blocked { return Effect(.blocked, blocked.message, blocked: blocked) }
        if planned.waiting { return Effect(.waiting, try waitingCause(of: planned, pass, store)) }
        if let brake = pass.brake, planned.action != .notify { return Effect(.skipped, brake.message) }
        do {
            return try store.savepoint {
                guard let token = try store.token(planned.tokenID) else {
                    return Effect(.skipped, "it is not in the store any more")
                }
                let obstacle =
                    planned.verdict.reason.kind == .quarantineOver
                    ? pass.obstacle(toEnding: try store.quarantine(of: token.id), planned, token, at: now)
                    : pass.obstacle(to: planned, on: token, at: now)
                if let obstacle { return Effect(.skipped, obstacle) }
                // Asked anew: it may have been approved since the plan was made.
                let waiver = try store.waiver(of: token, rule: planned.rule, of: planned.policy, at: now)
                if let waiver { return Effect(.skipped, waiver.sentence) }
                if planned.action == .notify { return notification(of: planned, opened: opened) }
                let change = pass.change(planned, at: now)
                if planned.action == .quarantine {
                    let rule = RuleReference(policy: planned.policy, rule: planned.rule)
                    return try store.quarantineToken(token.id, by: rule, change: change)
                        ? Effect(.done) : Effect(.skipped, "a new value of it is on its way to its places")
                }
                if planned.action == .setExpiry { return try setExpiry(of: token, planned, pass, store, change) }
                return try store.revokeToken(token.id, change: change)
                    ? Effect(.done) : Effect(.skipped, "it had ended already")
            }
        } catch let error as StoreError {
            switch error {
            // Nothing of the transaction stands, or nobody knows: not this action alone has failed.
            case .outcomeUnknown, .full, .busy: throw error
            case .held(let brake): return Effect(.skipped, brake.message)
            default: return Effect(.failed, error.description)
            }
        }
    }

    /// By the notice as it is recorded now: a first one has been sent since the plan was made.
    private func waitingCause(of planned: PlannedAction, _ pass: RunPass, _ store: any Store) throws -> String {
        guard var begins = planned.mayBegin else { return pass.wait(of: planned) }
        let reference = RuleReference(policy: planned.policy, rule: planned.rule)
        let notice = try store.notices(of: planned.tokenID).first {
            $0.rule == reference && $0.action == planned.action
        }
        if let notice, let minimum = pass.rule(planned.rule, of: planned.policy)?.policy.minimumNotice {
            begins = notice.firstSentAt + minimum
        }
        return "its notice has to be older: it may be taken from \(begins) on"
    }

    /// Gives a token an end, never a later one than it has.
    private func setExpiry(
        of token: Token, _ planned: PlannedAction, _ pass: RunPass, _ store: any Store, _ change: Change
    ) throws -> Effect {
        if let brake = try store.brake(at: change.at) { throw StoreError.held(brake) }
        guard let set = pass.rule(planned.rule, of: planned.policy)?.rule.newEnd else {
            return Effect(.skipped, "its rule is gone")
        }
        let end = set.end(of: token.id, at: change.at)
        if let present = token.expiresAt, present <= end { return Effect(.skipped, "it ends sooner already") }
        var edited = token
        edited.expiresAt = end
        return try store.editToken(edited, change: change) ? Effect(.done) : Effect(.skipped, "it has its end already")
    }

    /// To notify is to open a finding, once; its event went out with it.
    private func notification(of planned: PlannedAction, opened: FindingKeys) -> Effect {
        if opened.contains(FindingKey(planned.tokenID, planned.policy, planned.rule)) { return Effect(.done) }
        return planned.verdict.status == .violating
            ? Effect(.skipped, "it was told when the violation was first seen")
            : Effect(.skipped, "it is not violated yet")
    }
}

extension RunPass {
    /// What an action waits for.
    fileprivate func wait(of planned: PlannedAction) -> String {
        if planned.awaitsApproval {
            return approvals[planned.policy].map { "it waits for the plan \($0) to be approved and applied" }
                ?? "it is to be approved by somebody first"
        }
        if planned.early == nil, let turn = occasion.turn(of: planned.tokenID, by: planned.policy, at: plan.at) {
            return "its turn within the spread of the schedule comes at \(turn)"
        }
        return "beyond the pace of the policy; a later run takes it"
    }

    /// Why an action is not to be taken after all: a person or another run was quicker, or the token was used
    /// meanwhile, which is no change of it.
    fileprivate func obstacle(to planned: PlannedAction, on token: Token, at now: Instant) -> String? {
        guard token.revision == planned.revision else { return "it has changed since it was planned" }
        guard token.canAuthenticate(at: now) else { return "it has ended since it was planned" }
        guard let (policy, rule) = rule(planned.rule, of: planned.policy) else { return "its rule is gone" }
        guard policy.selects(token, at: now, tracking: tracking) else { return "its policy selects it no more" }
        let verdict = policy.verdict(of: rule, on: token, at: now, tracking: tracking)
        return verdict.calls ? nil : "no longer called for: \(verdict.reason.message)"
    }

    /// The same for the revocation that a quarantine comes to: whoever restored the token meanwhile wins.
    fileprivate func obstacle(
        toEnding quarantine: Quarantine?, _ planned: PlannedAction, _ token: Token, at now: Instant
    ) -> String? {
        guard token.revision == planned.revision, let quarantine else { return "it has changed since it was planned" }
        guard let revocation = quarantine.revocation(of: token, by: policies.policies, waivers: waivers),
            revocation.at <= now
        else {
            return "no longer called for: its rule is another one now"
        }
        return nil
    }

    fileprivate func rotation(_ planned: PlannedAction, at now: Instant) -> RotationRequest {
        RotationRequest(
            tokenID: planned.tokenID, revision: planned.revision, overlap: planned.overlap, cap: planned.cap,
            trigger: RotationTrigger(
                policy: planned.policy, rule: planned.rule, reason: planned.verdict.reason.code,
                message: planned.message, deadline: planned.verdict.deadline,
                renewal: rule(planned.rule, of: planned.policy)?.rule.renewal),
            change: change(planned, at: now))
    }
}

extension PlannedAction {
    /// Neither blocked nor left to a later run.
    fileprivate var isReady: Bool { blocked == nil && !waiting }
}

/// What became of one action, and why not more.
private struct Effect: Sendable {
    var outcome: Outcome
    var cause: String?
    var blocked: BlockedReason?

    init(_ outcome: Outcome, _ cause: String? = nil, blocked: BlockedReason? = nil) {
        self.outcome = outcome
        self.cause = cause
        self.blocked = blocked
    }
}

extension RecordedAction {
    fileprivate init(_ planned: PlannedAction, _ effect: Effect, run: String, at now: Instant) {
        self.init(
            planned, run: run, outcome: effect.outcome, blocked: effect.blocked, cause: effect.cause, at: now)
    }
}

extension RandomAccessCollection where Index == Int {
    /// The elements in order, in slices of at most `size`.
    func batches(of size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }
}
