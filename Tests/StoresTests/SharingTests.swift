import Crypto
import Dispatch
import Engine
import Foundation
import RotaCore
import SQLite
import TestSupport
import Testing

@testable import Stores

@Suite struct SharingTests {
    @Test func `several writers of one file interleave and lose nothing`() throws {
        let scratch = try Scratch()
        try scratch.create()
        let failures = Locked<[String]>([])
        let writers = 4
        let each = 50
        DispatchQueue.concurrentPerform(iterations: writers) { writer in
            do {
                let store = try scratch.open()
                for index in 0..<each {
                    try StoreBench(store).addSample("\(writer)-\(index)")
                    _ = try store.countActive()
                }
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        #expect(failures.withLock { $0 } == [])
        #expect(try scratch.open().countActive() == writers * each)
        #expect(try scratch.integrity() == "ok")
    }

    @Test func `one who wins a claim is the only one`() throws {
        let scratch = try Scratch()
        let (first, second) = (try scratch.fresh(), try scratch.open())
        try StoreBench(first).addSample("t")
        let claims = try [first, second, first].map { store in
            try store.transaction {
                try store.claimRotation(
                    of: TokenID("t"), fromVersion: 1, overlap: .zero, cap: OverlapCap(), trigger: nil,
                    change: Change(actor: "a", at: Instant(seconds: 0), cause: "c"))
            }
        }
        #expect(claims.map { $0 == nil } == [false, true, true])
        #expect(try second.openRotations().count == 1)
    }

    @Test func `a claim that was undone leaves no lock on the number that the next one is given`() throws {
        struct Undone: Error {}
        let scratch = try Scratch()
        let (first, second) = (try scratch.fresh(), try scratch.open())
        try StoreBench(first).addSample("t")
        let claim = { (store: any Store) in
            try #require(
                try store.claimRotation(
                    of: TokenID("t"), fromVersion: 1, overlap: .zero, cap: OverlapCap(), trigger: nil,
                    change: Change(actor: "a", at: Instant(seconds: 0), cause: "c")))
        }
        for isNested in [false, true] {
            #expect(throws: Undone.self) {
                try first.transaction {
                    let undone = {
                        _ = try claim(first)
                        throw Undone()
                    }
                    if isNested { try first.savepoint(undone) } else { try undone() }
                }
            }
        }
        let rotation = try second.transaction { try claim(second) }
        second.close()
        #expect(first.takeUp(rotation.id), "whoever finds it unfinished drives it on")
    }

    @Test func `nothing of a transaction is kept that found no room, whatever was tried after that`() throws {
        let scratch = try Scratch()
        try scratch.create()
        let store = try openWeakenedStore(
            at: scratch.location, endpoints: [], replacing: [:], pragma: "PRAGMA max_page_count=200")
        let bench = StoreBench(store)
        #expect(throws: StoreError.full) {
            try store.transaction {
                try bench.addSampleInTransaction("first")
                try? store.savepoint {
                    for index in 0..<20_000 { try bench.addSampleInTransaction("t\(index)") }
                }
                // There would be room for this one.
                try? store.savepoint { try bench.addSampleInTransaction("later") }
            }
        }
        #expect(try store.countActive() == 0)
    }

    @Test func `a run is interrupted when the process that began it is gone`() throws {
        let scratch = try Scratch()
        let (first, second) = (try scratch.fresh(), try scratch.open())
        let run = RunRecord(id: "r", actor: "a", startedAt: Instant(seconds: 0))
        try first.transaction {
            try first.beginRun(run, change: Change(actor: "a", at: run.startedAt, cause: "c"))
        }
        #expect(try second.transaction { try second.interruptedRuns() } == [])
        #expect(first.takeUp(7) && !second.takeUp(7), "a rotation has one driver")
        first.close()
        #expect(try second.transaction { try second.interruptedRuns() } == [run])
        #expect(second.takeUp(7))
    }

    @Test func `what was not committed when the process died is not there`() throws {
        let scratch = try Scratch()
        let store = try scratch.fresh()
        try StoreBench(store).addSample("kept")
        let copy = try Scratch()
        try FileManager.default.createDirectory(
            atPath: copy.folder + "/private", withIntermediateDirectories: true)
        try store.transaction {
            // Many, so that the cache spills into the WAL before the commit.
            for index in 0..<20_000 { try StoreBench(store).addSampleInTransaction("t\(index)") }
            for beside in ["", "-wal"] {
                try FileManager.default.copyItem(atPath: scratch.path + beside, toPath: copy.path + beside)
            }
        }
        let log = try FileManager.default.attributesOfItem(atPath: copy.path + "-wal")[.size] as? Int
        #expect(try #require(log) > 1 << 20)
        let found = try copy.open()
        #expect(try found.countActive() == 1)
        #expect(try copy.integrity() == "ok")
        try found.transaction {
            let run = RunRecord(id: "later", actor: "a", startedAt: Instant(seconds: 0))
            try found.beginRun(run, change: Change(actor: "a", at: run.startedAt, cause: "c"))
        }
        #expect(try store.countActive() == 20_001)
    }

    @Test func `the log is emptied by the writer when it has grown`() throws {
        let scratch = try Scratch()
        let store = try scratch.fresh()
        try store.transaction {
            for index in 0..<10_000 { try StoreBench(store).addSampleInTransaction("t\(index)") }
        }
        #expect(try #require(FileFacts(path: scratch.path + "-wal")).size == 0)
        #expect(try #require(FileFacts(path: scratch.path)).size > 4 << 20)
    }

    @Test func `a writer that closes leaves its data in the file, and an empty log`() throws {
        let scratch = try Scratch()
        let store = try scratch.fresh()
        for index in 0..<20 { try StoreBench(store).addSample("t\(index)") }
        #expect(try #require(FileFacts(path: scratch.path + "-wal")).size > 64 << 10)
        store.close()
        #expect(try #require(FileFacts(path: scratch.path + "-wal")).size == 0)
        // The file alone has it all.
        let copy = try Scratch()
        try FileManager.default.createDirectory(
            atPath: copy.folder + "/private", withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: scratch.path, toPath: copy.path)
        #expect(try copy.open().countActive() == 20)
    }

    @Test func `closing leaves the log alone while somebody is at the gate, and where nothing was written`() throws {
        let scratch = try Scratch()
        let store = try scratch.fresh()
        for index in 0..<20 { try StoreBench(store).addSample("t\(index)") }
        let log = { try #require(FileFacts(path: scratch.path + "-wal")).size }
        let before = try log()
        let reader = try scratch.open()
        _ = try reader.countActive()
        reader.close()
        #expect(try log() == before)
        let gate = try GateFile(beside: scratch.path)
        try gate.lock()
        store.close()
        gate.unlock()
        #expect(try log() == before)
        let next = try scratch.open()
        #expect(try next.countActive() == 20)
        try StoreBench(next).addSample("last")
        next.close()
        #expect(try log() == 0)
    }

    @Test func `a reader in the middle of its read is not disturbed by a writer that closes`() throws {
        let scratch = try Scratch()
        let store = try scratch.fresh()
        for index in 0..<20 { try StoreBench(store).addSample("t\(index)") }
        let reader = try scratch.open()
        var seen = 0
        try reader.eachToken(states: []) { _ in
            if seen == 0 { store.close() }
            seen += 1
            return true
        }
        #expect(seen == 20)
        #expect(try scratch.integrity() == "ok")
    }

    @Test func `a hundred thousand tokens are added and streamed in order`() throws {
        let scratch = try Scratch()
        let store = try scratch.fresh()
        let count = 100_000
        try store.transaction {
            for index in 0..<count {
                // In no order of names.
                try StoreBench(store).addSampleInTransaction(String(1_000_000 + index * 7919 % count))
            }
        }
        var seen = 0
        var last = ""
        try store.eachToken(states: []) { token in
            seen += last < token.name ? 1 : 0
            last = token.name
            return true
        }
        #expect(seen == count)
    }

    @Test func `an error at COMMIT is told apart from a refusal`() {
        let unknown = SQLiteError(code: 1034, message: "disk I/O error", isCommitOutcomeUnknown: true)
        #expect(StoreError(unknown) == .outcomeUnknown("disk I/O error"))
        #expect(StoreError(SQLiteError(code: 5, message: "locked")) == .busy("locked"))
        #expect(StoreError(SQLiteError(code: 13, message: "database or disk is full")) == .full)
    }
}

extension Scratch {
    /// What SQLite says of the whole file.
    func integrity() throws -> String {
        var answer = ""
        try Connection(path: path, mode: .readOnly).query("PRAGMA integrity_check") { row in
            answer = row.text(0)
            return false
        }
        return answer
    }
}
