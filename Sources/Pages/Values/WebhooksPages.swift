package import Engine
package import RotaCore

/// Who is told of events, and whether they hear.
package struct WebhooksPage: Page {
    /// What went wrong last.
    package struct Trouble: Sendable {
        package var at: Instant
        package var status: Int?
        package var cause: String

        package init(at: Instant, status: Int? = nil, cause: String) {
            self.at = at
            self.status = status
            self.cause = cause
        }
    }

    /// A receiver.
    package struct Row: Sendable {
        package var name: String
        /// Globs over event types.
        package var events: [String]
        package var counts: DeliveryCounts
        package var trouble: Trouble?
        /// It answered that it wants no more.
        package var disabled: DisabledEndpoint?

        package init(
            name: String, events: [String], counts: DeliveryCounts, trouble: Trouble? = nil,
            disabled: DisabledEndpoint? = nil
        ) {
            self.name = name
            self.events = events
            self.counts = counts
            self.trouble = trouble
            self.disabled = disabled
        }
    }

    package var rows: [Row]

    package init(rows: [Row]) {
        self.rows = rows
    }
}

/// Deliveries that are not over well. Posts to `/admin/webhooks/replay`: `event` or `endpoint`.
package struct DeliveriesPage: Page {
    package var state: DeliveryRecord.State
    /// Only its deliveries; nil: those of all.
    package var endpoint: String?
    package var deliveries: [DeliveryRecord]
    package var next: String?
    package var isContinued: Bool

    package init(
        state: DeliveryRecord.State, endpoint: String? = nil, deliveries: [DeliveryRecord], next: String? = nil,
        isContinued: Bool = false
    ) {
        self.state = state
        self.endpoint = endpoint
        self.deliveries = deliveries
        self.next = next
        self.isContinued = isContinued
    }
}
