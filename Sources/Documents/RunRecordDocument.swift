package import Engine
package import JSON
package import RotaCore

/// Runs and what they did, as `--json` shows them.
package enum RunRecordDocument {
    package static func json(_ run: RunRecord) -> JSON {
        [
            "id": .string(run.id), "plan": TokenDocument.text(run.plan), "actor": .string(run.actor.name),
            "started": TokenDocument.time(run.startedAt), "finished": TokenDocument.time(run.finishedAt),
            "aborted": TokenDocument.text(run.aborted),
        ]
    }

    /// - parameter newEnd: that it gave its token; nil where it gave none, or that is not known.
    package static func json(
        _ action: RecordedAction, newEnd: Instant? = nil, nextAttemptAt: Instant? = nil
    ) -> JSON {
        [
            "token_id": .string(action.tokenID.text), "name": .string(action.name),
            "action": .string(action.action.rawValue), "policy": .string(action.policy),
            "rule": .string(action.rule),
            "reason": .string(action.reason), "message": .string(action.message),
            "deadline": TokenDocument.time(action.deadline), "outcome": .string(action.outcome.rawValue),
            "blocked": TokenDocument.text(action.blocked?.rawValue), "cause": TokenDocument.text(action.cause),
            "at": TokenDocument.time(action.at), "new_end": TokenDocument.time(newEnd),
            "next_attempt_at": TokenDocument.time(nextAttemptAt),
        ]
    }
}
