import Engine
import Foundation
import RotaCore
import SQLite
import Testing

@testable import Stores

/// What earlier releases wrote is understood by this one.
@Suite struct MigrationTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// A store as it was at an earlier step of the schema.
    private func makeStore(at step: Int64, _ rows: String) throws {
        try scratch.create()
        let empty = scratch.path + ".old"
        let driver = try SQLiteDriver(path: empty, mode: .readWriteCreate)
        try driver.transaction {
            for migration in Migration.all where migration.number <= step { try driver.script(migration.sqlite) }
            try driver.script("PRAGMA application_id = \(0x726F_7461); PRAGMA user_version = \(step)")
            try driver.script(rows)
        }
        driver.close()
        for suffix in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: scratch.path + suffix)
            // What was committed may still be in the log alone.
            try? FileManager.default.moveItem(atPath: empty + suffix, toPath: scratch.path + suffix)
        }
    }

    /// A store is brought up to date from the number of its last step: one that came later with a lower number would
    /// never be run.
    @Test func `the steps are numbered without a gap`() {
        #expect(Migration.all.map(\.number) == Array(1...Int64(Migration.all.count)))
    }

    @Test func `of the renewals under way only those go on whose token nobody has edited since`() throws {
        func token(_ id: String) -> String {
            """
            INSERT INTO tokens (id, revision, name, description, owner, integration, scopes, labels, prefix, issuer,
              state, created_at, created_by, expires_at, provenance, rotation_open, awaiting_retirement,
              destination_count, event_seq) VALUES
              ('\(id)', 1, '\(id)', '', '', '', '', '', 'rota', 'rota', 'active', 100, 'x', 900, 'observed',
               1, 0, 1, 0);
            """
        }
        func rotation(_ id: String, renewal: String = "500") -> String {
            """
            INSERT INTO rotations (token_id, from_version, phase, overlap, claimed_at, claim_actor, claim_cause, policy,
              failures, next_attempt_at, renewal) VALUES
              ('\(id)', 1, 'open', 0, 200, 'x', 'x', 'p', 0, 200, \(renewal));
            """
        }
        func entry(_ action: String, _ id: String) -> String {
            "INSERT INTO audit (at, actor, action, object, body) VALUES (200, 'x', '\(action)', '\(id)', '{}');"
        }
        try makeStore(
            at: 18,
            ["left", "moved", "earlier", "plain"].map(token).joined()
                + rotation("left") + rotation("moved") + rotation("earlier") + rotation("plain", renewal: "NULL")
                + entry("token.edit", "earlier")
                + ["left", "moved", "earlier"].map { entry("rotation.claim", $0) }.joined()
                + entry("token.edit", "moved"))
        let store = try scratch.open()
        func end(_ id: String) throws -> Instant? { try store.rotation(of: TokenID(id))?.endAtClaim }
        #expect(try end("left") == Instant(seconds: 900))
        #expect(try end("earlier") == Instant(seconds: 900), "it was edited before the claim")
        #expect(try end("moved") == nil, "it keeps the end that it has")
        #expect(try end("plain") == nil)
    }

    @Test func `a row that was sent once has its only base for the first, and of others nothing is known`() throws {
        try makeStore(
            at: 6,
            """
            INSERT INTO tokens (id, revision, name, description, owner, integration, scopes, labels, prefix, issuer,
              state, created_at, created_by, provenance, rotation_open, awaiting_retirement, destination_count,
              event_seq) VALUES
              ('t', 1, 'n', '', '', '', '', '', 'rota', 'rota', 'active', 100, 'x', 'observed', 1, 0, 3, 0);
            INSERT INTO versions (token_id, number, state, hint) VALUES ('t', 1, 'pending', '');
            INSERT INTO destinations (id, token_id, vault, path, field) VALUES
              (1, 't', 'v', 'once', ''), (2, 't', 'v', 'twice', ''), (3, 't', 'v', 'never', '');
            INSERT INTO pushes (token_id, version, destination_id, state, base, attempt, changed_at) VALUES
              ('t', 1, 1, 'sending', '7', 1, 100), ('t', 1, 2, 'sending', '9', 2, 100),
              ('t', 1, 3, 'unsent', NULL, 0, 100);
            """)
        let rows = try scratch.open().pushes(of: TokenID("t")).sorted { $0.destinationID < $1.destinationID }
        #expect(rows.map(\.firstBase) == ["7", nil, nil])
    }

    @Test func `what imports told before uses were watched is asserted up to its import`() throws {
        let token = """
            INSERT INTO tokens (id, revision, name, description, owner, integration, scopes, labels, prefix, issuer,
              state, created_at, created_by, last_used_at, idle_since, provenance, current_version,
              rotation_open, awaiting_retirement, destination_count, event_seq) VALUES
            """
        let rest = "1, 'n', '', '', '', '', '', 'rota'"
        try makeStore(
            at: 3,
            """
            \(token) ('told', \(rest), 'rota', 'active', 100, 'x', 300, 300, 'asserted', 1, 0, 0, 0, 0);
            \(token) ('bare', \(rest), 'rota', 'revoked', 100, 'x', NULL, NULL, 'asserted', 1, 0, 0, 0, 0);
            \(token) ('made', \(rest), 'rota', 'expired', 100, 'x', NULL, NULL, 'observed', 2, 0, 0, 0, 0);
            INSERT INTO versions (token_id, number, state, digest, hint, issued_at) VALUES
              ('told', 1, 'current', x'01', '', 100), ('bare', 1, 'current', NULL, '', 100),
              ('made', 1, 'revoked', NULL, '', 100), ('made', 2, 'current', x'02', '', 500);
            INSERT INTO audit (at, actor, action, object, body) VALUES
              (400, 'x', 'token.import', 'told', '{}'), (400, 'x', 'token.import', 'bare', '{}'),
              (450, 'x', 'token.edit', 'told', '{}');
            """)
        let store = try scratch.open()
        let told = try #require(try store.token(TokenID("told")))
        #expect(told.usage == .lastUsed(Instant(seconds: 300)))
        #expect(told.usageAssertedUntil == Instant(seconds: 400))
        #expect(told.watchedSince == Instant(seconds: 400))
        let bare = try #require(try store.token(TokenID("bare")))
        #expect(bare.usageAssertedUntil == nil && bare.watchedSince == nil)
        #expect(try store.token(TokenID("made"))?.watchedSince == Instant(seconds: 500))
    }
}
