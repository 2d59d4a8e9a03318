import SQLite
import Testing

@Suite struct GateFileTests {
    private let scratch = Scratch()
    private struct Refused: Error {}

    @Test func `the gate is a file of its owner alone, beside the store`() throws {
        _ = try GateFile(beside: scratch.path)
        #expect(scratch.permissions(of: scratch.path + ".gate") == 0o600)
    }

    @Test func `whoever comes second is told that the store is busy, and gets in later`() throws {
        let first = try GateFile(beside: scratch.path)
        let second = try GateFile(beside: scratch.path)
        try first.lock()
        let error = #expect(throws: GateError.self) { try second.lock(patience: 0) }
        #expect(error?.isBusy == true)
        first.unlock()
        try second.lock(patience: 0)
        second.unlock()
    }

    @Test func `whoever waits may be told to wait no longer`() throws {
        let first = try GateFile(beside: scratch.path)
        let second = try GateFile(beside: scratch.path)
        try first.lock()
        var asked = 0
        let error = #expect(throws: GateError.self) {
            try second.lock { _ in
                asked += 1
                return asked == 3
            }
        }
        #expect(error?.isBusy == true && asked == 3)
    }

    @Test func `the gate opens however the work behind it ends`() throws {
        let first = try GateFile(beside: scratch.path)
        let second = try GateFile(beside: scratch.path)
        #expect(throws: Refused.self) { try first.withLock { throw Refused() } }
        #expect(try second.withLock(patience: 0) { 7 } == 7)
    }

    @Test func `a gate that goes away is open`() throws {
        do { try GateFile(beside: scratch.path).lock() }
        try GateFile(beside: scratch.path).lock(patience: 0)
    }

    @Test func `a gate that cannot be made is an error that is not 'busy'`() {
        let error = #expect(throws: GateError.self) { try GateFile(beside: "/nowhere/store.db") }
        #expect(error?.isBusy == false)
        #expect(error?.description == "cannot open /nowhere/store.db.gate: No such file or directory")
    }

    @Test func `writers that take the gate lose nothing to each other`() async throws {
        _ = try scratch.stocked()
        let path = scratch.path
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<4 { group.addTask { try Self.write(25, as: writer, to: path) } }
            try await group.waitForAll()
        }
        let reader = try scratch.connection(.readOnly)
        #expect(try reader.number("SELECT count(*) FROM item") == 100)
        #expect(try reader.texts("PRAGMA integrity_check") == ["ok"])
    }

    private static func write(_ count: Int, as writer: Int, to path: String) throws {
        let gate = try GateFile(beside: path)
        let connection = try Connection(path: path, mode: .readWrite)
        try connection.configure()
        for number in 0..<count {
            try gate.withLock {
                try connection.begin()
                try connection.add("\(writer)/\(number)")
                try connection.commit()
                if number.isMultiple(of: 5) { try connection.checkpoint() }
            }
        }
    }
}
