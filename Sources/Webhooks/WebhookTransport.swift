package import Engine
import HTTPClient
package import RotaCore

/// Sends events as signed webhooks (Standard Webhooks 1.0.0).
///
/// Addresses are checked on the socket that is connected, under the policy of the endpoint; redirects are
/// failures; what a receiver says beyond status and `Retry-After` is not looked at.
package struct WebhookTransport: EventTransport {
    package let endpoints: [Endpoint]
    private let receivers: [String: Receiver]

    typealias Send = @Sendable (Request) async throws(HTTPError) -> Response

    private struct Receiver: Sendable {
        var endpoint: WebhookEndpoint
        var send: Send
    }

    /// - parameter webhooks: with names that differ. Starts one client, with its thread, for each set of
    ///   addresses: pooled connections must not be shared between policies.
    package init(endpoints webhooks: [WebhookEndpoint]) {
        var clients: [AddressPolicy: HTTPClient] = [:]
        for webhook in webhooks {
            let policy = AddressPolicy.publicOnly(allowing: webhook.allowedAddresses)
            clients[policy] = clients[policy] ?? HTTPClient(addressPolicy: policy)
        }
        self.init(endpoints: webhooks) { [clients] endpoint, request throws(HTTPError) in
            let policy = AddressPolicy.publicOnly(allowing: endpoint.allowedAddresses)
            guard let client = clients[policy] else { throw .shutDown }
            return try await client.send(request)
        }
    }

    /// - parameter send: carries a request to an endpoint.
    init(
        endpoints webhooks: [WebhookEndpoint],
        send: @escaping @Sendable (WebhookEndpoint, Request) async throws(HTTPError) -> Response
    ) {
        endpoints = webhooks.map { webhook in
            Endpoint(
                name: webhook.name, events: webhook.events, retries: webhook.retries,
                place: Endpoint.place(at: webhook.url))
        }
        receivers = Dictionary(
            webhooks.map { webhook in
                (
                    webhook.name,
                    Receiver(endpoint: webhook) { request throws(HTTPError) in
                        try await send(webhook, request)
                    }
                )
            }, uniquingKeysWith: { first, _ in first })
    }

    package func deliver(_ event: OutgoingEvent, to endpoint: Endpoint, at now: Instant) async
        -> DeliveryResult
    {
        guard let receiver = receivers[endpoint.name] else {
            return DeliveryResult(.failed, cause: "the configuration has no webhook named '\(endpoint.name)'")
        }
        do throws(HTTPError) {
            return DeliveryResult(
                try await receiver.send(receiver.endpoint.request(for: event, at: now)), at: now)
        } catch {
            return DeliveryResult(.failed, cause: error.description)
        }
    }
}
