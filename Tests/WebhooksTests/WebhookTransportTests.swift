import Crypto
import Engine
import HTTPClient
import JSON
import RotaCore
import Testing

@testable import Webhooks

struct WebhookTransportTests {
    private let now = Instant(seconds: 1_800_000_000)
    private let event = OutgoingEvent(
        id: "evt_1", type: "token.rotated", at: Instant(seconds: 1_799_999_000),
        data: #"{"token_id":"tok_1","seq":4}"#)

    private func secret(_ byte: UInt8) throws -> WebhookSecret {
        try WebhookSecret(
            Secret(utf8: "whsec_" + Base64.standard.encode([UInt8](repeating: byte, count: 32))))
    }

    private func endpoint(_ name: String = "security", secrets: [WebhookSecret]? = nil) throws
        -> WebhookEndpoint
    {
        WebhookEndpoint(
            name: name, url: "http://127.0.0.1:9/hook", secrets: try secrets ?? [secret(1)],
            events: [Glob("token.*")])
    }

    /// The answer of a transport whose receiver says `response`.
    private func deliver(_ response: Response) async throws -> DeliveryResult {
        let transport = WebhookTransport(endpoints: [try endpoint()]) { _, _ in response }
        return await transport.deliver(event, to: transport.endpoints[0], at: now)
    }

    @Test func `the body is the envelope with type, time and data`() throws {
        let request = try endpoint().request(for: event, at: now)
        #expect(
            String(decoding: request.body, as: UTF8.self)
                == #"{"type":"token.rotated","timestamp":"\#(event.at)","data":{"token_id":"tok_1","seq":4}}"#
        )
        #expect(request.method == "POST")
        #expect(request.timeout == .seconds(15))
    }

    @Test func `every attempt has the same id and body, and the time and signature of its own`() throws {
        let endpoint = try endpoint()
        let first = endpoint.request(for: event, at: now)
        let second = endpoint.request(for: event, at: now + TimeSpan(seconds: 5))
        #expect(header("webhook-id", of: first) == "evt_1")
        #expect(header("webhook-id", of: second) == "evt_1")
        #expect(first.body == second.body)
        #expect(header("webhook-timestamp", of: second) == "1800000005")
        #expect(header("webhook-signature", of: first) != header("webhook-signature", of: second))
    }

    @Test func `while a secret rotates there is one signature for each`() throws {
        let secrets = [try secret(1), try secret(2)]
        let request = try endpoint(secrets: secrets).request(for: event, at: now)
        let expected = secrets.map { $0.signature(id: "evt_1", timestamp: now.seconds, body: request.body) }
        #expect(header("webhook-signature", of: request) == expected.joined(separator: " "))
        #expect(Set(expected).count == 2)
    }

    @Test(arguments: [
        (200, DeliveryResult.Kind.delivered), (204, .delivered), (299, .delivered), (301, .failed),
        (302, .failed),
        (304, .failed), (400, .failed), (404, .failed), (410, .gone), (429, .failed), (500, .failed),
        (503, .failed),
    ])
    func `the status decides`(status: Int, kind: DeliveryResult.Kind) async throws {
        let result = try await deliver(Response(status: status))
        #expect(result.kind == kind)
        #expect(result.status == status)
        #expect((result.cause == nil) == (kind == .delivered))
    }

    @Test(
        arguments: [
            ("0", 0), ("120", 120), ("99999999999", TimeSpan.longest.seconds),
            ("Fri, 15 Jan 2027 08:01:00 GMT", 60), ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
        ] as [(String, Int64)])
    func `a Retry-After is read as seconds or as a date`(text: String, seconds: Int64) async throws {
        let result = try await deliver(Response(status: 503, headers: [("Retry-After", text)]))
        #expect(result.retryAfter == TimeSpan(seconds: seconds))
    }

    @Test(arguments: [
        "", "soon", "-5", "1.5", "Fri, 15 Foo 2027 08:01:00 GMT", "Fri, 32 Jan 2027 08:01:00 GMT",
    ])
    func `a Retry-After that is neither is ignored`(text: String) async throws {
        let result = try await deliver(Response(status: 503, headers: [("Retry-After", text)]))
        #expect(result.retryAfter == nil)
    }

    @Test func `a private address is refused unless the configuration allows it`() async throws {
        let transport = WebhookTransport(endpoints: [try endpoint()])
        let result = await transport.deliver(event, to: transport.endpoints[0], at: now)
        #expect(result.kind == .failed)
        #expect(result.status == nil)
        #expect(result.cause?.contains("not sent") == true)
    }

    @Test func `the engine sees names, events and retries, and no secret`() throws {
        let transport = WebhookTransport(endpoints: [try endpoint("one"), try endpoint("two")])
        #expect(transport.endpoints.map(\.name) == ["one", "two"])
        #expect(transport.endpoints[0].retries == Endpoint.standardRetries)
    }

    private func header(_ name: String, of request: Request) -> String? {
        request.headers.first { $0.name == name }?.value
    }
}
