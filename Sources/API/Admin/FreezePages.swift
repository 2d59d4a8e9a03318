import Engine
import HTTPServer
import Pages
import RotaCore

/// Stopping everything destructive, and letting it go on.
extension API {
    /// How far back earlier freezes are told of.
    private static let toldFor = TimeSpan.days(90)

    func freezePage(_ visit: Visit) -> Answer {
        look(visit) { [self] store in
            show(try Self.freezePage(visit, from: store), visit)
        }
    }

    private static func freezePage(
        _ visit: Visit, errors: [String: String] = [:], from store: some StoreReads
    ) throws -> FreezePage {
        FreezePage(
            freeze: try store.freeze(at: visit.now),
            past: try store.freezes(from: visit.now - toldFor, to: visit.now), reason: visit.field("reason"),
            ends: visit.field("ends"), errors: errors)
    }

    func freezeFromPage(_ visit: Visit) throws -> Answer {
        let reason = visit.field("reason")
        let end = visit.instant("ends")
        var errors: [String: String] = [:]
        errors["reason"] = Self.fault(ofReason: reason)
        if !visit.field("ends").isEmpty, end.map({ $0 <= visit.now }) ?? true {
            errors["ends"] = "Give a date and a time to come, or leave it empty."
        }
        guard errors.isEmpty else {
            return look(visit) { [self, errors] store in
                show(try Self.freezePage(visit, errors: errors, from: store), visit, status: 422)
            }
        }
        let freeze = Freeze(reason: reason, actor: visit.call.principal.actor.name, begunAt: visit.now, endsAt: end)
        return change(visit) { store in
            try Self.requireSeen(visit, in: store)
            try store.freeze(freeze, change: visit.call.change(reason))
        } then: { [self] _ in
            go("/admin/freeze", visit, .done, "Frozen: nothing destructive is done any more.")
        }
    }

    func unfreezeFromPage(_ visit: Visit) throws -> Answer {
        let reason = visit.field("reason")
        if !reason.isEmpty, let fault = Remark.fault(of: reason) {
            return look(visit) { [self] store in
                show(try Self.freezePage(visit, errors: ["end-reason": fault], from: store), visit, status: 422)
            }
        }
        return change(visit) { store in
            try Self.requireSeen(visit, in: store)
            return try store.unfreeze(change: visit.call.change(reason.isEmpty ? "unfreeze" : reason))
        } then: { [self] isEnded in
            go(
                "/admin/freeze", visit, isEnded ? .done : .warning,
                isEnded ? "Not frozen any more: the next run goes on." : "It was not frozen.")
        }
    }

    /// Whether the freeze that is on is the one, or none, that the page had shown.
    private static func requireSeen(_ visit: Visit, in store: any Store) throws {
        guard let seen = visit.form.text(of: "seen") else { return }
        let present = try store.freeze(at: visit.now)
        guard present?.begunAt.description ?? "" == seen else {
            let what =
                present.map { "\($0.actor) has frozen it since \($0.begunAt): \($0.reason)" } ?? "nothing is frozen"
            throw Refused.conflict(
                "it is not as the page showed it: \(what)", hint: "look at the page again", reason: "frozen-already")
        }
    }

    /// What is wrong with why somebody does a thing; nil: nothing.
    static func fault(ofReason reason: String) -> String? {
        guard !reason.allSatisfy(\.isWhitespace) else {
            return "Say why in a few words: it is kept in the audit log."
        }
        return Remark.fault(of: reason)
    }
}
