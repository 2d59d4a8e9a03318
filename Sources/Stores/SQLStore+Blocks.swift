import Engine
import JSON
import RotaCore
import SQLite

/// Actions that are called for and cannot be taken.
extension SQLStore {
    func blocks() throws -> [Block] {
        try driver.all(.blocks, []) { row in
            Block(
                tokenID: TokenID(row.text(0)), action: try row.word(1), policy: row.text(2), rule: row.text(3),
                reason: try row.word(4), cause: row.text(5), since: row.instant(6))
        }
    }

    func openBlock(_ block: Block, announce: Bool, change: Change) throws -> Bool {
        let opened = try driver.execute(
            .openBlock,
            [
                .of(block.tokenID), .text(block.action.rawValue), .text(block.policy), .text(block.rule),
                .text(block.reason.rawValue), .text(block.cause), .of(block.since),
            ])
        guard opened == 1 else { return false }
        let details: JSON.Object = [
            "reason": .string(block.reason.rawValue), "action": .string(block.action.rawValue),
            "policy": .string(block.policy), "rule": .string(block.rule), "blocked": .of(block.reason),
        ]
        try audit(
            "action.block", of: block.tokenID.text, change,
            .joining(details, ["in_the_way": .string(block.cause), "since": .of(block.since)]))
        if announce { try emit("token.rotation_stuck", about: block.tokenID, change, details) }
        return true
    }

    func closeBlock(_ block: Block, change: Change) throws -> Bool {
        let values: [Value] = [
            .of(block.tokenID), .text(block.action.rawValue), .text(block.reason.rawValue),
        ]
        guard try driver.execute(.closeBlock, values) == 1 else { return false }
        try audit(
            "action.unblock", of: block.tokenID.text, change,
            ["reason": .string(block.reason.rawValue), "action": .string(block.action.rawValue)])
        return true
    }
}

extension JSON {
    /// A code for machines and a sentence for people; null where nothing is in the way.
    static func of(_ blocked: BlockedReason?) -> JSON {
        blocked.map { ["code": .string($0.rawValue), "message": .string($0.message)] } ?? .null
    }
}
