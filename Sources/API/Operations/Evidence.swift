import Documents
import Engine
import HTTPServer
import JSON
import Reports
import RotaCore

/// Policies with what they come to, reports, and the audit log.
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

    // MARK: - Reports

    func makeReport(_ call: Call) throws -> Answer {
        let kind = try call.choice("format", of: ReportKind.self) ?? .json
        let at = try call.instant("at")
        let period = try call.text("period").map { text in
            guard let period = TimeSpan(text), period > .zero else {
                throw Refused.senseless("period: '\(abridged(text))' is no length of time such as 30d")
            }
            return period
        }
        return report(
            kind, at: at, period: period ?? .days(30), owner: call.text("owner"),
            isRedacted: try call.choice("redact", of: Redacted.self) == .true, by: call.principal.actor.name, call)
    }

    private enum Redacted: String, CaseIterable { case `true`, `false` }

    /// Of any length, and never more than a few at a time, so that nobody waits behind them: it is written into a file,
    /// and sent from there.
    func report(
        _ kind: ReportKind, at: Instant?, period: TimeSpan = .days(30), owner: String? = nil,
        isRedacted: Bool = false, by actor: String, isFile: Bool = false, _ call: Call
    ) -> Answer {
        let configuration = parts.configuration()
        var request = ReportRequest(
            policies: configuration.policies, vaults: configuration.vaultNames, now: call.now, hypotheticalAt: at,
            period: period, generator: "rota \(parts.version)", actor: actor)
        request.owner = owner.map(Glob.init)
        request.isRedacted = isRedacted
        request.pseudonymKey = configuration.pseudonymKey
        return onWorker(call.request, of: reporters) { [parts, request] in
            let body = try SpooledBody(in: parts.scratch)
            let violations = try parts.readers.read { store in
                try kind.compose(request, from: store, to: { try body.write($0) })
            }
            var response = Response(
                200,
                headers: [
                    ("Content-Type", kind.contentType), Self.noStore, ("X-Content-Type-Options", "nosniff"),
                    (Screen.exitCode, violations > 0 ? "3" : "0"),
                ])
            if kind != .json || isFile {
                response.headers.append(
                    (
                        "Content-Disposition",
                        "attachment; filename=\"rota-compliance-\(call.now.date).\(kind.ending)\""
                    ))
            }
            response.spooled = body
            return response
        }
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
