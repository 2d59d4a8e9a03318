import Crypto
import Dispatch
import Engine
import RotaCore
import SQLite
import TestSupport
import Testing

@testable import Stores

@Suite struct ReadersTests {
    private let change = Change(actor: "a", at: Instant(seconds: 2_000_000_000), cause: "c")

    /// A token `t` whose value is its name, and what readers of its store say of that value.
    private struct Watched {
        let scratch: Scratch
        let store: any Store
        let bench: StoreBench
        let readers: any StoreReaders
        let digest: Digest

        init() throws {
            scratch = try Scratch()
            store = try scratch.fresh()
            bench = StoreBench(store)
            try bench.addSample("t")
            readers = try openReaders(at: scratch.location)
            digest = try #require(Digest(bytes: SHA256.digest(of: "t")))
        }

        var isInForce: Bool? { get throws { try readers.value(with: digest)?.isInForce } }
    }

    @Test func `what is remembered of a value ends with the commit that changes it`() throws {
        let watched = try Watched()
        for _ in 0..<3 { #expect(try watched.isInForce == true) }
        #expect(try watched.store.transaction { try watched.store.revokeToken(TokenID("t"), change: change) })
        #expect(try watched.isInForce == false, "the answer is that of this very moment")
    }

    @Test func `a commit of another process's connection is seen like one of ours`() throws {
        let watched = try Watched()
        let other = try openStore(at: watched.scratch.location, endpoints: [])
        #expect(try watched.isInForce == true)
        #expect(try other.transaction { try other.revokeToken(TokenID("t"), change: change) })
        #expect(try watched.isInForce == false)
        other.close()
        #expect(try watched.isInForce == false)
    }

    @Test func `what is remembered survives commits of uses, and ends with the first change after them`() throws {
        let watched = try Watched()
        let key = UseTally.Key(tokenID: TokenID("t"), version: 1, day: change.at.midnight)
        for second in 1...5 {
            #expect(try watched.isInForce == true)
            let used = change.at + TimeSpan(seconds: Int64(second))
            try watched.store.transaction {
                try watched.store.recordUses(
                    [UseTally(key: key, accepted: UseTally.Side(count: 1, last: used))], by: "t", at: used)
            }
        }
        #expect(try watched.store.transaction { try watched.store.revokeToken(TokenID("t"), change: change) })
        #expect(try watched.isInForce == false)
    }

    @Test func `an edit and a claim are seen at once`() throws {
        let watched = try Watched()
        let (store, id) = (watched.store, TokenID("t"))
        func answer() throws -> KnownValue? { try watched.readers.value(with: watched.digest) }
        #expect(try answer()?.isInOverlap == false)
        var token = try #require(try store.token(id))
        token.scopes = ["other"]
        token.name = "renamed"
        #expect(try store.transaction { try store.editToken(token, change: change) })
        #expect(try answer()?.scope == "other" && answer()?.name == "renamed")
        let rotation = try store.transaction {
            try store.claimRotation(
                of: id, fromVersion: 1, overlap: .hours(1), cap: OverlapCap(), trigger: nil, change: change)
        }
        #expect(try rotation != nil && answer()?.isInOverlap == true, "who uses it is of interest from now on")
    }

    @Test func `a change of one token is no reason to forget the values of others`() throws {
        let watched = try Watched()
        try watched.bench.addSample("u")
        let name = try watched.readers.value(with: watched.digest)?.name
        // Behind the gate's back: who looks again sees it.
        let connection = try Connection(path: watched.scratch.path, mode: .readWrite)
        try connection.execute("UPDATE tokens SET name = 'looked up again' WHERE id = 't'")
        #expect(try watched.store.transaction { try watched.store.revokeToken(TokenID("u"), change: change) })
        let other = try #require(Digest(bytes: SHA256.digest(of: "u")))
        #expect(try watched.readers.value(with: other)?.isInForce == false)
        #expect(try watched.readers.value(with: watched.digest)?.name == name)
        #expect(try watched.store.transaction { try watched.store.revokeToken(TokenID("t"), change: change) })
        #expect(try watched.readers.value(with: watched.digest)?.name == "looked up again")
    }

    @Test func `where more tokens changed than are told apart, nothing that was remembered is believed`() throws {
        let watched = try Watched()
        #expect(try watched.isInForce == true)
        let connection = try Connection(path: watched.scratch.path, mode: .readWrite)
        try connection.execute(
            """
            WITH RECURSIVE many(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM many WHERE n < \(KnownValues.mostChanged))
            INSERT INTO audit (at, actor, action, object, body) SELECT 1, 'a', 'b', 'token-' || n, '{}' FROM many
            """)
        #expect(try watched.store.transaction { try watched.store.revokeToken(TokenID("t"), change: change) })
        #expect(try watched.isInForce == false)
    }

    @Test func `a restart of the log is no reason to believe what was before it`() throws {
        let watched = try Watched()
        #expect(try watched.isInForce == true)
        #expect(try watched.store.transaction { try watched.store.revokeToken(TokenID("t"), change: change) })
        watched.store.close()
        let connection = try Connection(path: watched.scratch.path, mode: .readWrite)
        try connection.configure()
        try connection.checkpoint()
        #expect(try watched.isInForce == false)
    }

    @Test func `threads that ask all the while never see a value after its end`() throws {
        let watched = try Watched()
        let (readers, digest) = (watched.readers, watched.digest)
        let isOver = Locked(false)
        let wrong = Locked(0)
        let asking = DispatchGroup()
        for _ in 0..<4 {
            DispatchQueue.global().async(group: asking) {
                var seen = 0
                while seen < 200 {
                    let hadEnded = isOver.withLock { $0 }
                    guard let value = try? readers.value(with: digest) else { continue }
                    if hadEnded {
                        seen += 1
                        if value.isInForce { wrong.withLock { $0 += 1 } }
                    }
                }
            }
        }
        let key = UseTally.Key(tokenID: TokenID("t"), version: 1, day: change.at.midnight)
        for _ in 0..<50 {
            try watched.store.transaction {
                try watched.store.recordUses(
                    [UseTally(key: key, accepted: UseTally.Side(count: 1, last: change.at))], by: "t", at: change.at)
            }
        }
        _ = try watched.store.transaction { try watched.store.revokeToken(TokenID("t"), change: change) }
        isOver.withLock { $0 = true }
        asking.wait()
        #expect(wrong.withLock { $0 } == 0)
    }

    @Test func `more values than are remembered are all answered right`() throws {
        let scratch = try Scratch()
        let store = try scratch.fresh()
        let bench = StoreBench(store)
        let names = (0..<200).map { "t\($0)" + String(repeating: "x", count: 100) }
        for name in names { try bench.addSample(name) }
        let readers = try openReaders(at: scratch.location)
        for _ in 0..<2 {
            for name in names {
                let digest = try #require(Digest(bytes: SHA256.digest(of: name)))
                #expect(try readers.value(with: digest)?.tokenID == TokenID(name))
            }
        }
    }

    @Test func `all that one reading sees is of one state of the store`() throws {
        let scratch = try Scratch()
        let store = try scratch.fresh()
        let bench = StoreBench(store)
        try bench.addSample("t")
        let digest = try #require(Digest(bytes: SHA256.digest(of: "t")))
        let seen = try openReaders(at: scratch.location).read { reader in
            let before = try reader.token(TokenID("t"))?.state
            _ = try store.transaction { try store.revokeToken(TokenID("t"), change: change) }
            return [before, try reader.version(with: digest)?.token.state, try reader.token(TokenID("t"))?.state]
        }
        #expect(seen == [.active, .active, .active])
    }

    @Test func `a reading that fails leaves its connection fit for the next one`() throws {
        let scratch = try Scratch()
        try scratch.create()
        let readers = try openReaders(at: scratch.location)
        for _ in 0..<3 {
            #expect(throws: StoreError.self) {
                try readers.read { _ in throw StoreError.failed("by itself") }
            }
        }
        #expect(try readers.read { try $0.countActive() } == 0)
    }
}
