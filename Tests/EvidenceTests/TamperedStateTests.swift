import Engine
import Foundation
import RotaCore
import SQLite
import Stores
import TestSupport
import Testing

/// Whoever writes to the tables past the store leaves a trace: the log says something else.
@Suite struct TamperedStateTests {
    /// What somebody does by hand, and what is to be told of it.
    struct Tampering: Sendable, CustomStringConvertible {
        var what: String
        var sql: String
        /// Each kind with its field; no field where the row as a whole is concerned.
        var told: [String]

        init(_ what: String, _ sql: String, _ told: String...) {
            (self.what, self.sql, self.told) = (what, sql, told)
        }

        var description: String { what }
    }

    private static func first(_ table: String, _ condition: String = "1") -> String {
        "rowid = (SELECT rowid FROM \(table) WHERE \(condition) ORDER BY rowid LIMIT 1)"
    }

    private static func added(to table: String, from condition: String, _ change: String) -> String {
        """
        CREATE TEMP TABLE forged AS SELECT * FROM \(table) WHERE \(first(table, condition));
        UPDATE forged SET \(change);
        INSERT INTO \(table) SELECT * FROM forged;
        """
    }

    private static func removed(from table: String, _ condition: String = "1") -> String {
        "DELETE FROM \(table) WHERE \(first(table, condition))"
    }

    static let tamperings: [Tampering] = [
        Tampering("an owner", "UPDATE tokens SET owner = 'mallory' WHERE \(first("tokens"))", "token owner"),
        Tampering("scopes", "UPDATE tokens SET scopes = 'admin' WHERE \(first("tokens"))", "token scopes"),
        Tampering("labels", "UPDATE tokens SET labels = 'env=none' WHERE \(first("tokens"))", "token labels"),
        Tampering("an end", "UPDATE tokens SET expires_at = 1 WHERE \(first("tokens"))", "token expires_at"),
        Tampering(
            "a revocation undone", "UPDATE tokens SET state = 'active' WHERE \(first("tokens", "state = 'revoked'"))",
            "token state"),
        Tampering(
            "who ended it", "UPDATE tokens SET ended_by = 'nobody' WHERE \(first("tokens", "state = 'revoked'"))",
            "token ended_by"),
        Tampering("a revision", "UPDATE tokens SET revision = 900 WHERE \(first("tokens"))", "token revision"),
        Tampering(
            "a token added",
            added(to: "tokens", from: "state = 'revoked'", "id = 'tok_forged', external_id = NULL"), "token -"),
        Tampering("a token removed", removed(from: "tokens"), "token -"),
        Tampering(
            "a value revived", "UPDATE versions SET state = 'previous' WHERE \(first("versions", "state = 'revoked'"))",
            "version state"),
        Tampering(
            "a value put in", "UPDATE versions SET digest = zeroblob(32) WHERE \(first("versions", "digest NOTNULL"))",
            "version digest"),
        Tampering("an age", "UPDATE versions SET issued_at = 5 WHERE \(first("versions"))", "version issued_at"),
        Tampering(
            "a version added", added(to: "versions", from: "state = 'revoked'", "number = 99, digest = NULL"),
            "version -"),
        Tampering("a version removed", removed(from: "versions", "state = 'revoked'"), "version -"),
        Tampering(
            "another place", "UPDATE destinations SET path = 'elsewhere' WHERE \(first("destinations"))",
            "destination -", "destination -"),
        Tampering(
            "a place taken away",
            "UPDATE destinations SET removed_at = 7 WHERE \(first("destinations", "removed_at IS NULL"))",
            "destination removed_at"),
        Tampering(
            "what may be written over",
            "UPDATE destinations SET baseline = zeroblob(32) WHERE \(first("destinations"))",
            "destination baseline"),
        Tampering("a place removed", removed(from: "destinations"), "destination -"),
        Tampering("a reason", "UPDATE waivers SET reason = 'none' WHERE \(first("waivers"))", "waiver reason"),
        Tampering(
            "a longer waiver", "UPDATE waivers SET ends_at = ends_at + 9 WHERE \(first("waivers"))", "waiver ends_at"),
        Tampering(
            "an approver", "UPDATE waivers SET approver = 'eve' WHERE \(first("waivers", "approver NOTNULL"))",
            "waiver approver"),
        Tampering(
            "a waiver added", added(to: "waivers", from: "state = 'expired'", "id = 'waiver_forged', number = 900"),
            "waiver -"),
        Tampering("a waiver removed", removed(from: "waivers"), "waiver -"),
        Tampering("a quarantine ended", removed(from: "quarantines"), "quarantine -"),
        Tampering(
            "a quarantine's cause", "UPDATE quarantines SET cause = 'none' WHERE \(first("quarantines"))",
            "quarantine cause"),
        Tampering("a rotation", "UPDATE rotations SET policy = 'none' WHERE \(first("rotations"))", "rotation policy"),
        Tampering(
            "a promotion", "UPDATE rotations SET promoted_at = 3 WHERE \(first("rotations"))", "rotation promoted_at"),
        Tampering("a finding", "UPDATE findings SET message = '' WHERE \(first("findings"))", "finding message"),
        Tampering("a finding removed", removed(from: "findings"), "finding -"),
        Tampering("a freeze", "UPDATE freezes SET begun_at = 3 WHERE \(first("freezes"))", "freeze begun_at"),
        Tampering("a run", "UPDATE runs SET finished_at = 3 WHERE \(first("runs"))", "run finished_at"),
        Tampering(
            "what a run did",
            "UPDATE run_actions SET outcome = 'done' WHERE \(first("run_actions", "outcome <> 'done'"))",
            "run actions"),
        Tampering("an action removed", removed(from: "run_actions"), "run actions"),
        Tampering("a missing token", removed(from: "absences"), "missing token -"),
        Tampering("a blocked action", removed(from: "blocks"), "blocked action -"),
        Tampering("a notice", "UPDATE notices SET first_sent_at = 3 WHERE \(first("notices"))", "notice first_sent_at"),
        Tampering(
            "a policy",
            """
            DROP TRIGGER policy_texts_are_not_changed;
            UPDATE policy_texts SET text = x'00' WHERE \(first("policy_texts"))
            """, "policy text text"),
        Tampering(
            "a policy removed",
            "DROP TRIGGER policy_texts_are_not_removed; \(removed(from: "policy_texts"))", "policy text -"),
    ]

    private func verdict(of path: String, in folder: String) throws -> StateVerdict {
        let store = try openStore(at: "sqlite:\(path)", endpoints: [])
        defer { store.close() }
        return try verifyState(of: store, in: folder)
    }

    @Test func `each kind of change by hand is found, with what it is about`() async throws {
        let quarter = try SimulatedQuarter(seed: 11)
        try await quarter.live(reportsAt: [])
        await quarter.store.close()
        let original = String(quarter.location.dropFirst("sqlite:".count))
        for (number, tampering) in Self.tamperings.enumerated() {
            let folder = "\(quarter.scratch.path)/copy\(number)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for ending in ["", "-wal"] where FileManager.default.fileExists(atPath: original + ending) {
                try FileManager.default.copyItem(atPath: original + ending, toPath: "\(folder)/rota.db\(ending)")
            }
            if number == 0 {
                #expect(try verdict(of: "\(folder)/rota.db", in: "\(folder)/clean").faultCount == 0)
            }
            try tamper(with: "\(folder)/rota.db", tampering)
            let found = try verdict(of: "\(folder)/rota.db", in: "\(folder)/replay")
            let told = Set(found.faults.map { "\($0.kind) \($0.field ?? "-")" })
            #expect(told == Set(tampering.told), "\(tampering): \(found.faults.map(\.message))")
            #expect(found.faultCount == tampering.told.count, "\(tampering)")
            #expect(FileManager.default.fileExists(atPath: "\(folder)/replay") == false)
            try FileManager.default.removeItem(atPath: folder)
        }
    }

    private func tamper(with path: String, _ tampering: Tampering) throws {
        let connection = try Connection(path: path, mode: .readWrite)
        try connection.executeScript("PRAGMA foreign_keys = OFF")
        var before: Int64 = 0
        func changes() throws -> Int64 {
            var count: Int64 = 0
            try connection.query("SELECT total_changes()") { row in
                count = row.integer(0)
                return true
            }
            return count
        }
        before = try changes()
        try connection.executeScript(tampering.sql)
        #expect(try changes() > before, "\(tampering) found no row to change")
    }
}
