import Crypto
import Engine
import RotaCore
import Stores
import TestSupport
import Testing

/// A store of its own, and inventories that are taken into it.
struct ImportBench {
    static let now = Instant(seconds: 1_795_392_000)
    private let folder: ScratchFolder
    let store: any Store
    private let random = SeededRandom()

    init() throws {
        folder = try ScratchFolder()
        let location = "sqlite:\(folder.path)/store/rota.db"
        let change = Change(actor: "test", at: Self.now, cause: "set up")
        try createStore(
            at: location, identity: StoreIdentity(instance: "test", generation: 1, createdAt: Self.now), change: change)
        store = try openStore(at: location, endpoints: [Endpoint(name: "all", events: [Glob("*")], retries: [])])
    }

    /// - parameter chunk: how many bytes are read at once; small, so that a record is cut anywhere.
    @discardableResult
    func take(
        _ text: String, as format: InventoryFormat = .csv, issuer: Issuer? = nil,
        columns: ColumnMapping = ColumnMapping(), dryRun: Bool = false, isComplete: Bool = false,
        isPartial: Bool = false, mostTold: Int = ImportSummary.mostTold, chunk: Int = 7, at now: Instant = now
    ) throws -> ImportSummary {
        let bytes = Array(text.utf8)
        let request = ImportRequest(
            file: "tokens", format: format, issuer: issuer, columns: columns,
            vaults: KnownVaults(names: ["local", "main"], withoutFields: ["local"], defaultFields: ["main": "value"]),
            dryRun: dryRun, isComplete: isComplete, isPartial: isPartial, mostTold: mostTold, writtenAt: now)
        return try importInventory(
            request,
            from: {
                var rest = bytes[...]
                return {
                    defer { rest = rest.dropFirst(chunk) }
                    return Array(rest.prefix(chunk))
                }
            }, into: store, change: Change(actor: "test", at: now, cause: "import"), random: random)
    }

    /// What is wrong with an inventory, by line.
    func faults(
        _ text: String, as format: InventoryFormat = .csv, issuer: Issuer? = nil,
        columns: ColumnMapping = ColumnMapping(), dryRun: Bool = false
    ) throws -> [String] {
        do {
            _ = try take(text, as: format, issuer: issuer, columns: columns, dryRun: dryRun)
            return []
        } catch let error as InventoryFaults {
            return error.faults.map(\.description)
        }
    }

    /// The token of a name.
    func token(_ name: String) throws -> Token { try #require(try store.token(named: name)) }

    func tokens() throws -> [Token] {
        var tokens: [Token] = []
        try store.eachToken(states: []) {
            tokens.append($0)
            return true
        }
        return tokens
    }

    func audit(of object: String? = nil) throws -> [AuditEntry] {
        var entries: [AuditEntry] = []
        try store.eachAuditEntry(from: 0, object: object) {
            entries.append($0)
            return true
        }
        return entries
    }
}
