import RotaCore
import TestSupport
import Testing

@testable import API

struct `Sessions of the pages` {
    @Test func `are put out by nobody but who signs in again and again himself`() throws {
        let sessions = Sessions(random: SystemBytes())
        let now = ManualClock().now()
        let (mine, others) = (
            Digest(bytes: [UInt8](repeating: 1, count: 32)), Digest(bytes: [UInt8](repeating: 2, count: 32))
        )
        let first = sessions.begin(try #require(mine), at: now)
        var own: [String] = []
        for _ in 0..<2_000 { own.append(sessions.begin(try #require(others), at: now + .minutes(1))) }
        #expect(sessions.find(first, at: now + .minutes(2), takingNotice: false) != nil)
        let left = own.filter { sessions.find($0, at: now + .minutes(2), takingNotice: false) != nil }
        #expect(left.count == Sessions.mostOfOne)
    }
}
