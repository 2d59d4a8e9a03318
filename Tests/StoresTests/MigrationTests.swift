import Engine
import RotaCore
import SQLite
import TestSupport
import Testing

@testable import Stores

/// What earlier releases wrote is understood by this one.
@Suite struct MigrationTests {
    @Test func `what imports told before uses were watched is asserted up to its import`() throws {
        let scratch = try Scratch()
        try scratch.create()
        let store = try scratch.open()
        let bench = StoreBench(store)
        for id in ["told", "bare"] { try bench.addSample(id) }
        store.close()
        try rewind(scratch.path, to: 3) { driver in
            try driver.script("UPDATE tokens SET last_used_at = 1700000000, idle_since = 1700000000 WHERE id = 'told'")
            try driver.script("UPDATE versions SET digest = NULL WHERE token_id = 'bare'")
        }
        let migrated = try scratch.open()
        let imported = Instant(seconds: 1_800_000_000)
        let told = try #require(try migrated.token(TokenID("told")))
        #expect(told.usage == .lastUsed(Instant(seconds: 1_700_000_000)))
        #expect(told.usageAssertedUntil == imported && told.watchedSince == imported)
        let bare = try #require(try migrated.token(TokenID("bare")))
        #expect(bare.usageAssertedUntil == nil && bare.watchedSince == nil)
    }

    /// Takes a store back to an older schema, as far as the tables that it had go.
    private func rewind(_ path: String, to version: Int, _ edit: (SQLiteDriver) throws -> Void) throws {
        let driver = try SQLiteDriver(path: path, mode: .readWrite)
        try driver.transaction {
            try driver.script(
                """
                DROP INDEX tokens_unwatched;
                DROP TABLE usage;
                DROP TABLE heartbeats;
                DROP TABLE schedules;
                ALTER TABLE tokens DROP COLUMN usage_asserted_until;
                ALTER TABLE tokens DROP COLUMN watched_since;
                PRAGMA user_version = \(version);
                """)
            try edit(driver)
        }
        driver.close()
    }
}
