import Foundation
import RotaCore
import Testing

@Suite struct ZoneTests {
    @Test(arguments: [
        ("Europe/London", "2026-03-29T00:59:59Z", 0), ("Europe/London", "2026-03-29T01:00:00Z", 3600),
        ("America/New_York", "2026-11-01T05:59:59Z", -14_400), ("America/New_York", "2026-11-01T06:00:00Z", -18_000),
        // After the last transition of the file: the rule.
        ("Europe/London", "2061-03-27T00:59:59Z", 0), ("Europe/London", "2061-03-27T01:00:00Z", 3600),
        ("Europe/London", "2061-10-30T01:00:00Z", 0), ("Australia/Lord_Howe", "2075-01-01T00:00:00Z", 39_600),
        ("Australia/Lord_Howe", "2075-07-01T00:00:00Z", 37_800),
        // Winter time that is the exception, a half hour, a minus in front of the rule's time.
        ("Europe/Dublin", "2080-01-01T00:00:00Z", 0), ("Europe/Dublin", "2080-07-01T00:00:00Z", 3600),
        ("Asia/Kathmandu", "2080-07-01T00:00:00Z", 20_700), ("America/Nuuk", "2080-07-01T00:00:00Z", -3600),
        ("UTC", "2080-07-01T00:00:00Z", 0), ("Asia/Tokyo", "2080-07-01T00:00:00Z", 32_400),
        // A day that was left out.
        ("Pacific/Apia", "2011-12-30T09:59:59Z", -36_000), ("Pacific/Apia", "2011-12-30T10:00:00Z", 50_400),
    ])
    func `a clock is as far from UTC as its file says`(name: String, at: String, offset: Int64) throws {
        #expect(try Zoneinfo.zone(name).offset(at: instant(at)) == offset)
    }

    /// Foundation reads the same database with code of its own.
    @Test func `every zone agrees with another implementation at random instants of 130 years`() throws {
        var dice = Dice(seed: 11)
        let list = try String(contentsOfFile: "\(Zoneinfo.folder)/zone1970.tab", encoding: .utf8)
        let names = list.split(separator: "\n").filter { !$0.hasPrefix("#") }
            .compactMap { $0.split(separator: "\t").dropFirst(2).first.map(String.init) }
        #expect(names.count > 300)
        for name in names {
            let (ours, theirs) = (try Zoneinfo.zone(name), try #require(TimeZone(identifier: name)))
            for _ in 0..<100 {
                let time = Instant(seconds: Int64(dice.below(130 * 31_556_952)))
                let expected = theirs.secondsFromGMT(
                    for: Date(timeIntervalSince1970: TimeInterval(time.seconds)))
                #expect(ours.offset(at: time) == Int64(expected), "\(name) at \(time)")
            }
        }
    }

    @Test(arguments: [
        ("Europe/Berlin", "2026-03-29T01:00:00Z", "Sun 2026-03-29T03:00:00+02:00"),
        ("America/St_Johns", "2026-01-01T00:00:00Z", "Wed 2025-12-31T20:30:00-03:30"),
        ("UTC", "2026-01-01T00:00:00Z", "Thu 2026-01-01T00:00:00Z"),
    ])
    func `a local time is told with its weekday and its distance to UTC`(
        name: String, at: String, expected: String
    ) throws {
        #expect(try Zoneinfo.zone(name).localTime(of: instant(at)) == expected)
    }

    @Test func `no damage to a file makes the reader fall or hang`() throws {
        var dice = Dice(seed: 13)
        let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(Zoneinfo.folder)/Europe/London")))
        for length in stride(from: 0, to: whole.count, by: 41) {
            #expect(throws: ZoneFault.self) { _ = try Zone(name: "x", tzif: Array(whole[..<length])) }
        }
        for _ in 0..<400 {
            var bytes = whole
            for _ in 0...dice.below(4) { bytes[dice.below(bytes.count)] = UInt8(dice.below(256)) }
            guard let zone = try? Zone(name: "x", tzif: bytes) else { continue }
            let schedule = try Schedule(Cron(dice.pick(["0 2 * * *", "*/7 * 29 2 *"])), zone: zone)
            let now = Instant(seconds: Int64(dice.below(4_000_000_000)))
            #expect(schedule.next(after: now) > now)
            #expect(schedule.previous(atOrBefore: now) <= now)
        }
    }

    @Test(arguments: ["right/Europe/London"])
    func `a file that counts leap seconds is refused`(name: String) throws {
        let path = "\(Zoneinfo.folder)/\(name)"
        guard FileManager.default.fileExists(atPath: path) else { return }
        #expect(throws: ZoneFault.self) { _ = try Zoneinfo.zone(name) }
    }
}
