import Documents
import Engine
import HTTPServer
import JSON
import RotaCore

/// What is done to a token because a person says so.
extension API {
    /// Ends it at once: when the answer is sent, no value of it is accepted.
    func revokeToken(_ call: Call) throws -> Answer {
        var filled = FilledIn(try call.document(), known: ["reason", "emergency"])
        let reason = filled.remark("reason", otherwise: "revoked through the API")
        let isEmergency = filled.truth("emergency") ?? false
        try filled.finish()
        return write(call) { store in
            let token = try call.token(in: store)
            try call.requireHand(on: token, isEmergency: isEmergency, in: store)
            let isDone = try store.revokeToken(token.id, isEmergency: isEmergency, change: call.change(reason))
            let after = try store.token(token.id) ?? token
            return [
                "token": TokenDocument.json(after, at: call.now), "outcome": isDone ? "done" : "already-ended",
                "recorded_only": .bool(isDone && after.issuer != .rota),
            ]
        }
    }

    func quarantineToken(_ call: Call) throws -> Answer {
        try switchToken(call, QuarantineUseCase.quarantine)
    }

    func restoreToken(_ call: Call) throws -> Answer {
        try switchToken(call, QuarantineUseCase.restore)
    }

    private func switchToken(
        _ call: Call,
        _ act: @escaping @Sendable (TokenID, any Store, Change) throws -> QuarantineResult
    ) throws -> Answer {
        let reason = try Self.reason(call)
        return write(call) { store in
            try Self.document(try act(try call.token(in: store).id, store, call.change(reason)), call)
        }
    }

    /// Gives it another value in all its places, and answers when that is the current one there, or something is in the
    /// way.
    func rotateToken(_ call: Call) throws -> Answer {
        var filled = FilledIn(try call.document(), known: ["reason", "overlap"])
        let reason = filled.remark("reason", otherwise: "rotated through the API")
        let overlap = filled.span("overlap")
        if let overlap, overlap < .zero || overlap > .days(365) { filled.fault("overlap: from 0s to 365d") }
        try filled.finish()
        return try performOnce(call) { [self] configuration in
            let token = try await parts.store.read { store in
                let token = try call.token(in: store)
                try call.requireHand(on: token, in: store)
                return token
            }
            requireHand(on: token.id, when: call)
            let result = try await configuration.rotate.rotate(
                token.id.text, overlap: overlap ?? Rule.usualOverlap, endsOlder: overlap != nil, reason: reason,
                actor: call.principal.actor)
            guard let result, result.cause != Rotator.stopping else { return Self.stopping }
            if let refusal = try await refusal(of: result, token, call.face) { throw refusal }
            let now = parts.clock.now()
            let after = try await parts.store.read { store in
                (try store.token(token.id) ?? token, try store.rotation(of: token.id))
            }
            let document: JSON = [
                "token": TokenDocument.json(after.0, at: now),
                "outcome": .string((result.isBegun ? Outcome.started : result.outcome).rawValue),
                "rotation": after.1.map { TokenDocument.json($0) } ?? .null,
                "cause": TokenDocument.text(result.cause), "remark": TokenDocument.text(result.remark),
            ]
            return .json(Array(document.serialized().utf8), headers: [Self.noStore])
        }
    }

    /// Whose it is, and what it may do, may be otherwise by the time that a rotation of it is claimed.
    func requireHand(on id: TokenID, when call: Call) {
        FirstChange.current?.require { store in
            guard let token = try store.token(id), call.sees(token) else { throw Refused.missing("token") }
            try call.requireHand(on: token, in: store)
        }
    }

    /// Why nothing has changed by a rotation that was asked for; nil where something has.
    func refusal(of result: RotationResult, _ token: Token, _ face: Face) async throws -> Refused? {
        switch result.outcome {
        case .done, .started, .waiting: return nil
        case .blocked:
            return .conflict(
                result.cause ?? result.blocked?.message ?? "it cannot be rotated",
                hint: result.blocked?.hint(for: token).map(face.worded), reason: result.blocked?.rawValue)
        case .skipped where result.isBegun: return nil
        case .skipped:
            let now = parts.clock.now()
            if let brake = try await parts.store.read({ try $0.brake(at: now) }) {
                return .conflict(
                    "nothing was done: \(brake.message)", hint: face.worded(brake.hint), reason: brake.code)
            }
            let reason =
                token.canAuthenticate(at: now) ? nil : token.state == .active ? "expired" : token.state.rawValue
            return .conflict(result.cause ?? "it cannot be rotated as it is now", reason: reason)
        case .failed:
            return .conflict("nothing has changed: \(result.cause ?? "it did not get through")", reason: "failed")
        }
    }

    private static func reason(_ call: Call) throws -> String {
        var filled = FilledIn(try call.document(), known: ["reason"])
        let reason = filled.remark("reason", otherwise: "")
        if reason.isEmpty { filled.fault("reason: say why in a few words") }
        try filled.finish()
        return reason
    }

    private static func document(_ result: QuarantineResult, _ call: Call) throws -> JSON {
        if let refusal = result.refusal, refusal != .already {
            throw Refused.conflict(refusal.sentence, reason: refusal.rawValue)
        }
        guard let token = result.token else { throw Refused.missing("token") }
        return ["token": TokenDocument.json(token, at: call.now), "changed": .bool(result.refusal == nil)]
    }
}

extension Call {
    /// Who operates Rota may; who only issues, where he made the token himself, it is still of his owner, and can do no
    /// more than he. A brake is not his to pass.
    ///
    /// A maker is known by his name, which others may take once it is free: he has to have had it already.
    ///
    /// - throws: `Refused` with 403.
    func requireHand(on token: Token, isEmergency: Bool = false, in store: some StoreReads) throws {
        guard !caller.has(Role.operate), !isAdmin else { return }
        guard !isEmergency else { throw Refused.forbidden("'emergency' needs \(Role.operate)") }
        guard token.createdBy == principal.actor.name, try store.had(caller.tokenID, itsNameBefore: token.id) else {
            throw Refused.forbidden("you revoke and rotate the tokens that you made; others need \(Role.operate)")
        }
        guard !caller.owner.isEmpty, token.owner == caller.owner, ungranted(token.scopes) == nil else {
            throw Refused.forbidden("the token may do more than you, or is not your owner's: ask who operates Rota")
        }
    }
}

extension Call {
    /// Refuses what would make somebody else of who holds the token, or take from him what he works with, as a
    /// revocation does: he is known by its name in the audit log, and what he made is his by it.
    ///
    /// - parameter losingPlaces: whether places of it are taken away.
    /// - throws: `Refused` with 403.
    func requireHand(
        on before: Token, toMake after: Token, losingPlaces: Bool, in store: some StoreReads
    ) throws {
        guard !isAdmin else { return }
        if before.name != after.name, (before.scopes + after.scopes).contains(where: [ScopeEntry].roles.contains) {
            throw Refused.forbidden("whoever holds a role is known by the name of his token: ask an administrator")
        }
        if let end = after.expiresAt, before.expiresAt.map({ end < $0 }) ?? true,
            !hasHand(on: before, in: store)
        {
            throw Refused.forbidden("you bring the end forward of tokens that you made; others need \(Role.operate)")
        }
        let losesScopes = before.scopes.contains { !after.scopes.contains($0) }
        if losesScopes || losingPlaces, !hasHand(on: before, in: store) {
            throw Refused.forbidden(
                "you take scopes and places from tokens that you made; others need \(Role.operate)")
        }
    }

    /// Whether he may revoke and rotate it.
    func hasHand(on token: Token, in store: some StoreReads) -> Bool {
        (try? requireHand(on: token, in: store)) != nil
    }
}

extension StoreReads {
    /// Whether a token had the name that it has when another one was made, and so made it where that was made in this
    /// name: names are of one live token each. By the order of the audit log, and not by a clock.
    fileprivate func had(_ id: TokenID, itsNameBefore other: TokenID) throws -> Bool {
        var (named, made): (Int64?, Int64?)
        try eachAuditEntry(below: .max, object: id.text) { entry in
            let isNamed = entry.isBeginning || entry.action == "token.edit" && entry.after["name"] != nil
            if isNamed { named = entry.number }
            return !isNamed
        }
        try eachAuditEntry(from: 1, object: other.text) { entry in
            if entry.isBeginning { made = entry.number }
            return made == nil
        }
        guard let named, let made else { return false }
        return named < made
    }
}

extension AuditEntry {
    /// Whether a token came into the store by it.
    fileprivate var isBeginning: Bool { action == "token.issue" || action == "token.import" }
}

extension QuarantineResult.Refusal {
    var sentence: String {
        switch self {
        case .already: "it is so already"
        case .ended: "the token has ended"
        case .issuerNotDriven: "somebody else issues the token: switch it off or on there"
        case .rotating: "a new value of it is on its way to its places: ask again in a moment, or revoke it"
        case .unknown: "there is no such token"
        }
    }
}
