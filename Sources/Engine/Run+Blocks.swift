import RotaCore

extension RunUseCase {
    /// Remembers which actions are blocked, tells of those that were not, and forgets those that are not any more.
    ///
    /// - parameter opened: the findings that this run opened; their events have told of the block already, where the
    ///   plan knew of it.
    func noteBlocks(
        _ pass: RunPass, _ actions: RunActions, opened: FindingKeys, progress: ProgressReport?
    ) async throws {
        let known = Dictionary(
            try await store.read { try $0.blocks() }.map { ($0.tokenID, $0) }, uniquingKeysWith: { first, _ in first })
        let fresh = zip(pass.plan.actions, actions).compactMap { planned, action -> (block: Block, isTold: Bool)? in
            guard let block = Block(action) else { return nil }
            let before = known[block.tokenID]
            guard before?.action != block.action || before?.reason != block.reason else { return nil }
            let isTold =
                planned.blocked != nil && opened.contains(FindingKey(action.tokenID, action.policy, action.rule))
            return (block, isTold)
        }
        for (number, batch) in fresh.batches(of: Self.largestBatch).enumerated() {
            progress?(StepProgress(.noting, number * Self.largestBatch, of: fresh.count))
            try await store.write { store in
                for (block, isTold) in batch {
                    let change = Change(
                        actor: "policy:\(block.policy)", at: block.since, cause: block.cause, run: pass.id)
                    _ = try store.openBlock(block, announce: !isTold, change: change)
                }
            }
        }
        try await forgetBlocks(pass, Array(known.values), after: actions)
        try await forgetFailedAttempts(pass, at: actions)
    }

    /// Of what is not called for any more.
    private func forgetFailedAttempts(_ pass: RunPass, at actions: RunActions) async throws {
        let known = try await store.read { try $0.failedAttempts() }.filter { pass.judges($0.policy) }
        guard !known.isEmpty else { return }
        var over = Set(known.map(\.tokenID))
        for action in actions where action.action == .rotate { over.remove(action.tokenID) }
        for batch in over.sorted().batches(of: Self.largestBatch) {
            let change = Change(
                actor: "rota", at: clock.now(), cause: "the rotation is not called for any more", run: pass.id)
            try await store.write { store in
                for id in batch { try store.forgetFailedAttempts(of: id, change: change) }
            }
        }
    }

    private func forgetBlocks(_ pass: RunPass, _ known: [Block], after actions: RunActions) async throws {
        guard !known.isEmpty else { return }
        let tokens = Set(known.map(\.tokenID))
        let outcomes = Dictionary(
            actions.lazy.filter { tokens.contains($0.tokenID) }.map { ($0.tokenID, $0.outcome) },
            uniquingKeysWith: { first, _ in first })
        let over = known.filter { pass.hasEnded($0, outcomes[$0.tokenID]) }.sorted { $0.tokenID < $1.tokenID }
        for batch in over.batches(of: Self.largestBatch) {
            let now = clock.now()
            try await store.write { store in
                for block in batch {
                    let cause = outcomes[block.tokenID] == nil ? "it is not called for any more" : "it is done"
                    _ = try store.closeBlock(
                        block, change: Change(actor: "policy:\(block.policy)", at: now, cause: cause, run: pass.id))
                }
            }
        }
    }
}

extension RunPass {
    /// - parameter outcome: of the token's action in this run; nil when it has none.
    fileprivate func hasEnded(_ block: Block, _ outcome: Outcome?) -> Bool {
        switch outcome {
        case .done, .started: true
        // What waits, or met other trouble, says nothing of what was in its way before.
        case .waiting, .blocked, .skipped, .failed: false
        case nil: judges(block.policy)
        }
    }

    /// Whether the plan says what a policy calls for. One that is not loaded calls for nothing.
    func judges(_ policy: String) -> Bool {
        acting.contains(policy) || !policies.policies.contains { $0.name == policy }
    }
}

extension Block {
    /// Nil unless the action is blocked; nor where attempts are waited for between, which are remembered themselves.
    fileprivate init?(_ action: RecordedAction) {
        guard let reason = action.blocked, reason != .vaultFailing else { return nil }
        self.init(
            tokenID: action.tokenID, action: action.action, policy: action.policy, rule: action.rule, reason: reason,
            cause: action.cause ?? reason.message, since: action.at)
    }
}
