import Engine
import JSON
import RotaCore

/// Saved plans: written down as they are, approved by another one, applied once.
extension StoreConformance {
    static let plans: [StoreClaim] = [
        StoreClaim("a saved plan comes back as it was, its actions in both orders, with an entry and an event") {
            bench in
            let (later, sooner) = (try bench.add("b").id, try bench.add("a").id)
            let plan = bench.plan("plan_1")
            let actions = [bench.savedAction(later), bench.savedAction(sooner)]
            let written = try bench.written {
                try bench.write { try $0.savePlan(plan, actions: actions, change: bench.change()) }
            }
            try require(written == (1, 1), "one entry, one event: \(written)")
            try require(try bench.store.savedPlan("plan_1") == plan, "as it was")
            try require(try bench.actions(of: "plan_1", .ofPlan) == actions, "in the order of the plan")
            try require(try bench.actions(of: "plan_1", .byToken) == actions.reversed(), "by token")
            try require(try bench.actions(of: "plan_1", .ofPlan, from: 1) == [actions[1]], "from one of them on")
            try require(try bench.actions(of: "plan_1", .ofPlan, from: 2).isEmpty, "from the end on")
            try require(
                try bench.store.savedActionCounts(of: "plan_1") == [.rotate: actions.count], "counted by their kinds")
            try require(try bench.store.savedPlan("plan_2") == nil, "no other")
            try bench.write { try $0.savePlan(bench.plan("plan_2"), actions: [], change: bench.change()) }
            try require(try bench.store.savedPlans(limit: 9).map(\.id) == ["plan_2", "plan_1"], "latest first")
            try require(try bench.store.savedPlans(limit: 1).map(\.id) == ["plan_2"], "so many")
            var other = bench.plan("plan_3", needsApproval: true)
            other.policy = "p"
            other.expiresAt = bench.now + TimeSpan(seconds: 50)
            try bench.write { [other] in try $0.savePlan(other, actions: [], change: bench.change()) }
            try require(try bench.store.savedPlan("plan_3") == other, "of one policy")
            try require(try bench.events().last?.type == "plan.approval_needed", "told")
            func open(after seconds: Int64) throws -> [String] {
                try bench.store.openPlans(at: bench.now + TimeSpan(seconds: seconds)).map(\.id)
            }
            try require(try open(after: 49) == ["plan_3", "plan_1", "plan_2"], "as they expire")
            try require(try open(after: 50) == ["plan_1", "plan_2"] && open(after: 100).isEmpty, "until they do")
            _ = try bench.write { try $0.withdrawPlan("plan_1", by: "carol", change: bench.change()) }
            try require(try open(after: 0) == ["plan_3", "plan_2"], "nor those that have ended")
        },
        StoreClaim("a plan is applied once, while it has neither ended nor expired, and never under a brake") { bench in
            func apply(_ id: String, after seconds: Int64 = 0) throws -> Bool {
                try bench.write { try $0.applyPlan(id, run: "run", change: bench.change(after: seconds)) }
            }
            for id in ["once", "late", "withdrawn"] {
                try bench.write { try $0.savePlan(bench.plan(id), actions: [], change: bench.change()) }
            }
            try bench.freeze()
            try requireError("held") { _ = try apply("once") }
            _ = try bench.write { try $0.unfreeze(change: bench.change()) }
            try require(try bench.written { try require(try apply("once"), "applied") } == (1, 1), "told")
            try require(try bench.store.savedPlan("once")?.end?.run == "run", "with its run")
            try require(try bench.written { try require(try !apply("once"), "once") } == (0, 0), "no trace")
            try require(try !apply("late", after: 100) && apply("late", after: 99), "until it expires")
            func withdraw() throws -> Bool {
                try bench.write { try $0.withdrawPlan("withdrawn", by: "carol", change: bench.change()) }
            }
            try require(try bench.written { try require(try withdraw(), "withdrawn") } == (1, 1), "told")
            try require(try !withdraw() && !apply("withdrawn") && !apply("unknown"), "for good")
        },
        StoreClaim("a plan that needs an approval is applied while another one's holds that is for its digest") {
            bench in
            func approve(_ id: String, by name: String, after seconds: Int64 = 0, digest: String = "sha256:plan") throws
                -> Bool
            {
                let approval = SavedPlan.Approval(
                    approver: name, at: bench.now + TimeSpan(seconds: seconds),
                    expiresAt: bench.now + TimeSpan(seconds: seconds + 10), digest: digest, comment: "yes")
                return try bench.write {
                    try $0.approvePlan(id, approval, change: bench.change(after: seconds))
                }
            }
            func apply(_ id: String, after seconds: Int64) throws -> Bool {
                try bench.write { try $0.applyPlan(id, run: "run", change: bench.change(after: seconds)) }
            }
            for id in ["p", "q"] {
                try bench.write {
                    try $0.savePlan(bench.plan(id, needsApproval: true), actions: [], change: bench.change())
                }
            }
            try require(try !apply("p", after: 0), "not without")
            try require(try !approve("p", by: "cli:tester"), "not by who asked")
            try require(try !approve("p", by: "bob", digest: "sha256:other"), "not for another plan")
            try require(try bench.written { try require(try approve("p", by: "bob"), "given") } == (1, 1), "told")
            try require(try bench.store.savedPlan("p")?.approval?.approver == "bob", "kept")
            try require(try !approve("p", by: "carol", after: 9), "not twice")
            try require(try !apply("q", after: 1), "for one plan only")
            try require(try !apply("p", after: 10), "not after its end")
            try require(try approve("p", by: "carol", after: 10) && apply("p", after: 19), "given anew")
            try require(try !approve("p", by: "bob", after: 30), "not to one that has ended")
            try require(try !approve("q", by: "bob", after: 100), "nor to one that has expired")
        },
    ]
}

extension StoreBench {
    /// It can be applied for 100 seconds.
    fileprivate func plan(_ id: String, needsApproval: Bool = false) -> SavedPlan {
        SavedPlan(
            id: id, digest: "sha256:plan", policiesDigest: "sha256:policies", instance: "i", generation: 1,
            generationID: "life", at: now, expiresAt: now + TimeSpan(seconds: 100),
            requester: Principal(account: "cli:tester"), actions: 2, needsApproval: needsApproval)
    }

    fileprivate func savedAction(_ id: TokenID) -> SavedAction {
        SavedAction(
            tokenID: id, name: "n", owner: "o", revision: 3, action: .rotate, policy: "p", rule: "max-age",
            parameters: "{\"overlap\":60}", reason: "max-age-due", message: "too old", deadline: now)
    }

    fileprivate func actions(
        of id: String, _ order: SavedActionOrder, from place: Int = 0
    ) throws -> [SavedAction] {
        var actions: [SavedAction] = []
        try store.eachSavedAction(of: id, in: order, from: place) { action in
            actions.append(action)
            return true
        }
        return actions
    }
}
