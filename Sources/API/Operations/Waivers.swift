import Documents
import Engine
import HTTPServer
import JSON
import RotaCore

/// Dated exceptions: asked for, approved by somebody else, withdrawn.
extension API {
    func listWaivers(_ call: Call) throws -> Answer {
        let state = try call.choice("state", of: Waiver.State.self)
        let (limit, start) = (try call.limit(), try call.start(of: "waivers"))
        return read(call) { store in
            let (waivers, next) = try store.waivers(before: start, limit: limit + 1) { waiver in
                call.sees(waiver) && state.map { waiver.state(at: call.now) == $0 } ?? true
            }.page(of: limit)
            return .json([
                "waivers": .array(
                    try waivers.map { $0.json(at: call.now, name: try store.tokenName(of: $0)) }),
                "next": Cursor.json(next, of: "waivers"),
            ])
        }
    }

    func showWaiver(_ call: Call) throws -> Answer {
        read(call) { store in
            let waiver = try store.requireWaiver(call.name("waiver"))
            guard call.sees(waiver) else { throw Refused.missing("waiver") }
            return .json(["waiver": waiver.json(at: call.now, name: try store.tokenName(of: waiver))])
        }
    }

    func requestWaiver(_ call: Call) throws -> Answer {
        let configuration = parts.configuration()
        var filled = FilledIn(try call.document(), known: ["token", "policy", "rule", "reason", "ends_at"])
        try filled.require("token", "policy", "reason", "ends_at")
        let (token, policy) = (filled.text("token") ?? "", filled.text("policy") ?? "")
        let rule = filled.text("rule")
        let reason = filled.remark("reason", otherwise: "")
        if reason.isEmpty { filled.fault("reason: say why in a few words") }
        let end = filled.instant("ends_at")
        if end == nil { filled.fault("ends_at: no waiver is for ever") }
        try filled.finish()
        let random = parts.random
        return write(call, making: ("waiver", "/v1/waivers")) { store in
            let token = try call.token(named: token, in: store)
            try call.requireAsking(for: token)
            let request = WaiverRequest(
                subject: .token(token.id), policy: policy, rule: rule, reason: reason, endsAt: end ?? call.now,
                longest: configuration.longestWaiver)
            let waiver = try Engine.requestWaiver(
                request, by: call.principal, policies: configuration.policies.policies, in: store, random: random,
                at: call.now)
            return ["waiver": waiver.json(at: call.now, name: token.name)]
        }
    }

    func approveWaiver(_ call: Call) throws -> Answer {
        let configuration = parts.configuration()
        var filled = FilledIn(try call.document(), known: ["comment"])
        let comment = filled.remark("comment", otherwise: "")
        try filled.finish()
        return write(call, telling: { [self] in tellApproval(of: call.name("waiver"), by: call) }) { store in
            let waiver = try Engine.approveWaiver(
                call.name("waiver"), by: call.principal, comment: comment, longest: configuration.longestWaiver,
                policies: configuration.policies.policies, in: store, at: call.now)
            return ["waiver": waiver.json(at: call.now, name: try store.tokenName(of: waiver))]
        }
    }

    func withdrawWaiver(_ call: Call) throws -> Answer {
        var filled = FilledIn(try call.document(), known: ["reason"])
        let reason = filled.remark("reason", otherwise: "")
        try filled.finish()
        return write(call) { store in
            try call.requireWithdrawing(try store.requireWaiver(call.name("waiver")))
            let waiver = try Engine.withdrawWaiver(
                call.name("waiver"), by: call.principal, reason: reason, in: store, at: call.now)
            return ["waiver": waiver.json(at: call.now, name: try store.tokenName(of: waiver))]
        }
    }
}

extension Call {
    /// Who only issues knows of the exceptions that he has asked for.
    func sees(_ waiver: Waiver) -> Bool { seesAll || asked(for: waiver) }

    /// By his token: its name may have been another's. What was asked for without one is nobody's here.
    func asked(for waiver: Waiver) -> Bool { waiver.requester.tokenID == caller.tokenID }

    private var operates: Bool { isAdmin || caller.has(Role.operate) }

    /// To know of a token is not enough: who audits knows of all.
    ///
    /// - throws: `Refused` with 403.
    func requireAsking(for token: Token) throws {
        guard operates || !caller.owner.isEmpty && token.owner == caller.owner else {
            throw Refused.forbidden("you ask for waivers of your own owner's tokens; others need \(Role.operate)")
        }
    }

    /// - throws: `Refused`, with 404 for one that he may not know of, or 403.
    func requireWithdrawing(_ waiver: Waiver) throws {
        guard sees(waiver) else { throw Refused.missing("waiver") }
        guard operates || asked(for: waiver) else {
            throw Refused.forbidden("you withdraw waivers that you asked for; others need \(Role.operate)")
        }
    }
}
