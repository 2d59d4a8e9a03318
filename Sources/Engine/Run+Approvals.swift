import RotaCore

extension RunUseCase {
    /// Tells of the actions that wait for an approval, of each once, in one event for each policy; and forgets those
    /// that do not wait any more.
    func noteApprovalWaits(_ pass: RunPass) async throws {
        let known = Dictionary(
            try await store.read { try $0.approvalWaits() }.map { ($0.tokenID, $0) },
            uniquingKeysWith: { first, _ in first })
        let asking = Set(pass.policies.policies.lazy.filter(\.needsApproval).map(\.name))
        guard !known.isEmpty || !asking.isDisjoint(with: pass.acting) else { return }
        let now = clock.now()
        var over = Set(known.keys)
        var waiting: [String: Int] = [:]
        var fresh: [String: [ApprovalWait]] = [:]
        for action in pass.plan.actions where action.hold == .approval && action.blocked == nil {
            over.remove(action.tokenID)
            waiting[action.policy, default: 0] += 1
            if let told = known[action.tokenID], (told.action, told.policy) == (action.action, action.policy) {
                continue
            }
            fresh[action.policy, default: []].append(
                ApprovalWait(tokenID: action.tokenID, action: action.action, policy: action.policy, since: now))
        }
        for (policy, waits) in fresh.sorted(by: { $0.key < $1.key }) {
            let change = Change(
                actor: "policy:\(policy)", at: now, cause: "its actions wait for an approval", run: pass.id)
            let count = waiting[policy] ?? 0
            // In one transaction, however many they are: one event tells of them all.
            try await store.write { try $0.noteApprovalWaits(waits, of: policy, waiting: count, change: change) }
        }
        // Of policies that this run did not look at nothing is known; one that is not loaded asks for nothing.
        let loaded = Set(pass.policies.policies.map(\.name))
        let ended = over.filter { id in
            known[id].map { pass.acting.contains($0.policy) || !loaded.contains($0.policy) } ?? false
        }
        for batch in ended.sorted().batches(of: Self.largestBatch) {
            try await store.write { try $0.forgetApprovalWaits(of: batch) }
        }
    }
}
