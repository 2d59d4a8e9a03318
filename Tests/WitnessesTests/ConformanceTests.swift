import Crypto
import Engine
import Foundation
import JSON
import RotaCore
import TestSupport
import Testing

@testable import Witnesses

struct ConformanceTests {
    @Test(arguments: WitnessCheck.all) func `a folder of files`(_ check: WitnessCheck) async throws {
        let scratch = try Scratch()
        let witness = FileWitness(name: "share", folder: scratch.folder)
        try await check.run(
            on: WitnessSubject(witness, canBeAsked: true) {
                try scratch.names.map { try String(contentsOfFile: "\(scratch.folder)/\($0)", encoding: .utf8) }
            })
    }

    @Test(arguments: WitnessCheck.all) func `a place in a vault`(_ check: WitnessCheck) async throws {
        let vault = FakeVault()
        let place = try #require(Destination("fake:audit/rota#checkpoint"))
        try await check.run(
            on: WitnessSubject(VaultWitness(name: "v", vault: vault, destination: place), canBeAsked: true) {
                try await vault.probe(place).value.map { [String(decoding: $0.copyBytes(), as: UTF8.self)] } ?? []
            })
    }

    @Test(arguments: WitnessCheck.all) func `a receiver of webhooks`(_ check: WitnessCheck) async throws {
        let transport = KeepingTransport()
        let witness = WebhookWitness(name: "w", transport: transport, endpoint: transport.endpoints[0])
        try await check.run(
            on: WitnessSubject(witness, canBeAsked: false) {
                try transport.events.withLock(\.self).map { event in
                    try JSON.parse(event.data, maximumBytes: 1 << 20)["checkpoint"]?.string ?? ""
                }
            })
    }
}

/// Accepts everything.
final class KeepingTransport: EventTransport {
    let endpoints = [Endpoint(name: "w", events: [], retries: [], place: "there")]
    let events = Locked<[OutgoingEvent]>([])
    let answer = Locked(DeliveryResult(.delivered, status: 200))

    func deliver(_ event: OutgoingEvent, to endpoint: Endpoint, at now: Instant) async -> DeliveryResult {
        events.withLock { $0.append(event) }
        return answer.withLock(\.self)
    }
}

/// A folder that goes when the test has ended.
final class Scratch: Sendable {
    let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "/rota-witness-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() } }

    func text(_ name: String) throws -> String { try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8) }

    func write(_ text: String, to name: String) throws {
        try text.write(toFile: "\(folder)/\(name)", atomically: false, encoding: .utf8)
    }
}
