import Documents
import Engine
import HTTPServer
import JSON
import RotaCore

/// Policies with what they come to, and the audit log.
extension API {
    func listPolicies(_ call: Call) throws -> Answer {
        judged(call) { report, configuration in
            .json([
                "digest": .string(configuration.policies.digest), "as_of": TokenDocument.time(report.facts.at),
                "policies": .array(
                    zip(configuration.policies.policies, report.summary.policies).map { policy, posture in
                        Self.json(policy, posture, configuration, after: call.now)
                    }),
            ])
        }
    }

    func showPolicy(_ call: Call) throws -> Answer {
        let name = call.name("policy")
        guard parts.configuration().policies.policies.contains(where: { $0.name == name }) else {
            throw Refused.missing("policy")
        }
        return judged(call) { report, configuration in
            guard let index = configuration.policies.policies.firstIndex(where: { $0.name == name }) else {
                throw Refused.missing("policy")
            }
            let policy = configuration.policies.policies[index]
            return .json([
                "policy": Self.json(policy, report.summary.policies[index], configuration, after: call.now)
            ])
        }
    }

    private func judged(
        _ call: Call, _ body: @escaping @Sendable (Report, ServedConfiguration) throws -> Response
    ) -> Answer {
        judged(at: call.now, otherwise: { [self] error in answer(call) { throw error } }, body)
    }

    private static func json(
        _ policy: Policy, _ posture: PolicyPosture, _ configuration: ServedConfiguration, after now: Instant
    ) -> JSON {
        let schedule = policy.schedule ?? configuration.schedule
        return [
            "name": .string(policy.name), "description": .string(policy.description), "basis": .string(policy.basis),
            "mode": .string(policy.mode.rawValue), "schedule": .string(schedule.description),
            "next_run": TokenDocument.time(schedule.next(after: now)),
            "needs_approval": .bool(policy.needsApproval), "tokens": counts(posture.tokens),
            "controls": .object(
                JSON.Object(
                    policy.controls.sorted { $0.key < $1.key }.map { ($0.key, .array($0.value.map { .string($0) })) })),
            "rules": .array(
                zip(policy.rules, posture.rules).map { rule, posture in
                    [
                        "rule": .string(rule.name), "action": .string(rule.action.rawValue),
                        "tokens": counts(posture.verdicts),
                    ]
                }),
        ]
    }

    private static func counts(_ counts: StatusCounts) -> JSON {
        [
            "compliant": .integer(counts.compliant), "due": .integer(counts.due),
            "violating": .integer(counts.violating), "waived": .integer(counts.waived),
            "unknown": .integer(counts.unknown),
        ]
    }

    // MARK: - The audit log

    func listAudit(_ call: Call) throws -> Answer {
        let limit = try call.limit()
        let cursor = try call.text("cursor").map { try Cursor.read($0, of: "audit") }
        let object = call.text("object")
        return read(call) { store in
            var entries: [AuditEntry] = []
            let object = try object.map { try store.token(named: $0)?.id.text ?? $0 }
            try store.eachAuditEntry(below: cursor?.number ?? .max, object: object) { entry in
                entries.append(entry)
                return entries.count <= limit
            }
            let next = entries.count > limit ? entries[limit - 1].number : nil
            return .json([
                "entries": .array(
                    try entries.prefix(limit).map { entry in
                        [
                            "number": .integer(entry.number),
                            "entry": try JSON.parse(entry.body, maximumBytes: entry.body.utf8.count),
                        ]
                    }), "next": Cursor.json(next, of: "audit"),
            ])
        }
    }
}
