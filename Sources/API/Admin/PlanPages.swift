import Engine
import HTTPServer
import JSON
import Pages
import RotaCore

/// Plans with their approval, and runs.
extension API {
    private static let perPage = 50
    /// How many plans are looked through for the one that a run applied.
    private static let mostPlansLookedAt = 200

    /// Those that are open are on the first page, all of them.
    func plansPage(_ visit: Visit) throws -> Answer {
        let start = try visit.call.start(of: "plans")
        return look(visit) { [self] store in
            let open = try store.openPlans(at: visit.now)
            let known = Set(open.map(\.id))
            let (plans, next) = try store.savedPlans(before: start, limit: Self.perPage + 1).page(of: Self.perPage)
            return show(
                PlansPage(
                    open: start == nil ? open : [], closed: plans.filter { !known.contains($0.id) },
                    next: Cursor.text(next, of: "plans"), isContinued: start != nil), visit)
        }
    }

    func planFromPage(_ visit: Visit) -> Answer {
        undertake(visit) { [self] _ in
            let made: (document: JSON, isAgain: Bool)
            do { made = try await savedPlan(for: .hours(24), nil, visit.call) } catch let refusal as PlanRefusal
                where refusal == .nothingToDo
            {
                return go("/admin/plans", visit, .warning, "There is nothing to do now, and so no plan to save.")
            }
            let id = made.document["plan"]?["id"]?.string ?? ""
            return go("/admin/plans/\(id)", visit, .done, "The plan is saved, and can be applied for a day.")
        }
    }

    func planPage(_ visit: Visit) throws -> Answer {
        let digest = parts.configuration().policies.digest
        let text = visit.asked("cursor")
        let start = try text.isEmpty ? 0 : Int(Cursor.read(text, of: "plan").number ?? 0)
        return look(visit) { [self] store in
            let plan = try store.requirePlan(visit.call.name("plan"))
            var shown: [SavedAction] = []
            try store.eachSavedAction(of: plan.id, in: .ofPlan, from: start) { action in
                shown.append(action)
                return shown.count < Self.perPage
            }
            let end = start + shown.count
            let totals = try store.savedActionCounts(of: plan.id)
            let obstacle = plan.obstacle(
                toApprovalBy: visit.call.principal, at: visit.now, try store.identity(), policiesDigest: digest)
            return show(
                PlanPage(
                    plan: plan, actions: shown, totals: totals,
                    obstacle: obstacle.map { "\($0.message); \(visit.call.face.worded($0.hint))" },
                    next: end < plan.actions ? Cursor(texts: [], number: Int64(end)).text(of: "plan") : nil), visit)
        }
    }

    func approveFromPage(_ visit: Visit) throws -> Answer {
        let id = visit.call.name("plan")
        let comment = try Self.remark(visit, "comment")
        let digest = parts.configuration().policies.digest
        return change(visit) { store in
            // What he has seen, and nothing else.
            guard try store.requirePlan(id).digest == visit.field("digest") else {
                throw Refused.conflict("the plan is another one than you looked at")
            }
            return try approve(
                id, by: visit.call.principal, for: .hours(24), comment: comment, policiesDigest: digest, in: store,
                at: visit.now)
        } then: { [self] _ in
            tellApproval(of: id, by: visit.call)
            return go("/admin/plans/\(id)", visit, .done, "The plan is approved for a day.")
        }
    }

    func withdrawFromPage(_ visit: Visit) throws -> Answer {
        let id = visit.call.name("plan")
        let reason = try Self.remark(visit, "reason")
        return change(visit) { store in
            try withdraw(id, by: visit.call.principal, comment: reason, in: store, at: visit.now)
        } then: { [self] _ in
            go("/admin/plans/\(id)", visit, .done, "The plan is withdrawn, and never applied.")
        }
    }

    func applyFromPage(_ visit: Visit) throws -> Answer {
        let id = visit.call.name("plan")
        return undertake(visit) { [self] configuration in
            let plan = try await parts.store.read { try $0.requirePlan(id) }
            guard plan.digest == visit.field("digest") else {
                throw Refused.conflict("the plan is another one than you looked at")
            }
            let report = try await configuration.run.apply(
                id, policies: configuration.policies, limits: configuration.limits,
                actor: visit.call.principal.actor, watchesClock: false, deliverWithin: nil)
            if let refusal = report.refusal { throw Refused.conflict("nothing was done: \(refusal)") }
            return go("/admin/runs/\(report.id)", visit, .done, "The plan was applied.")
        }
    }

    static func remark(_ visit: Visit, _ field: StaticString) throws -> String {
        let text = visit.field(field)
        if !text.isEmpty, let fault = Remark.fault(of: text) { throw Refused.senseless("\(field): \(fault)") }
        return text
    }

    // MARK: - Runs

    func runsPage(_ visit: Visit) throws -> Answer {
        let start = try visit.call.start(of: "runs")
        return look(visit) { [self] store in
            let (runs, next) = try store.runs(before: start, limit: Self.perPage + 1).page(of: Self.perPage)
            let rows = try runs.map { RunsPage.Row(run: $0, outcomes: try store.outcomes(of: $0.id)) }
            return show(RunsPage(rows: rows, next: Cursor.text(next, of: "runs")), visit)
        }
    }

    func runPage(_ visit: Visit) throws -> Answer {
        let start = try visit.call.start(of: "actions")
        return look(visit) { [self] store in
            guard let run = try store.run(visit.call.name("run")) else { throw Refused.missing("run") }
            let (actions, next) = try store.actions(ofRun: run.id, after: start ?? 0, limit: Self.perPage + 1)
                .page(of: Self.perPage)
            // Of the latest ones: whoever looks at an older run has the digest.
            let saved = try store.savedPlans(limit: Self.mostPlansLookedAt).first { $0.end?.run == run.id }
            return show(
                RunPage(
                    run: run, savedPlan: saved, outcomes: try store.outcomes(of: run.id), actions: actions,
                    next: Cursor.text(next, of: "actions")), visit)
        }
    }
}
