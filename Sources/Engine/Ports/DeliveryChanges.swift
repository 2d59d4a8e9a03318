package import RotaCore

/// One event on its way to one endpoint.
package struct Delivery: Hashable, Sendable {
    package var event: OutgoingEvent
    package var endpoint: String
    package var attempts: Int

    package init(event: OutgoingEvent, endpoint: String, attempts: Int) {
        self.event = event
        self.endpoint = endpoint
        self.attempts = attempts
    }
}

/// How many deliveries are in which state.
package struct DeliveryCounts: Hashable, Sendable {
    package var waiting: Int
    package var delivered: Int
    package var dead: Int

    package init(waiting: Int, delivered: Int, dead: Int) {
        self.waiting = waiting
        self.delivered = delivered
        self.dead = dead
    }
}

/// What becomes of events. Which endpoints an event goes to is settled when it is written: the store is
/// opened with the configured endpoints.
package protocol DeliveryChanges {
    /// Makes this process the one that delivers, until `letGoDeliveries` or its end, however it ends; false
    /// when somebody delivers already.
    func takeUpDeliveries() -> Bool
    func letGoDeliveries()
    func recordDelivered(_ event: String, to endpoint: String, status: Int, at now: Instant) throws
    /// `nextAttemptAt` nil: a dead letter.
    func recordFailed(
        _ event: String, to endpoint: String, status: Int?, cause: String, nextAttemptAt: Instant?, at now: Instant
    ) throws
}
