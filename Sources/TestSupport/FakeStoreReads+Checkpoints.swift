package import Engine
package import RotaCore
package import TransparencyLog

/// Its log is not signed, unless a test has said so.
extension FakeStoreReads {
    package func newestEntry() -> Int64 { entries.last?.number ?? 0 }
    package func auditEntry(_ number: Int64) -> AuditEntry? { entries.first { $0.number == number } }
    package func auditSubtree(level: Int, place: Int) -> TreeHash? { nil }
    package func countAuditSubtrees(level: Int) -> Int { 0 }
    package func newestCheckpoint() -> SignedCheckpoint? { checkpoints.last }
    package func checkpoint(covering size: Int) -> SignedCheckpoint? { checkpoints.first { $0.size >= size } }
    package func eachCheckpoint(above size: Int, _ each: (SignedCheckpoint) throws -> Bool) throws {
        for checkpoint in checkpoints where checkpoint.size > size { guard try each(checkpoint) else { return } }
    }
    package func policyText(_ digest: String) -> [UInt8]? { nil }
    package func checkpointKeys() -> [(key: String, since: Instant)] { checkpointSigners }
}
