package import HTML

extension TokenPage {
    package var title: String { "Token" }
    package var section: Section? { .apiTokens }
    package func content(in frame: Frame) -> Markup { "" }
}

extension TokenActionPage {
    package var title: String { "Action" }
    package var section: Section? { .apiTokens }
    package func content(in frame: Frame) -> Markup { "" }
}

extension PoliciesPage {
    package var title: String { "Policies" }
    package var section: Section? { .policies }
    package func content(in frame: Frame) -> Markup { "" }
}

extension PolicyPage {
    package var title: String { "Policy" }
    package var section: Section? { .policies }
    package func content(in frame: Frame) -> Markup { "" }
}

extension PlansPage {
    package var title: String { "Plans" }
    package var section: Section? { .plans }
    package func content(in frame: Frame) -> Markup { "" }
}

extension PlanPage {
    package var title: String { "Plan" }
    package var section: Section? { .plans }
    package func content(in frame: Frame) -> Markup { "" }
}

extension RunsPage {
    package var title: String { "Runs" }
    package var section: Section? { .runs }
    package func content(in frame: Frame) -> Markup { "" }
}

extension RunPage {
    package var title: String { "Run" }
    package var section: Section? { .runs }
    package func content(in frame: Frame) -> Markup { "" }
}

extension WaiversPage {
    package var title: String { "Waivers" }
    package var section: Section? { .waivers }
    package func content(in frame: Frame) -> Markup { "" }
}

extension WebhooksPage {
    package var title: String { "Webhooks" }
    package var section: Section? { .webhooks }
    package func content(in frame: Frame) -> Markup { "" }
}

extension DeliveriesPage {
    package var title: String { "Deliveries" }
    package var section: Section? { .webhooks }
    package func content(in frame: Frame) -> Markup { "" }
}

extension ReportsPage {
    package var title: String { "Reports" }
    package var section: Section? { .reports }
    package func content(in frame: Frame) -> Markup { "" }
}

extension AuditPage {
    package var title: String { "Audit" }
    package var section: Section? { .audit }
    package func content(in frame: Frame) -> Markup { "" }
}
