import Engine
import Foundation
import RotaCore
import SQLite
import TestSupport
import Testing

@testable import Stores

@Suite struct OpeningTests {
    let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    /// What opening the store at the scratch path is refused with.
    private func refusal(_ mode: StoreMode = .readWrite) throws -> (what: String, hint: String) {
        let error = #expect(throws: StoreError.self) { _ = try scratch.open(mode) }
        guard case .unusable(let what, let hint) = try #require(error) else {
            throw try #require(error)
        }
        return (what, hint)
    }

    private func permissions(_ path: String) throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    @Test func `a store that is missing says how to make one`() throws {
        let (what, hint) = try refusal()
        #expect(what == "there is no store at \(scratch.path)")
        #expect(hint.contains("rota init"))
    }

    @Test func `the log of a store whose file was moved away is not written over`() throws {
        try scratch.create()
        let log = scratch.path + "-wal"
        let before = try Data(contentsOf: URL(fileURLWithPath: log))
        try FileManager.default.moveItem(atPath: scratch.path, toPath: scratch.path + ".kept")
        #expect(throws: StoreError.self) { try scratch.create() }
        #expect(try Data(contentsOf: URL(fileURLWithPath: log)) == before)
    }

    @Test func `a new store is for its owner alone`() throws {
        try scratch.create()
        #expect(try permissions(scratch.path) == 0o600)
        #expect(try permissions(scratch.folder + "/private") == 0o700)
        let store = try scratch.open()
        try store.transaction {
            _ = try store.expireToken(
                TokenID("none"), change: Change(actor: "a", at: Instant(seconds: 0), cause: ""))
        }
        for beside in ["-wal", "-shm", ".gate"] { #expect(try permissions(scratch.path + beside) == 0o600) }
    }

    @Test func `a store is never made over a file that is there`() throws {
        try scratch.create()
        let first = #expect(throws: StoreError.self) { try scratch.create() }
        #expect(first?.description == "there is a store at \(scratch.path) already")
        #expect(try scratch.open().identity() == StoreBench.identity)
    }

    @Test func `an init that died before its transaction is taken up again`() throws {
        try FileManager.default.createDirectory(
            atPath: scratch.folder + "/private", withIntermediateDirectories: true)
        try Connection(path: scratch.path, mode: .readWriteCreate).configure()
        #expect(try refusal().what.hasSuffix("is not a rota store"))
        #expect(try scratch.fresh().identity() == StoreBench.identity)
    }

    @Test(arguments: ["", "hello, this is a text of somebody else's, longer than a header of SQLite is: "])
    func `a file that is no database is refused and stays as it is`(content: String) throws {
        let content = String(repeating: content, count: 20)
        try FileManager.default.createDirectory(
            atPath: scratch.folder + "/private", withIntermediateDirectories: true)
        try Data(content.utf8).write(to: URL(fileURLWithPath: scratch.path))
        let (what, hint) = try refusal()
        #expect(what == "\(scratch.path) is not a rota store")
        #expect(hint.contains("not touched"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: scratch.path)) == Data(content.utf8))
    }

    @Test func `somebody else's database is refused, and not made into a store either`() throws {
        try FileManager.default.createDirectory(
            atPath: scratch.folder + "/private", withIntermediateDirectories: true)
        let foreign = try Connection(path: scratch.path, mode: .readWriteCreate)
        try foreign.executeScript("CREATE TABLE recipes (name TEXT)")
        #expect(try refusal().what.hasSuffix("is not a rota store"))
        let error = #expect(throws: StoreError.self) { try scratch.create() }
        #expect(error?.description == "there is another file at \(scratch.path) already")
    }

    @Test func `a folder in place of the file is refused`() throws {
        try FileManager.default.createDirectory(atPath: scratch.path, withIntermediateDirectories: true)
        #expect(try refusal().what == "\(scratch.path) is not a file")
    }

    @Test(arguments: [StoreMode.readOnly, .readWrite])
    func `a newer schema is refused with its number`(mode: StoreMode) throws {
        try scratch.create()
        try Connection(path: scratch.path, mode: .readWrite).executeScript("PRAGMA user_version = 999")
        let (what, hint) = try refusal(mode)
        #expect(what.contains("schema 999"))
        #expect(hint.contains("newer rota"))
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a file away"))
    func `a store of another user says whom to be`() throws {
        try scratch.create()
        #expect(chown(scratch.path, 65534, 65534) == 0)
        let (what, hint) = try refusal()
        #expect(what == "the store \(scratch.path) belongs to nobody")
        #expect(hint == "run it as its owner: sudo -u nobody rota …")
    }

    @Test(arguments: ["postgres://db/rota", "rota.db", "sqlite:", ""])
    func `a location that names no file is refused`(location: String) throws {
        let error = #expect(throws: StoreError.self) { try openStore(at: location, endpoints: []) }
        #expect(error?.description == "'\(location)' names no store")
    }

    @Test func `a store that was opened for reading reads and does not write`() throws {
        let writer = try scratch.fresh()
        try StoreBench(writer).addSample("t")
        let reader = try scratch.open(.readOnly)
        #expect(try reader.countActive() == 1)
        let error = #expect(throws: StoreError.self) { try reader.transaction {} }
        #expect(error == .failed("it was opened for reading only"))
        try StoreBench(writer).addSample("u")
        #expect(try reader.countActive() == 2)
    }

    @Test func `the settings that safety rests on are in force`() throws {
        try scratch.create()
        let driver = try SQLiteDriver(path: scratch.path, mode: .readWrite)
        let expected = ["synchronous": 2, "foreign_keys": 1, "wal_autocheckpoint": 0, "mmap_size": 0]
        for (name, value) in expected {
            #expect(try driver.number("PRAGMA \(name)") == Int64(value), "\(name)")
        }
    }

    @Test(arguments: ["", "-wal", ".gate"])
    func `a store that is replaced while it is open takes no more changes`(ending: String) throws {
        let store = try scratch.fresh()
        let files = try StoreFiles(at: scratch.location)
        try StoreBench(store).addSample("before")
        #expect(files.loss() == nil)
        let file = scratch.path + ending
        try FileManager.default.copyItem(atPath: file, toPath: file + ".copy")
        try FileManager.default.removeItem(atPath: file)
        #expect(files.loss() == .replaced(file))
        try FileManager.default.moveItem(atPath: file + ".copy", toPath: file)
        #expect(files.loss() == .replaced(file), "another file under the same name")
        let error = #expect(throws: StoreError.self) { try StoreBench(store).addSample("after") }
        #expect(error == .replaced(file))
    }

    @Test func `what SQLite makes beside a store counts from when it is first seen`() throws {
        try scratch.create()
        let files = try StoreFiles(at: scratch.location)
        for number in 0..<3 {
            let store = try scratch.open()
            try StoreBench(store).addSample("t\(number)")
            #expect(files.loss() == nil)
        }
    }
}
