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

/// A delivery that is not over well, as it is listed.
package struct DeliveryRecord: Hashable, Sendable {
    /// Where a delivery stands.
    package enum State: String, Sendable, CaseIterable {
        case dead, waiting
    }

    /// The id of the event, its type and its time.
    package var event: String
    package var type: String
    package var at: Instant
    package var endpoint: String
    package var state: State
    package var attempts: Int
    /// When it is tried again; of no meaning for a dead one.
    package var nextAttemptAt: Instant
    /// The HTTP status of the last attempt, where there was an answer.
    package var status: Int?
    /// Why the last attempt failed; nil before the first one.
    package var cause: String?

    package init(
        event: String, type: String, at: Instant, endpoint: String, state: State, attempts: Int,
        nextAttemptAt: Instant, status: Int?, cause: String?
    ) {
        self.event = event
        self.type = type
        self.at = at
        self.endpoint = endpoint
        self.state = state
        self.attempts = attempts
        self.nextAttemptAt = nextAttemptAt
        self.status = status
        self.cause = cause
    }
}

/// Which dead letters are to be sent after all.
package enum DeadLetters: Hashable, Sendable {
    /// Those of one event, by its id.
    case event(String)
    /// All of one endpoint.
    case endpoint(String)
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

/// An endpoint that answered that it wants no more events: nothing is sent to it, and what waits for it is kept.
package struct DisabledEndpoint: Hashable, Sendable {
    package var name: String
    /// Where it was: one of another address is another receiver.
    package var place: String
    package var at: Instant
    /// The HTTP status, where there was one.
    package var status: Int?
    package var cause: String

    package init(name: String, place: String, at: Instant, status: Int?, cause: String) {
        self.name = name
        self.place = place
        self.at = at
        self.status = status
        self.cause = cause
    }

    /// Whether it is this very receiver that wants no more.
    package func isOf(_ endpoint: Endpoint) -> Bool { name == endpoint.name && place == endpoint.place }
}

/// What becomes of events. Which endpoints an event goes to is settled when it is written: the store is
/// opened with the configured endpoints.
package protocol DeliveryChanges {
    /// Makes this process the one that delivers, until `letGoDeliveries` or its end, however it ends; false
    /// when somebody delivers already.
    func takeUpDeliveries() -> Bool
    func letGoDeliveries()
    /// Makes this process the daemon of the store, until its end, however it ends; false where the store
    /// allows only one, and it is there.
    func takeUpService() -> Bool
    /// Who gets the events that are written from now on.
    func announce(to endpoints: [Endpoint])
    func recordDelivered(_ event: String, to endpoint: String, status: Int, at now: Instant) throws
    /// `nextAttemptAt` nil: a dead letter.
    func recordFailed(
        _ event: String, to endpoint: String, status: Int?, cause: String, nextAttemptAt: Instant?, at now: Instant
    ) throws
    /// Makes dead letters of all that wait for an endpoint, without an attempt; one audit entry. Answers how many.
    func giveUpDeliveries(to endpoint: String, change: Change) throws -> Int
    /// An endpoint wants no more. The event that it refused waits on, and this is none of its attempts. False when it
    /// is disabled already.
    func disableEndpoint(_ endpoint: DisabledEndpoint, refusing event: String, change: Change) throws -> Bool
    /// It is sent to again. False when it was not disabled.
    func enableEndpoint(_ name: String, change: Change) throws -> Bool
    /// What waits for an endpoint until its next attempt is due at once; one audit entry. Answers how many.
    func hastenDeliveries(to endpoint: String, change: Change) throws -> Int
    /// Dead letters become waiting again, with all their attempts before them; one audit entry. Answers how many.
    func replay(_ letters: DeadLetters, change: Change) throws -> Int
}
