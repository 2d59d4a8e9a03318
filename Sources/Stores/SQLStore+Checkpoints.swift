import Engine
import JSON
import RotaCore
import SQLite
import TransparencyLog

extension SQLStore {
    func auditEntry(_ number: Int64) throws -> AuditEntry? {
        try driver.first(.auditEntry, [.integer(number)], Decode.auditEntry)
    }

    func auditSubtree(level: Int, place: Int) throws -> TreeHash? {
        try driver.first(.auditSubtree, [.of(level), .of(place)]) { try Self.hash($0.blob(0)) }
    }

    func countAuditSubtrees(level: Int) throws -> Int {
        try driver.first(.countAuditSubtrees, [.of(level)]) { $0.isNull(0) ? 0 : $0.count(0) + 1 } ?? 0
    }

    func addAuditSubtree(_ hash: TreeHash, level: Int, place: Int) throws {
        _ = try driver.execute(.addAuditSubtree, [.of(level), .of(place), .blob(hash.bytes)])
    }

    func newestCheckpoint() throws -> SignedCheckpoint? {
        try driver.first(.newestCheckpoint, [], Self.checkpoint)
    }

    func checkpoint(covering size: Int) throws -> SignedCheckpoint? {
        try driver.first(.checkpointCovering, [.of(size)], Self.checkpoint)
    }

    func eachCheckpoint(above size: Int, _ each: (SignedCheckpoint) throws -> Bool) throws {
        try driver.query(.checkpointsAbove, [.of(size)]) { try each(Self.checkpoint($0)) }
    }

    func addCheckpoint(_ checkpoint: SignedCheckpoint) throws {
        _ = try driver.execute(
            .addCheckpoint,
            [.of(checkpoint.size), .blob(checkpoint.root.bytes), .of(checkpoint.at), .text(checkpoint.note)])
    }

    func checkpointKeys() throws -> [(key: String, since: Instant)] {
        try driver.all(.checkpointKeys, []) { ($0.text(0), $0.instant(1)) }
    }

    func takeCheckpointKey(_ key: String, change: Change) throws {
        let former = try checkpointKeys().max { $0.since < $1.since }?.key
        _ = try driver.execute(.addCheckpointKey, [.text(key), .of(change.at)])
        try audit(
            auditKeyAction, of: "audit", change, before: former.map { ["key": .string($0)] } ?? [:],
            ["key": .string(key)])
    }

    private static func checkpoint(_ row: borrowing Row) throws -> SignedCheckpoint {
        SignedCheckpoint(size: row.count(0), root: try hash(row.blob(1)), at: row.instant(2), note: row.text(3))
    }

    private static func hash(_ bytes: [UInt8]) throws -> TreeHash {
        guard let hash = TreeHash(bytes: bytes) else { throw StoreError.failed("a hash in the store has not 32 bytes") }
        return hash
    }
}
