package import Engine
package import JSON
import RotaCore

extension DeliveryRecord {
    /// As `--json` shows it.
    package var json: JSON {
        [
            "event": .string(event), "type": .string(type), "at": TokenDocument.time(at),
            "webhook": .string(endpoint), "state": .string(state.rawValue), "attempts": .integer(attempts),
            "next_attempt_at": state == .dead ? .null : TokenDocument.time(nextAttemptAt),
            "status": status.map { .integer($0) } ?? .null, "cause": TokenDocument.text(cause),
        ]
    }
}

extension DisabledEndpoint {
    package var json: JSON {
        [
            "at": TokenDocument.time(at), "status": status.map { .integer($0) } ?? .null, "cause": .string(cause),
        ]
    }
}
