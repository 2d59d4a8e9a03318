import Crypto
package import Engine
import JSON
package import RotaCore
import TransparencyLog

/// A receiver of webhooks: signed and sent as events are, whatever events it asks for. The same checkpoint has the same
/// id, however often it is sent.
package struct WebhookWitness: CheckpointWitness {
    /// The type of the event.
    package static let event = "audit.checkpoint"

    package let name: String
    package let kind = "webhook"
    package let place: String

    private let transport: any EventTransport
    private let endpoint: Endpoint

    /// - parameter transport: has the endpoint.
    package init(name: String, transport: any EventTransport, endpoint: Endpoint) {
        self.name = name
        self.transport = transport
        self.endpoint = endpoint
        place = endpoint.place
    }

    /// Nobody asks a receiver.
    package func held(of log: String) async throws(WitnessError) -> String? { nil }

    package func take(_ checkpoint: OfferedCheckpoint, at now: Instant) async throws(WitnessError) {
        let digest = SHA256.digest(of: "\(name)\n\(checkpoint.log)\n\(checkpoint.size)\n\(checkpoint.root.base64)")
        let data: JSON = [
            "log": .string(checkpoint.log), "size": .integer(checkpoint.size),
            "root": .string(checkpoint.root.base64), "signed_at": .string(checkpoint.at.description),
            "checkpoint": .string(checkpoint.note), "key": .string(checkpoint.key),
            "file": .string(checkpoint.fileName), "instructions": .string(checkpoint.instructions),
        ]
        let event = OutgoingEvent(
            id: "chk_" + Hex.encode(Array(digest[..<16])), type: Self.event, at: checkpoint.at,
            data: data.serialized())
        let result = await transport.deliver(event, to: endpoint, at: now)
        guard result.kind == .delivered else { throw WitnessError(result.cause ?? "it was not accepted") }
    }
}
