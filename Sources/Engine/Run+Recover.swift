import RotaCore

/// How a run begins: what earlier ones left behind comes first.
extension RunUseCase {
    /// Closes the runs whose process died, and writes this one down, within a transaction.
    func begin(_ run: RunRecord, in store: any Store) throws {
        try closeInterrupted(in: store, at: run.startedAt)
        try store.beginRun(
            run, change: Change(actor: run.actor, at: run.startedAt, cause: "a run was asked for", run: run.id))
    }

    /// Answers the runs that it closed.
    @discardableResult
    func closeInterrupted(in store: any Store, at now: Instant) throws -> [RunRecord] {
        let interrupted = try store.interruptedRuns()
        for run in interrupted { try close(run, store, at: now) }
        return interrupted
    }

    /// A run that was killed had no time to tell: its rotations are in the store all the same.
    private func close(_ run: RunRecord, _ store: any Store, at now: Instant) throws {
        try store.recordActions(try store.unrecordedRotations(of: run.id, at: now))
        let outcomes = try store.outcomes(of: run.id)
        let taken = outcomes.values.reduce(0, +)
        let progress = run.planned.map { "\(taken) of its \($0) actions were taken up" } ?? "it had no plan yet"
        try store.finishRun(
            run.id, aborted: "its process ended before it did; \(progress)", totals: outcomes,
            change: Change(actor: "rota", at: now, cause: "it was interrupted", run: run.id))
    }

    /// Drives unfinished rotations on. Those that a policy called for, and that come to an end or into their overlap
    /// now, are actions of this run.
    ///
    /// - parameter which: tells whether one is driven on now.
    func recover(
        _ run: String, unless brake: Brake?, change: Change, tally: StepTally,
        only which: @escaping @Sendable (Rotation) -> Bool
    ) async throws -> RecoveryResult {
        guard brake == nil else {
            tally.expect(0)
            return RecoveryResult(rotations: [], retired: 0)
        }
        return try await rotator.recover(change: change, only: which, found: { tally.expect($0) }) { rotation, result in
            defer { tally.add() }
            guard rotation.phase == .open, !result.isStalled, result.outcome != .skipped,
                let trigger = rotation.trigger
            else { return }
            let now = self.clock.now()
            try await self.store.write { store in
                guard let name = try store.token(rotation.tokenID)?.name else { return }
                try store.recordActions([
                    RecordedAction(
                        run: run, tokenID: rotation.tokenID, name: name, action: .rotate,
                        policy: trigger.policy, rule: trigger.rule, reason: trigger.reason,
                        message: trigger.message, deadline: trigger.deadline, outcome: result.outcome,
                        cause: result.cause ?? result.blocked?.message, at: now)
                ])
            }
        }
    }

    /// What people call the tokens whose rotations were driven on.
    func names(of recovery: RecoveryResult) async throws -> [TokenID: String] {
        var names: [TokenID: String] = [:]
        for batch in recovery.rotations.map(\.tokenID).batches(of: Self.largestBatch) {
            let found = try await store.read { store in try batch.map { ($0, try store.token($0)?.name) } }
            for (id, name) in found { names[id] = name }
        }
        return names
    }
}

extension Rotation {
    /// Older values of it may have come to their end, and nothing was in the way of that yet.
    var isFreshOverlap: Bool { phase == .overlap && failures == 0 }
}
