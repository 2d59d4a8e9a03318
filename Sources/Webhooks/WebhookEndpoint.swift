package import Addresses
import Engine
package import RotaCore

/// A configured receiver with all that is needed to reach it.
package struct WebhookEndpoint: Sendable {
    package var name: String
    /// An `http` or `https` URL; it may hold a credential and is never printed whole.
    package var url: String
    /// Two while a secret is being rotated: each delivery is signed with all of them.
    package var secrets: [WebhookSecret]
    /// Globs over event types, such as `token.*`.
    package var events: [Glob]
    package var retries: [TimeSpan]
    /// Ranges that may be connected to beside the public ones.
    package var allowedAddresses: [CIDR]
    package var format: WebhookFormat

    package init(
        name: String, url: String, secrets: [WebhookSecret], events: [Glob] = [Glob("*")],
        retries: [TimeSpan] = Endpoint.standardRetries, allowedAddresses: [CIDR] = [],
        format: WebhookFormat = .standard
    ) {
        self.name = name
        self.url = url
        self.secrets = secrets
        self.events = events
        self.retries = retries
        self.allowedAddresses = allowedAddresses
        self.format = format
    }
}

/// How an event is written.
package enum WebhookFormat: String, Sendable, CaseIterable {
    /// The envelope of the Standard Webhooks specification.
    case standard
}
