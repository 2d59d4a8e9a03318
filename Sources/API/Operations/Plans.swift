import Documents
import Engine
import HTTPServer
import JSON
import RotaCore

/// Saved plans: made, looked at, approved by somebody else, applied.
extension API {
    func listPlans(_ call: Call) throws -> Answer {
        let (limit, start) = (try call.limit(), try call.start(of: "plans"))
        let digest = parts.configuration().policies.digest
        return read(call) { store in
            let (plans, next) = try store.savedPlans(before: start, limit: limit + 1).page(of: limit)
            return .json([
                "plans": .array(plans.map { SavedPlanDocument.json($0, at: call.now, digest) }),
                "next": Cursor.json(next, of: "plans"),
            ])
        }
    }

    /// Makes a plan of all that is called for now, and saves it.
    func makePlan(_ call: Call) throws -> Answer {
        var filled = FilledIn(try call.document(), known: ["expires_in"])
        let life = filled.span("expires_in") ?? .hours(24)
        if life <= .zero || life > SavedPlan.longestLife {
            filled.fault("expires_in: longer than nothing, and no longer than \(SavedPlan.longestLife)")
        }
        try filled.finish()
        let key = try RequestKey(of: call)
        return perform(call) { [self] _ in
            let made = try await savedPlan(for: life, key, call)
            var response = Response.json(
                made.document, status: call.status, Self.location(of: made.document, ("plan", "/v1/plans")))
            if made.isAgain { response.headers.append(("Idempotent-Replayed", "true")) }
            return response
        }
    }

    /// Judges outside of any transaction, and saves what that gave in one.
    func savedPlan(for life: TimeSpan, _ key: RequestKey?, _ call: Call) async throws -> (document: JSON, isAgain: Bool)
    {
        // Before anything is judged anew: what is called for by now may be over a limit.
        if let known = try await parts.store.read({ try Self.known(call, key, in: $0) }) { return (known, true) }
        let request = planRequest(at: call.now)
        let random = parts.random
        let result = try await parts.store.read { try Engine.makePlan(request, from: $0) }
        if let refusal = result.refusal {
            throw Refused.conflict("the plan was not saved: \(refusal)", reason: "limit")
        }
        let made = try await parts.store.write { store in
            try Self.once(call, key, in: store) { store -> (JSON, Bool?) in
                let plan = try savePlan(
                    result.plan, as: newPlanID(random), by: call.principal, expiresAt: call.now + life, in: store,
                    change: call.change("plan"))
                return (["plan": SavedPlanDocument.json(plan, at: call.now, request.policies.digest)], nil)
            }
        }
        return (made.document, made.isAgain)
    }

    func planRequest(at now: Instant) -> PlanRequest {
        let configuration = parts.configuration()
        return PlanRequest(
            policies: configuration.policies, limits: configuration.limits, vaults: configuration.vaultNames, at: now)
    }

    func showPlan(_ call: Call) throws -> Answer {
        let policies = parts.configuration().policies
        let (limit, start) = (try call.limit(), Int(try call.start(of: "plan") ?? 0))
        return read(call) { store in
            let plan = try store.requirePlan(call.name("plan"))
            var actions: [JSON] = []
            try store.eachSavedAction(of: plan.id, in: .ofPlan, from: start) { action in
                actions.append(
                    SavedPlanDocument.json(
                        action, newEnd: SavedPlanDocument.newEnd(action, of: plan, policies, at: call.now)))
                return actions.count < limit
            }
            let end = start + actions.count
            return .json([
                "plan": SavedPlanDocument.json(plan, at: call.now, policies.digest), "actions": .array(actions),
                "next": Cursor.json(end < plan.actions ? Int64(end) : nil, of: "plan"),
            ])
        }
    }

    func approvePlan(_ call: Call) throws -> Answer {
        var filled = FilledIn(try call.document(), known: ["comment", "expires_in"])
        let comment = filled.remark("comment", otherwise: "")
        let span = filled.span("expires_in") ?? .hours(24)
        if span <= .zero { filled.fault("expires_in: it would expire at once") }
        try filled.finish()
        let digest = parts.configuration().policies.digest
        return write(call, telling: { [self] in tellApproval(of: call.name("plan"), by: call) }) { store in
            let plan = try approve(
                call.name("plan"), by: call.principal, for: span, comment: comment, policiesDigest: digest, in: store,
                at: call.now)
            return ["plan": SavedPlanDocument.json(plan, at: call.now, digest)]
        }
    }

    func withdrawPlan(_ call: Call) throws -> Answer {
        var filled = FilledIn(try call.document(), known: ["comment"])
        let comment = filled.remark("comment", otherwise: "")
        try filled.finish()
        return write(call) { store in
            let plan = try withdraw(call.name("plan"), by: call.principal, comment: comment, in: store, at: call.now)
            return ["plan": SavedPlanDocument.json(plan, at: call.now)]
        }
    }

    /// Takes the actions of a plan, and answers when all of them came to something. Who goes away meanwhile stops
    /// nothing.
    func applyPlan(_ call: Call) throws -> Answer {
        _ = try FilledIn(try call.document(), known: []).finish()
        return try performOnce(call) { configuration in
            let report = try await configuration.run.apply(
                call.name("plan"), policies: configuration.policies, limits: configuration.limits,
                actor: call.principal.actor, watchesClock: false, deliverWithin: nil)
            return Self.response(report, call.face)
        }
    }

    // MARK: - Runs

    /// Does what the policies call for now, and answers when it is done.
    func startRun(_ call: Call) throws -> Answer {
        _ = try FilledIn(try call.document(), known: []).finish()
        return try performOnce(call) { configuration in
            let report = try await configuration.run.run(
                policies: configuration.policies, limits: configuration.limits, actor: call.principal.actor,
                by: call.principal, deliverWithin: nil)
            return Self.response(report, call.face)
        }
    }

    private static func response(_ report: RunReport, _ face: Face) -> Response {
        if let refusal = report.refusal {
            return Refused.conflict("nothing of the plan was done: \(refusal)", reason: "limit").response
        }
        return .json([
            "run": [
                "id": .string(report.id), "plan": .string(report.plan.digest),
                "started": TokenDocument.time(report.startedAt), "finished": TokenDocument.time(report.finishedAt),
            ],
            "totals": .object(JSON.Object(Outcome.allCases.map { ($0.rawValue, .integer(report.count($0))) })),
            "needs_mending": .integer(
                report.actions.count(where: \.needsMending)
                    + report.recovery.rotations.count { $0.isStalled || $0.outcome == .blocked }),
            "held": BrakeDocument.json(report.brake, face.worded),
        ])
    }

    func listRuns(_ call: Call) throws -> Answer {
        let (limit, start) = (try call.limit(), try call.start(of: "runs"))
        return read(call) { store in
            let (runs, next) = try store.runs(before: start, limit: limit + 1).page(of: limit)
            return .json([
                "runs": .array(runs.map { RunRecordDocument.json($0) }), "next": Cursor.json(next, of: "runs"),
            ])
        }
    }

    func showRun(_ call: Call) throws -> Answer {
        let (limit, start) = (try call.limit(), try call.start(of: "actions"))
        return read(call) { store in
            guard let run = try store.run(call.name("run")) else { throw Refused.missing("run") }
            let (actions, next) = try store.actions(ofRun: run.id, after: start ?? 0, limit: limit + 1).page(of: limit)
            let outcomes = try store.outcomes(of: run.id)
            return .json([
                "run": RunRecordDocument.json(run),
                "totals": .object(JSON.Object(Outcome.allCases.map { ($0.rawValue, .integer(outcomes[$0] ?? 0)) })),
                "actions": .array(actions.map { RunRecordDocument.json($0) }),
                "next": Cursor.json(next, of: "actions"),
            ])
        }
    }
}

extension Cursor {
    /// Null where there is no more.
    static func json(_ number: Int64?, of kind: String) -> JSON {
        text(number, of: kind).map { .string($0) } ?? .null
    }
}

extension Response {
    /// A document that is not to be kept anywhere.
    static func json(
        _ document: JSON, status: Int = 200, _ headers: [(name: String, value: String)] = []
    ) -> Response {
        .json(Array(document.serialized().utf8), status: status, headers: [API.noStore] + headers)
    }
}
