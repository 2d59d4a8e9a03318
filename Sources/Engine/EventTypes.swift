/// The types of events that there are (DESIGN section 7).
package enum EventTypes {
    package static let all = [
        "token.issued", "token.rotated", "token.version_retired", "token.revoked", "token.quarantined",
        "token.restored", "token.expiring", "token.action_due", "token.rotation_stuck", "token.reuse_detected",
        "token.refused_use",
        "policy.violated", "plan.saved", "plan.approval_needed", "plan.approved", "plan.withdrawn", "plan.applied",
        "run.completed", "run.aborted", "store.frozen", "store.unfrozen", "store.reconciled",
        "waiver.requested", "waiver.approved", "waiver.expiring", "waiver.expired", "waiver.withdrawn",
        "inventory.imported", "report.created", "webhook.test",
    ]

    /// All of one kind each, as an endpoint may ask for them: `token.*`, `run.*` and so on.
    package static var families: [String] {
        var families: [String] = []
        for type in all {
            let family = String(type.prefix { $0 != "." }) + ".*"
            if families.last != family { families.append(family) }
        }
        return families
    }
}
