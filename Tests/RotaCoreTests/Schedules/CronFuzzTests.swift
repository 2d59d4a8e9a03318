import Foundation
import RotaCore
import TestSupport
import Testing

/// `ROTA_FUZZ_COUNT` says how many inputs; a million of them in `make test-long`.
@Suite struct CronFuzzTests {
    private static let count = ProcessInfo.processInfo.environment["ROTA_FUZZ_COUNT"].flatMap { Int($0) } ?? 100_000
    private static let seeds = [
        "0 3 * * 1-5", "*/15 * * * *", "5-59/15 9-17 * * *", "30 4 1,15 JAN,jul *", "0 0 29 2 *", "0 12 1 * MON",
        "  0\t12 1  * MON ", "@daily", "@Midnight", "0-30/10,45 0,12 1-7,15-21/2 */3 sun-tue", "59 23 31 12 7",
    ]
    private static let pieces = [
        "*", "/", "-", ",", " ", "\t", "0", "7", "31", "59", "60", "007", "+1", "MON", "JAN", "monday", "@", "@daily",
        "L", "W", "#", "?", "é", "\u{0}", "\u{1F600}", "\n", "99999999999999999999", "*/1", "0-59/59", "1-1", "--",
        "//",
        ",,", "1-2-3", "SUN-SAT", "5#2",
    ]

    @Test func `texts that nobody would write end in a pattern that fires, or in a fault with a place`() throws {
        var dice = Numbers(state: 20_261_126)
        let start = Instant(seconds: 1_764_000_000)
        var (patterns, faults) = (0, 0)
        let before = ResidentMemory.bytes()
        for round in 0..<Self.count {
            let text = Self.text(&dice, round)
            do throws(CronFault) {
                let cron = try Cron(text)
                patterns += 1
                // What is kept of it says all of it.
                let again = try Cron(cron.description)
                #expect(again == cron, "\(text)")
                if cron.isPossible, round.isMultiple(of: 8) { Self.fire(cron, after: start) }
            } catch {
                faults += 1
                let isPlaced = (1...max(1, text.unicodeScalars.count + 1)).contains(error.column)
                // However long the text, what is told of it is short.
                let isShort = error.message.utf8.count < 400 && error.hint.utf8.count < 400 && !error.hint.isEmpty
                if !isPlaced || !isShort { Issue.record("\(text): \(error) (\(error.hint))") }
            }
        }
        let grown = ResidentMemory.bytes() - before
        #expect(grown < ResidentMemory.mostOfAFuzz, "\(grown >> 20) MiB more are resident")
        // If nothing came through, nothing was tried.
        #expect(patterns > Self.count / 50 && faults > Self.count / 4, "\(patterns) patterns, \(faults) faults")
    }

    @Test func `a text of a million characters is read or refused at once`() {
        for piece in ["*", "1,", "0 ", "-", "*/", "@", "MON-", "9"] {
            #expect(throws: CronFault.self) { _ = try Cron(String(repeating: piece, count: 1_000_000)) }
        }
    }

    private static func fire(_ cron: Cron, after start: Instant) {
        guard let schedule = try? Schedule(cron, zone: .utc) else {
            Issue.record("\(cron) is possible, and makes no schedule")
            return
        }
        let next = schedule.next(after: start)
        // 29 February comes every four years, but for one century in four.
        if !(next > start && next < start + .days(9 * 366) && schedule.previous(atOrBefore: next) == next) {
            Issue.record("\(cron): \(next)")
        }
    }

    private static func text(_ dice: inout Numbers, _ round: Int) -> String {
        if round % 4 == 0 {
            let count = Int.random(in: 0...12, using: &dice)
            return (0..<count).map { _ in pieces.randomElement(using: &dice) ?? "" }.joined()
        }
        var bytes = Array((seeds.randomElement(using: &dice) ?? "").utf8)
        for _ in 0..<Int.random(in: 1...3, using: &dice) {
            let place = Int.random(in: 0...bytes.count, using: &dice)
            switch Int.random(in: 0..<5, using: &dice) {
            case 0 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &dice)
            case 1 where place < bytes.count: bytes.remove(at: place)
            case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...5, using: &dice)))
            case 3: bytes.insert(contentsOf: bytes[..<place].suffix(Int.random(in: 1...20, using: &dice)), at: place)
            default: bytes.insert(contentsOf: (pieces.randomElement(using: &dice) ?? "").utf8, at: place)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
