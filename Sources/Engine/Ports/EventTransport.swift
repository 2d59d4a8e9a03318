import Crypto
package import RotaCore

/// Sends one event to one endpoint, once.
package protocol EventTransport: Sendable {
    /// The configured endpoints.
    var endpoints: [Endpoint] { get }

    func deliver(_ event: OutgoingEvent, to endpoint: Endpoint, at now: Instant) async -> DeliveryResult
}

/// A configured webhook receiver, as far as the engine knows it: its secret stays with the transport.
package struct Endpoint: Hashable, Sendable {
    package var name: String
    /// Globs over event types, such as `token.*`.
    package var events: [Glob]
    /// The waits between attempts; after the last one the delivery is a dead letter.
    package var retries: [TimeSpan]
    /// Tells one address from another, and nothing else of it: an address may hold a credential.
    package var place: String

    package init(name: String, events: [Glob], retries: [TimeSpan], place: String = "") {
        self.name = name
        self.events = events
        self.retries = retries
        self.place = place
    }

    /// - parameter url: where it is.
    package static func place(at url: String) -> String { "sha256:" + Hex.encode(SHA256.digest(of: url)) }

    /// The waits of the Standard Webhooks specification.
    package static let standardRetries: [TimeSpan] = [
        TimeSpan(seconds: 5), TimeSpan(seconds: 300), TimeSpan(seconds: 1800), .hours(2), .hours(5), .hours(10),
        .hours(14), .hours(20), .hours(24),
    ]
}

/// An event as it waits in the outbox.
package struct OutgoingEvent: Hashable, Sendable {
    /// Stable across retries; holds no full stop.
    package var id: String
    /// Such as `token.rotated`.
    package var type: String
    package var at: Instant
    /// JSON text of the event's `data`.
    package var data: String

    package init(id: String, type: String, at: Instant, data: String) {
        self.id = id
        self.type = type
        self.at = at
        self.data = data
    }
}

/// What became of one attempt.
package struct DeliveryResult: Hashable, Sendable {
    /// How an attempt ended.
    package enum Kind: String, Sendable {
        case delivered, failed
        /// 410: the endpoint wants no more, and is disabled.
        case gone
    }

    package var kind: Kind
    /// The HTTP status, where there was an answer.
    package var status: Int?
    /// For people; nil when delivered.
    package var cause: String?
    package var retryAfter: TimeSpan?

    package init(_ kind: Kind, status: Int? = nil, cause: String? = nil, retryAfter: TimeSpan? = nil) {
        self.kind = kind
        self.status = status
        self.cause = cause
        self.retryAfter = retryAfter
    }
}
