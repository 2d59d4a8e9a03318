import Documents
import Engine
import JSON
import RotaCore

extension Command {
    static let vaultList = Command(
        words: ["vault", "list"],
        summary: "list the configured vaults, and how many destinations each has",
        discussion: """
            conditional-write: of two writes over one state, one wins; fence: a late write can be made impossible;
            history: states are numbered, and older ones can be read; read-back: a write is proved by reading.
            """,
        examples: ["rota vault list", "rota vault list --json | jq -r '.vaults[].name'"],
        run: listVaults)
}

private func listVaults(_ invocation: Invocation) throws -> ExitCode {
    let composition = try Composition(invocation)
    let store = try composition.openStore()
    defer { store.close() }
    let counts = try store.destinationCounts()
    let vaults = composition.configuration.vaults
    let lost = counts.keys.filter { name in !vaults.contains { $0.name == name } }.sorted()
    if invocation.wantsJSON {
        invocation.output.document([
            "vaults": .array(vaults.map { json($0, counts[$0.name] ?? 0) }),
            "not_configured": .array(
                lost.map { ["name": .string($0), "destinations": .integer(counts[$0] ?? 0)] }),
        ])
        return .done
    }
    var table = Table(["name", "kind", "login", "destinations", "can", "place"], on: invocation.output)
    for vault in vaults {
        table.add([
            vault.name, vault.kindName, vault.loginName ?? "-", String(counts[vault.name] ?? 0),
            promises(of: vault), vault.location,
        ])
    }
    table.finish()
    for name in lost {
        invocation.output.warning(
            "\(counted(counts[name] ?? 0, "destination")) in '\(printable(name))', which is not configured")
    }
    if vaults.isEmpty { invocation.output.note("no vaults are configured") }
    return .done
}

/// What the vault can do, and in brackets what is missing.
private func promises(of vault: VaultSettings) -> String {
    let facts = vault.capabilities.facts.filter(\.holds).map(\.word).joined(separator: ",")
    return [facts, vault.capabilities.caveat.map { "(\($0))" } ?? ""].filter { !$0.isEmpty }.joined(separator: " ")
}

private func json(_ vault: VaultSettings, _ destinations: Int) -> JSON {
    var document = vault.json.object ?? JSON.Object([])
    document["destinations"] = .integer(destinations)
    return .object(document)
}

extension VaultSettings {
    /// What is known of it without asking it.
    var json: JSON {
        [
            "name": .string(name), "kind": .string(kindName), "place": .string(location),
            "login": TokenDocument.text(loginName), "destinations": 0,
            "caveat": TokenDocument.text(capabilities.caveat),
            "capabilities": .object(
                JSON.Object(capabilities.facts.map { ($0.word.replacing("-", with: "_"), .bool($0.holds)) })),
        ]
    }
}
