import Crypto
import Engine
import Glibc
import HTTPClient
import RotaCore
import TestSupport
import Testing
import Vaults

/// The claims that the rotation protocol stands on, made of every kind of vault.
@Suite struct ConformanceTests {
    @Test(arguments: VaultCheck.all)
    func `a vault in memory`(_ check: VaultCheck) async throws {
        let vaults: [any Vault] = [
            FakeVault(), FakeVault(orderedBases: false), FakeVault(fencesEmptiness: false),
            FakeVault(fenceable: false), FakeVault(conditionalWrite: false), FakeVault(readable: false),
            // What is counted is as it is.
            MeteredVault(FakeVault(), VaultMeter()),
        ]
        for vault in vaults {
            let names = Counter()
            try await check.run(
                on: VaultSubject(
                    vault, sibling: { Destination(vault: "fake", path: $0.path, field: "other") },
                    invalidDestinations: [],
                    freshDestination: { Destination(vault: "fake", path: names.next("place")) }))
        }
    }

    @Test(arguments: VaultCheck.all)
    func `a directory`(_ check: VaultCheck) async throws {
        let scratch = try ScratchFolder()
        try #require(mkdir(scratch.path + "/secrets", 0o700) == 0)
        let names = Counter()
        let invalid =
            [
                "", "/etc/passwd", "a//b", "a/", "../a", "a/../b", "./a", ".rota.counter.a", ".rotated/a",
                "a/.rota",
                String(repeating: "n", count: 231), "a\0b", "a\nb", String(repeating: "d/", count: 40) + "a",
            ].map { Destination(vault: "local", path: $0) } + [
                Destination(vault: "local", path: "a", field: "f")
            ]
        try await check.run(
            on: VaultSubject(
                DirectoryVault(name: "local", root: "\(scratch.path)/secrets"),
                // Nothing shares a file; a neighbour in the folder is the nearest thing.
                sibling: nil, invalidDestinations: invalid,
                freshDestination: { Destination(vault: "local", path: names.next("app/place")) }))
        withExtendedLifetime(scratch) {}
    }

    @Test(arguments: VaultCheck.all)
    func `a KV version 2 mount of a real OpenBao`(_ check: VaultCheck) async throws {
        let bao = try OpenBao.shared()
        let names = Counter()
        let invalid =
            [
                "", "/a", "a//b", "a/", "..", "a/../b", "./a", "a\u{7F}b",
                String(repeating: "n", count: 1025),
            ].map { Destination(vault: "main", path: $0) } + [
                Destination(vault: "main", path: "a", field: ""),
                Destination(vault: "main", path: "a", field: "b\n"),
                Destination(vault: "main", path: "a", field: String(repeating: "f", count: 257)),
            ]
        let vault = try KV2Vault(
            KV2Configuration(name: "main", address: bao.address), authentication: .given(bao.rootToken),
            client: HTTPClient(addressPolicy: .any), clock: ManualClock())
        // Names that need encoding, and of their own for each check: the server is shared.
        let folder = "checks/" + Hex.encode(Random.bytes(6)) + "/ä b+c%2F?#"
        try await check.run(
            on: VaultSubject(
                vault, sibling: { Destination(vault: "main", path: $0.path, field: "other field") },
                invalidDestinations: invalid,
                freshDestination: { Destination(vault: "main", path: names.next("\(folder)/place")) }))
    }

    @Test(arguments: VaultCheck.all, ["token", nil])
    func `secrets of AWS in moto, which checks signatures`(_ check: VaultCheck, key: String?) async throws {
        let house = try AWSHouse()
        // A destination that was never used is a secret without a value: it is never Rota that makes one.
        var made: [String] = []
        for _ in 0..<2 { made.append(try await house.make()) }
        let secrets = Locked(made)
        let paths = ["", "a b", "ä", "a\nb", "a#b", String(repeating: "n", count: 2049)]
        let keys = ["", "b\n", String(repeating: "f", count: 257)]
        let invalid =
            paths.map { Destination(vault: "aws", path: $0, field: key) }
            + keys.map { Destination(vault: "aws", path: "a", field: $0) }
        let sibling: @Sendable (Destination) -> Destination = {
            Destination(vault: "aws", path: $0.path, field: "other key")
        }
        try await check.run(
            on: VaultSubject(
                try house.vault(), sibling: key == nil ? nil : sibling, invalidDestinations: invalid,
                freshDestination: {
                    Destination(vault: "aws", path: secrets.withLock { $0.popLast() } ?? "none-left", field: key)
                }))
    }

    @Test(arguments: VaultCheck.all, ["with ETags", "without a condition", "without reading"])
    func `an endpoint that takes nothing but what is described`(_ check: VaultCheck, kind: String) async throws {
        let conditional = kind == "with ETags"
        let endpoint = try StrictEndpoint(conditional: conditional)
        let names = Counter()
        let paths = ["", "/a", "a//b", "a/", "..", "a/../b", "./a", "a\u{7F}b"]
        let invalid =
            paths.map { Destination(vault: "http", path: $0, field: "key") }
            + ["", "b\n", ".."].map { Destination(vault: "http", path: "a", field: $0) }
            + [Destination(vault: "http", path: "a")]
        try await check.run(
            on: VaultSubject(
                try endpoint.vault(reading: kind != "without reading", conditional: conditional),
                // Each place is of its own; nothing is beside it.
                sibling: nil, invalidDestinations: invalid,
                freshDestination: { Destination(vault: "http", path: names.next("app/pl ace%2F&?"), field: "k/&=") }))
        #expect(endpoint.faults == [])
    }
}

/// Names that were not given before.
final class Counter: Sendable {
    private let last = Locked(0)

    func next(_ prefix: String) -> String {
        let number = last.withLock { number in
            number += 1
            return number
        }
        return "\(prefix)-\(number)"
    }
}
