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
    private let location: String
    let store: any Store
    private let random = SeededRandom()

    init() throws {
        folder = try ScratchFolder()
        location = "sqlite:\(folder.path)/store/rota.db"
        let change = Change(actor: "test", at: Self.now, cause: "set up")
        try createStore(
            at: location, identity: StoreIdentity(instance: "test", generation: 1, createdAt: Self.now), change: change)
        store = try openStore(at: location, endpoints: [Endpoint(name: "all", events: [Glob("*")], retries: [])])
    }

    /// The store as another process has it, which does not wait for anybody.
    func another() throws -> any Store {
        try openStore(at: location, endpoints: [], patience: StorePatience(seconds: 0))
    }

    /// - parameters:
    ///   - chunk: how many bytes are read at once; small, so that a record is cut anywhere.
    ///   - hasRead: called at the end of each reading of the file, with its number from 1.
    @discardableResult
    func take(
        _ text: String, as format: InventoryFormat = .csv, issuer: Issuer? = nil,
        columns: ColumnMapping = ColumnMapping(), dryRun: Bool = false, isComplete: Bool = false,
        isPartial: Bool = false, mostTold: Int = ImportSummary.mostTold, mostVanishedTold: Int? = nil, chunk: Int = 7,
        at now: Instant = now,
        hasRead: @escaping (Int) throws -> Void = { _ in }
    ) throws -> ImportSummary {
        let bytes = Array(text.utf8)
        var readings = 0
        let request = ImportRequest(
            file: "tokens", format: format, issuer: issuer, columns: columns,
            vaults: KnownVaults(names: ["local", "main"], withoutFields: ["local"], defaultFields: ["main": "value"]),
            dryRun: dryRun, isComplete: isComplete, isPartial: isPartial, mostTold: mostTold,
            mostVanishedTold: mostVanishedTold, writtenAt: now)
        return try importInventory(
            request,
            from: {
                var rest = bytes[...]
                readings += 1
                let reading = readings
                return {
                    defer { rest = rest.dropFirst(chunk) }
                    if rest.isEmpty { try hasRead(reading) }
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
