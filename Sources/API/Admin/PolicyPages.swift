import Engine
import HTTPServer
import Pages
import Reports
import RotaCore

/// Policies and what they come to, and the report.
extension API {
    func policiesPage(_ visit: Visit) -> Answer {
        judged(visit) { [self] report, configuration in
            let rows = zip(configuration.policies.policies, report.summary.policies).map { policy, posture in
                Self.row(policy, posture, configuration, at: visit.now)
            }
            return show(PoliciesPage(rows: rows, uncovered: report.summary.uncovered), visit)
        }
    }

    func policyPage(_ visit: Visit) throws -> Answer {
        judged(visit) { [self] report, configuration in
            let name = visit.call.name("policy")
            guard let index = configuration.policies.policies.firstIndex(where: { $0.name == name }) else {
                throw Refused.missing("policy")
            }
            let posture = report.summary.policies[index]
            let policy = configuration.policies.policies[index]
            let violations = report.summary.violations.filter { $0.policy == name }.prefix(50).map { broken in
                PolicyPage.Violation(
                    tokenID: broken.tokenID, name: broken.name, owner: broken.owner, rule: broken.rule,
                    message: broken.message, deadline: broken.deadline)
            }
            return show(
                PolicyPage(
                    row: Self.row(policy, posture, configuration, at: visit.now),
                    rules: posture.rules.map(\.verdicts), violations: Array(violations)), visit)
        }
    }

    private static func row(
        _ policy: Policy, _ posture: PolicyPosture, _ configuration: ServedConfiguration, at now: Instant
    ) -> PoliciesPage.Row {
        PoliciesPage.Row(
            policy: policy, tokens: posture.tokens,
            nextRun: (policy.schedule ?? configuration.schedule).nextActing(
                after: now, calendar: configuration.calendar))
    }

    func reportsPage(_ visit: Visit) -> Answer {
        judged(visit) { [self] report, configuration in
            let summary = report.summary
            return show(
                ReportsPage(
                    states: summary.states, tokens: summary.tokens, uncovered: summary.uncovered,
                    withoutOwner: summary.inventory.withoutOwner, neverExpiring: summary.expiry.never,
                    endingSoon: summary.expiry.coming.prefix(30).reduce(0) { $0 + $1.count },
                    neverUsed: summary.inventory.neverUsed,
                    rotating: summary.inventory.rotating, inOverlap: summary.inventory.inOverlap,
                    isSigned: configuration.reports.seal != nil), visit)
        }
    }

    func reportFile(_ kind: ReportKind, _ visit: Visit) throws -> Answer {
        var order = ReportOrder(kind)
        // A field that nobody filled in asks for nothing.
        let (owner, asOf) = (visit.asked("owner"), visit.asked("as_of"))
        order.owner = owner.isEmpty ? nil : owner
        order.isRedacted = visit.asked("redact") == "true"
        order.isArchived = visit.asked("signed") == "true"
        order.isFile = true
        if !asOf.isEmpty {
            guard let instant = Visit.instant(of: asOf), instant <= visit.now else {
                throw Refused.senseless("as of: '\(abridged(asOf))' is no time that was")
            }
            order.asOf = instant
        }
        return report(order, visit.call) { [self] in page(for: $0, visit) }
    }

    func evidenceFile(_ visit: Visit) throws -> Answer {
        try makeBundle(visit.call) { [self] in page(for: $0, visit) }
    }

    /// From what all tokens were judged by a moment ago.
    private func judged(
        _ visit: Visit, _ body: @escaping @Sendable (Report, ServedConfiguration) throws -> Response
    ) -> Answer {
        judged(at: visit.now, otherwise: { [self] in page(for: $0, visit) }, body)
    }
}
