import Engine
import Foundation
import RotaCore
import SQLite
import TestSupport
import Testing

@testable import Stores

/// A store that was restored or copied is told by what lies beside it (I12).
@Suite struct StoreMarkTests {
    private let scratch: Scratch
    private let files = FileManager.default

    init() throws { scratch = try Scratch() }

    private func store(at folder: String) throws -> any Store {
        try openStore(at: "sqlite:\(folder)/rota.db", endpoints: [])
    }

    private var home: String { scratch.folder + "/private" }

    /// Opens the store of a folder, adds a token, and closes it again.
    private func add(_ name: String, in folder: String? = nil) throws {
        let store = try store(at: folder ?? home)
        defer { store.close() }
        try StoreBench(store).addSample(name)
    }

    /// Something that is audited and not refused in safe mode.
    private func record(_ run: String) throws {
        let store = try store(at: home)
        defer { store.close() }
        let record = RunRecord(id: run, actor: "a", startedAt: Instant(seconds: 0))
        try store.transaction {
            try store.beginRun(record, change: Change(actor: "a", at: record.startedAt, cause: "test"))
        }
    }

    private func doubt(in folder: String? = nil) throws -> StoreDoubt? {
        let store = try store(at: folder ?? home)
        defer { store.close() }
        // Outside a transaction and within one it is the same.
        let looked = try store.doubt()
        #expect(try store.transaction { try store.doubt() } == looked)
        return looked
    }

    private func isRestored(_ doubt: StoreDoubt?) -> Bool { if case .restored? = doubt { true } else { false } }
    private func isCopied(_ doubt: StoreDoubt?) -> Bool { if case .copied? = doubt { true } else { false } }

    private func backUp(to name: String) throws -> String {
        let path = scratch.folder + "/" + name
        try Connection(path: home + "/rota.db", mode: .readOnly).backup(to: path)
        return path
    }

    /// Writes a file's bytes over another one, as `cp` does, which keeps the file that it is.
    private func overwrite(_ path: String, with source: String) throws {
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.truncate(atOffset: 0)
        try handle.write(contentsOf: try Data(contentsOf: URL(fileURLWithPath: source)))
        try handle.close()
    }

    private func removeLog() throws {
        for ending in ["-wal", "-shm"] where files.fileExists(atPath: home + "/rota.db" + ending) {
            try files.removeItem(atPath: home + "/rota.db" + ending)
        }
    }

    @Test func `a store that was left alone is in no doubt, however often it is opened`() throws {
        try scratch.create()
        #expect(try doubt() == nil)
        for number in 1...3 {
            try add("t\(number)")
            #expect(try doubt() == nil)
        }
        // The folder may go to another place of the same file system: nothing is copied by that.
        try files.moveItem(atPath: home, toPath: scratch.folder + "/moved")
        #expect(try doubt(in: scratch.folder + "/moved") == nil)
    }

    @Test func `a backup in the place of the store's file is noticed, whichever way it came there`() throws {
        try scratch.create()
        try add("before")
        let backup = try backUp(to: "backup.db")
        try add("after")
        try removeLog()
        try overwrite(home + "/rota.db", with: backup)
        #expect(isRestored(try doubt()))
        try removeLog()
        try files.removeItem(atPath: home + "/rota.db")
        try files.copyItem(atPath: backup, toPath: home + "/rota.db")
        #expect(isRestored(try doubt()))
        // What is done in safe mode does not heal it, whatever numbers its entries get.
        for number in 1...4 { try record("run-\(number)") }
        #expect(isRestored(try doubt()))
    }

    @Test(arguments: [true, false])
    func `a life after a second restore of one backup passes for no other`(isMarkKept: Bool) throws {
        try scratch.create()
        try add("before")
        let backup = try backUp(to: "backup.db")
        var lives: [StoreIdentity] = []
        for id in ["one", "two"] {
            try add("after-\(id)")
            try removeLog()
            try files.removeItem(atPath: home + "/rota.db")
            try files.copyItem(atPath: backup, toPath: home + "/rota.db")
            if !isMarkKept { try files.removeItem(atPath: home + "/rota.db.mark") }
            let store = try store(at: home)
            defer { store.close() }
            let identity = try store.identity()
            let change = Change(actor: "a", at: identity.createdAt, cause: "test")
            try store.transaction {
                _ = try store.beginGeneration(after: identity, id: id, instance: nil, totals: [:], change: change)
            }
            lives.append(try store.identity())
        }
        #expect(lives.map(\.generationID) == ["one", "two"])
        #expect(lives.map(\.generation) == (isMarkKept ? [2, 3] : [2, 2]))
    }

    @Test func `a backup that has lost nothing is another file all the same`() throws {
        try scratch.create()
        try add("before")
        let backup = try backUp(to: "backup.db")
        try removeLog()
        try files.removeItem(atPath: home + "/rota.db")
        try files.moveItem(atPath: backup, toPath: home + "/rota.db")
        #expect(isCopied(try doubt()))
    }

    @Test func `a copied folder is noticed, and the one that it was copied from goes on`() throws {
        try scratch.create()
        try add("before")
        let copy = scratch.folder + "/copy"
        try files.copyItem(atPath: home, toPath: copy)
        #expect(isCopied(try doubt(in: copy)))
        #expect(try doubt() == nil)
    }

    @Test func `a whole folder that is put back over itself is noticed`() throws {
        try scratch.create()
        try add("before")
        let copy = scratch.folder + "/copy"
        try files.copyItem(atPath: home, toPath: copy)
        try add("after")
        try removeLog()
        for name in try files.contentsOfDirectory(atPath: copy) where !name.hasSuffix("-shm") {
            if files.fileExists(atPath: "\(home)/\(name)") {
                try overwrite("\(home)/\(name)", with: "\(copy)/\(name)")
            } else {
                try files.copyItem(atPath: "\(copy)/\(name)", toPath: "\(home)/\(name)")
            }
        }
        #expect(isCopied(try doubt()))
    }

    @Test func `a store that comes alone, or beside what is another one's, is noticed`() throws {
        try scratch.create()
        try files.removeItem(atPath: home + "/rota.db.mark")
        #expect(isCopied(try doubt()))
        // A new store begins with a mark of its own, whatever lay there.
        let other = try Scratch()
        try files.createDirectory(atPath: other.folder + "/private", withIntermediateDirectories: true)
        try Data("no mark".utf8).write(to: URL(fileURLWithPath: other.path + ".mark"))
        try other.create()
        #expect(try doubt(in: other.folder + "/private") == nil)
    }

    @Test func `nothing destructive is done in safe mode, and everything again after a reconciliation`() throws {
        try scratch.create()
        try add("one")
        try files.removeItem(atPath: home + "/rota.db.mark")
        let store = try scratch.open()
        let change = Change(actor: "a", at: Instant(seconds: 1_800_000_000), cause: "test")
        #expect { _ = try store.transaction { try store.revokeToken(TokenID("one"), change: change) } } throws: {
            if case .held(.unreconciled)? = $0 as? StoreError { true } else { false }
        }
        #expect(try store.brake(at: change.at)?.code == "store-copied")
        let identity = try store.identity()
        let begun = try store.transaction {
            try store.beginGeneration(after: identity, id: "next", instance: nil, totals: [:], change: change)
        }
        #expect(begun)
        #expect(try store.doubt() == nil)
        #expect(try store.transaction { try store.revokeToken(TokenID("one"), change: change) })
        store.close()
        #expect(try doubt() == nil)
    }

    @Test func `in safe mode nothing is accepted that was not, and nothing is changed, but a quarantine goes past`()
        throws
    {
        try scratch.create()
        try add("one")
        try add("two")
        let place = try #require(Destination("main:apps/one#token"))
        let change = Change(actor: "a", at: Instant(seconds: 1_800_000_000), cause: "test")
        let begun = try scratch.open()
        try begun.transaction {
            try begun.addDestination(place, to: TokenID("one"), change: change)
            _ = try begun.quarantineToken(TokenID("one"), by: nil, change: change)
        }
        let one = try #require(try begun.token(TokenID("one")))
        let known = try #require(try begun.destinations(of: one.id).first)
        begun.close()
        try files.removeItem(atPath: home + "/rota.db.mark")
        let store = try scratch.open()
        var renamed = one
        renamed.owner = "somebody else"
        let none = ValueSummary(current: nil, currentIssuedAt: nil)
        let third = Token(id: TokenID("three"), name: "three", createdAt: change.at, values: none)
        let other = try #require(Destination("main:apps/other#token"))
        let digest = try #require(Digest(bytes: [UInt8](repeating: 1, count: 32)))
        let facts = ReportedFacts(usage: .unknown)
        let steps: [(String, () throws -> Void)] = [
            ("restoring", { _ = try store.restoreToken(one.id, change: change) }),
            ("making", { try store.addToken(third, version: nil, destinations: [], change: change) }),
            ("editing", { _ = try store.editToken(renamed, change: change) }),
            ("adding a destination", { try store.addDestination(other, to: one.id, change: change) }),
            ("removing a destination", { _ = try store.removeDestination(known, from: one.id, change: change) }),
            ("adopting", { _ = try store.adopt(known, of: one.id, holding: digest, change: change) }),
            ("taking note", { try store.recordReport(facts, of: one.id, change: change) }),
        ]
        for (name, step) in steps {
            #expect("\(name)") { try store.transaction(step) } throws: {
                if case .held(.unreconciled)? = $0 as? StoreError { true } else { false }
            }
        }
        #expect(try store.transaction { try store.quarantineToken(TokenID("two"), by: nil, change: change) })
        let rule = RuleReference(policy: "p", rule: "r")
        #expect(throws: StoreError.self) {
            _ = try store.transaction { try store.quarantineToken(TokenID("two"), by: rule, change: change) }
        }
        let identity = try store.identity()
        #expect(
            try store.transaction {
                try store.beginGeneration(after: identity, id: "next", instance: nil, totals: [:], change: change)
            })
        for (name, step) in steps { #expect(throws: Never.self, "\(name)") { try store.transaction(step) } }
    }

    @Test func `a reconciliation that is undone leaves the store in doubt`() throws {
        try scratch.create()
        try files.removeItem(atPath: home + "/rota.db.mark")
        let store = try scratch.open()
        let identity = try store.identity()
        let change = Change(actor: "a", at: identity.createdAt, cause: "test")
        #expect(throws: StoreError.self) {
            try store.transaction {
                _ = try store.beginGeneration(after: identity, id: "next", instance: nil, totals: [:], change: change)
                throw StoreError.failed("undo")
            }
        }
        #expect(isCopied(try store.doubt()))
    }

    @Test func `a store of a release that made no marks is taken for what it says, once`() throws {
        try scratch.create()
        let driver = try SQLiteDriver(path: scratch.path, mode: .readWrite)
        // What came after the marks goes, too: the step that made them is run again, and those behind it.
        try driver.script(
            """
            DROP TABLE freezes; DROP TABLE quarantines; DROP TABLE told_uses; DROP TABLE failed_attempts;
            DROP TABLE absences; DROP TABLE notices; DROP TABLE waivers;
            DROP TABLE plan_actions; DROP TABLE plans;
            DROP INDEX tokens_quarantined_by_end;
            ALTER TABLE tokens DROP COLUMN restored_at; ALTER TABLE rotations DROP COLUMN retire_when_idle;
            ALTER TABLE rotations DROP COLUMN use_alarmed_at; ALTER TABLE rotations DROP COLUMN rejections;
            ALTER TABLE destinations DROP COLUMN removed_at; ALTER TABLE rotations DROP COLUMN renewal;
            DROP INDEX tokens_by_owner; DROP INDEX tokens_by_scopes; DROP INDEX tokens_undescribed;
            DROP INDEX tokens_unplaced; DROP INDEX tokens_by_addresses; DROP INDEX tokens_by_agents;
            DROP TABLE usage_sources; ALTER TABLE tokens DROP COLUMN seen_from;
            ALTER TABLE tokens DROP COLUMN addresses_seen; ALTER TABLE tokens DROP COLUMN agents_seen;
            DROP INDEX tokens_by_creation; DROP INDEX tokens_inactive; DROP INDEX findings_open_by_policy;
            DROP TABLE audit_subtrees; DROP TABLE checkpoints; DROP TABLE checkpoint_keys;
            DROP TABLE request_keys; DROP INDEX deliveries_by_endpoint;
            DROP INDEX rotations_open; DROP INDEX rotations_stalled; DROP INDEX blocks_by_reason;
            DROP INDEX findings_open_by_rule; DROP INDEX runs_by_actor; ALTER TABLE rotations DROP COLUMN end_at_claim;
            DROP INDEX findings_by_close; DROP TABLE policy_texts; DROP TABLE usage_reports;
            DROP TABLE witnesses; DROP TABLE witness_failures; DROP TABLE witnessed;
            DELETE FROM store WHERE key = 'told_in_full_after';
            ALTER TABLE usage DROP COLUMN first_used_at; ALTER TABLE usage DROP COLUMN noted_at;
            ALTER TABLE heartbeats DROP COLUMN noted_at;
            DROP INDEX events_by_time; DROP INDEX usage_by_day;
            DROP INDEX events_of_notices; DROP INDEX audit_of_origins;
            DROP INDEX tokens_with_roles; DROP INDEX tokens_made;
            PRAGMA user_version = 10
            """)
        driver.close()
        try files.removeItem(atPath: scratch.path + ".mark")
        #expect(try doubt() == nil)
        #expect(files.fileExists(atPath: scratch.path + ".mark"))
        try files.removeItem(atPath: scratch.path + ".mark")
        #expect(isCopied(try doubt()))
    }

    @Test func `another machine is noticed where both have a name`() throws {
        let (identity, file) = (StoreBench.identity, FileIdentity(inode: 7, bornAt: 9))
        var mark = StoreMark(
            instance: identity.instance, generation: 1, newest: StoreMark.Entry(number: 3, digest: "d"), store: file,
            own: file, machine: "here", clock: nil)
        func doubt(on machine: String, entry: String? = "d") throws -> StoreDoubt? {
            mark.doubt(of: identity, entry: { _ in entry }, file: file, own: file, machine: machine)
        }
        #expect(try doubt(on: "here") == nil)
        #expect(isCopied(try doubt(on: "elsewhere")))
        #expect(try doubt(on: "") == nil)
        for entry in ["e", nil] { #expect(isRestored(try doubt(on: "here", entry: entry))) }
        mark.generation = 2
        #expect(isRestored(try doubt(on: "here")))
        let read = try #require(StoreMark(bytes: mark.bytes))
        #expect(read == mark)
    }

    @Test func `what is kept of the clock comes back, and nothing is kept of a store in doubt`() throws {
        try scratch.create()
        let store = try scratch.open()
        let reading = ClockReading(wall: Instant(seconds: 5), uptime: TimeSpan(seconds: 3), boot: "b")
        let mark = ClockMark(trusted: reading, doubted: reading)
        try store.transaction { store.keepClock(mark) }
        #expect(store.clockMark() == mark)
        store.close()
        // A change keeps what is kept.
        try add("t")
        #expect(try scratch.open().clockMark() == mark)
        try files.removeItem(atPath: home + "/rota.db.mark")
        let copied = try scratch.open()
        try copied.transaction { copied.keepClock(mark) }
        #expect(copied.clockMark() == nil)
    }
}
