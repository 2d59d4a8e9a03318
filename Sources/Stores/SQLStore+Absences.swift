import Engine
import JSON
import RotaCore
import SQLite

/// Tokens that the lists of their issuers do not have any more.
extension SQLStore {
    func absence(of id: TokenID) throws -> Absence? {
        try driver.first(.absence, [.of(id)]) { row in Absence(since: row.instant(0), file: row.text(1)) }
    }

    func countAbsent() throws -> Int {
        try driver.first(.absentCount, []) { $0.count(0) } ?? 0
    }

    func eachAbsent(_ each: (Token, Absence) throws -> Bool) throws {
        let first = TokenDecoder.columnCount
        try driver.query(.absentTokens, []) { row in
            try each(decode(row), Absence(since: row.instant(first), file: row.text(first + 1)))
        }
    }

    func noteAbsence(of id: TokenID, from file: String, change: Change) throws -> Bool {
        guard try driver.execute(.noteAbsence, [.of(id), .of(change.at), .text(file)]) == 1 else { return false }
        try audit("token.vanish", of: id.text, change, ["missing": true, "file": .string(file)])
        return true
    }

    func endAbsence(of id: TokenID, change: Change) throws -> Bool {
        guard try driver.execute(.endAbsence, [.of(id)]) == 1 else { return false }
        try audit("token.return", of: id.text, change, ["missing": false])
        return true
    }
}
