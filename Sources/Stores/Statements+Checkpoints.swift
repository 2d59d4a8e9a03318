/// The audit log as a tree, and what was signed of it.
extension Statement {
    static let signing: [Statement] = [
        auditEntry, auditSubtree, countAuditSubtrees, addAuditSubtree, newestCheckpoint, checkpointCovering,
        checkpointsAbove, addCheckpoint, checkpointKeys, addCheckpointKey,
    ]

    static let auditEntry = Statement(
        "SELECT number, at, actor, action, object, body FROM audit WHERE number = $1")
    static let auditSubtree = Statement("SELECT hash FROM audit_subtrees WHERE level = $1 AND place = $2")
    static let countAuditSubtrees = Statement("SELECT MAX(place) FROM audit_subtrees WHERE level = $1")
    static let addAuditSubtree = Statement("INSERT INTO audit_subtrees (level, place, hash) VALUES ($1, $2, $3)")
    static let newestCheckpoint = Statement(
        "SELECT size, root, at, note FROM checkpoints WHERE size >= 0 ORDER BY size DESC LIMIT 1")
    static let checkpointCovering = Statement(
        "SELECT size, root, at, note FROM checkpoints WHERE size >= $1 ORDER BY size LIMIT 1")
    static let checkpointsAbove = Statement(
        "SELECT size, root, at, note FROM checkpoints WHERE size > $1 ORDER BY size")
    static let addCheckpoint = Statement("INSERT INTO checkpoints (size, root, at, note) VALUES ($1, $2, $3, $4)")
    static let checkpointKeys = Statement("SELECT key, since FROM checkpoint_keys WHERE number > 0 ORDER BY number")
    static let addCheckpointKey = Statement("INSERT INTO checkpoint_keys (key, since) VALUES ($1, $2)")
}
