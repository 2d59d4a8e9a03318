import Crypto
import Engine
import RotaCore
import TestSupport
import Testing

@testable import Stores

@Suite struct ReadersTests {
    private let change = Change(actor: "a", at: Instant(seconds: 2_000_000_000), cause: "c")

    @Test func `what a reader remembers of a value ends with the next commit of anybody`() throws {
        let scratch = try Scratch()
        let store = try scratch.fresh()
        let bench = StoreBench(store)
        try bench.addSample("t")
        let digest = try #require(Digest(bytes: SHA256.digest(of: "t")))
        let readers = try openReaders(at: scratch.location)
        func state() throws -> TokenState? { try readers.read { try $0.version(with: digest)?.token.state } }

        for _ in 0..<3 { #expect(try state() == .active) }
        #expect(try store.transaction { try store.revokeToken(TokenID("t"), change: change) })
        #expect(try state() == .revoked, "the answer is that of this very moment")
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
