import Crypto
import Engine
import Foundation
import HTTPClient
import JSON
import RotaCore
import TestSupport
import Testing

@testable import Witnesses

struct WitnessTests {
    private let now = WitnessCheck.now

    // MARK: Files

    @Test func `each checkpoint is a file of its own, which nobody changes any more`() async throws {
        let scratch = try Scratch()
        let witness = FileWitness(name: "share", folder: scratch.folder)
        for size in [3, 12] { try await witness.take(WitnessCheck.checkpoint(size), at: now) }
        #expect(
            try scratch.names == [
                "rota-conformance-000000000003.checkpoint", "rota-conformance-000000000012.checkpoint",
            ])
        let attributes = try FileManager.default.attributesOfItem(atPath: scratch.folder + "/" + scratch.names[0])
        #expect((attributes[.posixPermissions] as? Int) == 0o444)
    }

    @Test func `half a file stays as it is, and the checkpoint goes beside it`() async throws {
        let scratch = try Scratch()
        let (offered, earlier) = (WitnessCheck.checkpoint(12), WitnessCheck.checkpoint(3))
        let witness = FileWitness(name: "share", folder: scratch.folder)
        try await witness.take(earlier, at: now)
        try scratch.write(String(offered.note.prefix(20)), to: offered.fileName)
        #expect(try await witness.held(of: offered.log) == earlier.note)
        for _ in 1...2 { try await witness.take(offered, at: now) }
        #expect(try scratch.text(offered.fileName) == String(offered.note.prefix(20)))
        #expect(try scratch.text(offered.fileName + ".1") == offered.note)
        #expect(try scratch.names.count == 3)
        #expect(try await witness.held(of: offered.log) == offered.note)
    }

    @Test func `a share that is not mounted is not made`() async throws {
        let scratch = try Scratch()
        let folder = scratch.folder + "/gone"
        let witness = FileWitness(name: "share", folder: folder)
        for step in ["held", "take"] {
            let error = await #expect(throws: WitnessError.self) {
                if step == "held" { _ = try await witness.held(of: WitnessCheck.log) }
                if step == "take" { try await witness.take(WitnessCheck.checkpoint(1), at: now) }
            }
            #expect(error?.message.contains("\(folder) is not there") == true)
        }
        #expect(!FileManager.default.fileExists(atPath: folder))
    }

    @Test func `logs share a folder, and each has its own newest`() async throws {
        let scratch = try Scratch()
        let witness = FileWitness(name: "share", folder: scratch.folder)
        try await witness.take(WitnessCheck.checkpoint(9, of: "rota-a"), at: now)
        try await witness.take(WitnessCheck.checkpoint(4, of: "rota-a/2"), at: now)
        #expect(try await witness.held(of: "rota-a") == WitnessCheck.checkpoint(9, of: "rota-a").note)
        #expect(try await witness.held(of: "rota-a/2") == WitnessCheck.checkpoint(4, of: "rota-a/2").note)
    }

    // MARK: Vaults

    @Test func `a value that is no checkpoint of the log is never replaced`() async throws {
        let vault = FakeVault()
        let place = try #require(Destination("fake:app/token#value"))
        try await vault.write(Secret(utf8: "somebody's value"), to: place, over: vault.probe(place))
        let witness = VaultWitness(name: "v", vault: vault, destination: place)
        let error = await #expect(throws: WitnessError.self) {
            try await witness.take(WitnessCheck.checkpoint(1), at: now)
        }
        #expect(error?.message.contains("something else") == true)
        #expect(error?.message.contains("somebody's value") == false)
        #expect(try await vault.probe(place).value?.isEqual(to: Array("somebody's value".utf8)) == true)
    }

    @Test func `who writes between look and write is not written over`() async throws {
        let vault = FakeVault()
        let place = try #require(Destination("fake:audit/rota#checkpoint"))
        let witness = VaultWitness(name: "v", vault: vault, destination: place)
        vault.script(.write, .refused)
        await #expect(throws: WitnessError.self) { try await witness.take(WitnessCheck.checkpoint(1), at: now) }
        #expect(try await vault.probe(place).value == nil)
    }

    // MARK: Webhooks

    @Test func `the same checkpoint has the same id, and another one another`() async throws {
        let transport = KeepingTransport()
        let witness = WebhookWitness(name: "w", transport: transport, endpoint: transport.endpoints[0])
        for size in [3, 3, 4] { try await witness.take(WitnessCheck.checkpoint(size), at: now) }
        let ids = transport.events.withLock { $0.map(\.id) }
        #expect(ids[0] == ids[1] && ids[1] != ids[2])
        #expect(ids.allSatisfy { !$0.contains(".") })
        transport.answer.withLock { $0 = DeliveryResult(.failed, status: 500, cause: "status 500") }
        let error = await #expect(throws: WitnessError.self) {
            try await witness.take(WitnessCheck.checkpoint(5), at: now)
        }
        #expect(error?.message == "status 500")
    }

    // MARK: Mail

    @Test func `a mail is ASCII in short lines, with the checkpoint as its file`() throws {
        let offered = WitnessCheck.checkpoint(42, of: "rota-\u{00E9}t\u{00E9}")
        let mail = MailText(offered, from: "rota@example.com", to: ["a@example.com", "b@example.com"], at: now)
        let text = String(decoding: mail.bytes, as: UTF8.self)
        let lines = text.components(separatedBy: "\r\n")
        #expect(lines.allSatisfy { $0.utf8.count <= 200 && !$0.contains("\n") && $0.utf8.allSatisfy { $0 < 0x80 } })
        #expect(text.hasPrefix("Date: Fri, 15 Jan 2027 08:00:00 +0000\r\nFrom: <rota@example.com>\r\n"))
        #expect(text.contains("To: <a@example.com>,\r\n <b@example.com>\r\n"))
        let file = try #require(lines.firstIndex { $0.hasPrefix("Content-Disposition: attachment") })
        let encoded = lines[(file + 2)...].prefix { !$0.hasPrefix("--") }.joined()
        #expect(Base64.standard.decode(encoded) == Array(offered.note.utf8))
    }

    @Test(arguments: [
        "", "a", "@b", "a@", "a@b@c", "a b@c", "a@b>", "<a@b", "a@b\r\nRCPT TO:<c@d>", "a@\u{00E9}", "a,b@c",
    ]) func `what could say more than an address is none`(_ text: String) {
        #expect(!Mail.isAddress(text))
    }

    @Test(arguments: ["a@b", "rota+audit@mail.example.com", "o'neill@example.com"]) func `addresses`(_ text: String) {
        #expect(Mail.isAddress(text))
    }
}
