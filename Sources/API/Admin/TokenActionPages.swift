import Engine
import HTTPServer
import Pages
import RotaCore

/// What is done to a token from its page: what comes of it is shown first.
extension API {
    func tokenActionPage(_ visit: Visit, _ action: String) throws -> Answer {
        guard let kind = TokenActionPage.Kind(rawValue: action) else { throw Refused.missing("action") }
        return look(visit) { [self] store in
            let page = try actionPage(kind, visit, from: store)
            return show(page, visit, hasHand: true)
        }
    }

    private func actionPage(
        _ kind: TokenActionPage.Kind, _ visit: Visit, from store: some StoreReads, errors: [String: String] = [:]
    ) throws -> TokenActionPage {
        let token = try visit.call.token(in: store)
        try visit.call.requireHand(on: token, in: store)
        let configuration = parts.configuration()
        let policies = configuration.policies
        let overlap = policies.overlap(of: token, at: visit.now, tracking: try store.tracking()).overlap
        let brake = [.rotate, .revoke].contains(kind) ? visit.brake : nil
        return TokenActionPage(
            kind: kind, token: token, destinations: try store.destinations(of: token.id),
            uses: try UsageSummary(of: token, from: store, at: visit.now).versions.map(SeenUse.init),
            quarantine: try store.quarantineOutlook(of: token, by: policies.policies, at: visit.now),
            overlap: visit.field("overlap").isEmpty ? overlap.description : visit.field("overlap"),
            reason: visit.field("reason"), errors: errors,
            obstacle: try obstacle(to: kind, token, from: store) ?? brake?.message,
            isHeld: brake != nil && token.end == nil)
    }

    /// Why it cannot be done at all; nil where it can.
    private func obstacle(
        to kind: TokenActionPage.Kind, _ token: Token, from store: some StoreReads
    ) throws -> String? {
        switch kind {
        case .rotate:
            guard token.state == .active else { return "The token is \(token.state.rawValue)." }
            guard token.issuer == .rota else { return "\(token.issuer) issues it: rotate it there." }
            guard try !store.destinations(of: token.id).isEmpty else {
                return "It has no destination that a new value could be pushed to: add one by Edit on its page."
            }
            // One whose new value is on its way already goes on with that.
            let valid = try store.versions(of: token.id).filter(\.state.authenticates)
            guard valid.count < 3 || valid.contains(where: { $0.state == .pending }) else {
                let end = valid.compactMap(\.endsAt).min().map { ", from \($0) on" } ?? ""
                return "Three of its values are valid already: it can be rotated when one of them has ended\(end)."
            }
            return nil
        case .revoke, .emergency: return token.end == nil ? nil : "The token has ended already."
        case .quarantine:
            return token.state == .active && token.issuer == .rota
                ? nil : "The token is \(token.state.rawValue), or somebody else issues it."
        case .restore: return token.state == .quarantined ? nil : "The token is \(token.state.rawValue)."
        }
    }

    func actFromPage(_ visit: Visit, _ action: String) throws -> Answer {
        guard let kind = TokenActionPage.Kind(rawValue: action) else { throw Refused.missing("action") }
        let reason = visit.field("reason")
        return undertake(visit) { [self] configuration in
            let (page, errors) = try await parts.store.read { [self] store in
                let page = try actionPage(kind, visit, from: store)
                return (page, Self.errors(of: page, visit))
            }
            guard errors.isEmpty else {
                var page = page
                page.errors = errors
                return show(page, visit, status: 422, hasHand: true)
            }
            return try await act(kind, on: page.token, because: reason, visit, configuration)
        }
    }

    private static func errors(of page: TokenActionPage, _ visit: Visit) -> [String: String] {
        var errors: [String: String] = [:]
        errors["reason"] = fault(ofReason: page.reason)
        if page.kind == .rotate {
            let overlap = TimeSpan(page.overlap)
            if overlap.map({ $0 < .zero || $0 > .days(365) }) ?? true {
                errors["overlap"] = "Give a length of time such as 24h, of a year at the most."
            }
        }
        // As it is on the page: one that came in otherwise may have what is not seen there.
        let isNamed = TokenFields.asRead(visit.field("name")) == TokenFields.asRead(page.token.name)
        if TokenActionPage.asksForName(page.kind, page.token, at: visit.now), !isNamed {
            errors["name"] =
                page.kind == .emergency
                ? "Type the name of the token: this goes past what is on hold."
                : "Type the name of the token: it was used within the last days."
        }
        return errors
    }

    private func act(
        _ kind: TokenActionPage.Kind, on token: Token, because reason: String, _ visit: Visit,
        _ configuration: ServedConfiguration
    ) async throws -> Response {
        let actor = visit.call.principal.actor
        let path = "/admin/api-tokens/\(token.id.text)"
        switch kind {
        case .rotate:
            requireHand(on: token.id, when: visit.call)
            let result = try await configuration.rotate.rotate(
                token.id.text, overlap: TimeSpan(visit.field("overlap")) ?? Rule.usualOverlap, endsOlder: true,
                reason: reason, actor: actor)
            return go(path, visit, result: result)
        case .revoke, .emergency:
            let change = visit.call.change(reason)
            let isDone = try await parts.store.write { store in
                // Whose it is may have changed since the form was read.
                try visit.call.requireHand(
                    on: try visit.call.token(in: store), isEmergency: kind == .emergency, in: store)
                return try store.revokeToken(token.id, isEmergency: kind == .emergency, change: change)
            }
            return go(
                path, visit, isDone ? .done : .warning,
                isDone ? "'\(token.name)' is revoked: no value of it is accepted." : "It had ended already.")
        case .quarantine:
            let result = try await QuarantineUseCase(store: parts.store, clock: parts.clock)
                .quarantine(token.id, reason: reason, actor: actor)
            return go(
                path, visit, result.refusal == nil ? .done : .failed,
                result.refusal?.sentence ?? "'\(token.name)' is in quarantine: no value of it is accepted.")
        case .restore:
            let result = try await QuarantineUseCase(store: parts.store, clock: parts.clock)
                .restore(token.id, reason: reason, actor: actor)
            return go(
                path, visit, result.refusal == nil ? .done : .failed,
                result.refusal?.sentence ?? "'\(token.name)' is accepted again.")
        }
    }

    private func go(_ path: String, _ visit: Visit, result: RotationResult?) -> Response {
        guard let result else { return go(path, visit, .warning, "Rota is being stopped: ask again.") }
        if result.isThrough { return go(path, visit, .done, "The new value is in all its places.") }
        let cause = result.cause ?? result.blocked?.message ?? "it did not get through"
        return go(path, visit, result.outcome == .started ? .warning : .failed, "It is not through: \(cause).")
    }
}
