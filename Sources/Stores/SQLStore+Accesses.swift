import Engine
import JSON
import RotaCore

/// Who asked for what is not his, as the audit log has it.
extension SQLStore {
    func recordRefusal(_ refusal: RefusedAccess) throws {
        let change = Change(actor: refusal.actor, at: refusal.at, cause: "asked for a token that is not his to know of")
        try audit(
            RefusedAccess.action, of: refusal.token.text, change,
            ["caller_id": .string(refusal.callerID.text), "not_told": .integer(refusal.untold)])
    }
}
