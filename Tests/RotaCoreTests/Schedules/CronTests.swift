import RotaCore
import Testing

@Suite struct CronTests {
    @Test(arguments: [
        ("* * * * *", "2026-11-24T10:00:30Z", "2026-11-24T10:01:00Z"),
        ("*/15 * * * *", "2026-11-24T10:00:00Z", "2026-11-24T10:15:00Z"),
        ("5-59/15 9-17 * * *", "2026-11-24T17:50:00Z", "2026-11-25T09:05:00Z"),
        ("0 3 * * 1-5", "2026-11-27T03:00:00Z", "2026-11-30T03:00:00Z"),
        ("0 3 * * mon-FRI", "2026-11-27T03:00:00Z", "2026-11-30T03:00:00Z"),
        ("0 0 * * 7", "2026-11-24T00:00:00Z", "2026-11-29T00:00:00Z"),
        ("0 0 * * 5-7", "2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z"),
        ("0 0 29 2 *", "2026-11-24T00:00:00Z", "2028-02-29T00:00:00Z"),
        ("0 0 29 2 *", "2096-02-29T00:00:00Z", "2104-02-29T00:00:00Z"),
        ("0 0 31 * *", "2026-11-24T00:00:00Z", "2026-12-31T00:00:00Z"),
        ("30 4 1,15 JAN,jul *", "2026-11-24T00:00:00Z", "2027-01-01T04:30:00Z"),
        ("  0\t12 1  * MON ", "2026-11-24T13:00:00Z", "2026-11-30T12:00:00Z"),
        ("0 12 1 * MON", "2026-11-30T12:00:00Z", "2026-12-01T12:00:00Z"),
        ("0 0 */2 * 1", "2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z"),
        ("@hourly", "2026-11-24T10:00:00Z", "2026-11-24T11:00:00Z"),
        ("@Daily", "2026-11-24T10:00:00Z", "2026-11-25T00:00:00Z"),
        ("@midnight", "2026-11-24T10:00:00Z", "2026-11-25T00:00:00Z"),
        ("@weekly", "2026-11-24T10:00:00Z", "2026-11-29T00:00:00Z"),
        ("@monthly", "2026-11-24T10:00:00Z", "2026-12-01T00:00:00Z"),
        ("@yearly", "2026-11-24T10:00:00Z", "2027-01-01T00:00:00Z"),
        ("@annually", "2026-11-24T10:00:00Z", "2027-01-01T00:00:00Z"),
    ])
    func `a pattern fires when its fields say so`(text: String, after: String, expected: String) throws {
        let schedule = try Schedule(Cron(text), zone: .utc)
        let next = schedule.next(after: try instant(after))
        #expect(next == (try instant(expected)))
        #expect(schedule.previous(atOrBefore: next) == next)
        #expect(schedule.fires(at: next))
        #expect(!schedule.fires(at: next + TimeSpan(seconds: 1)))
    }

    @Test(arguments: [
        ("", 1, "empty", "0 3 * * 1-5"),
        ("0 3 * *", 8, "here are 4: there is no day of week", "0 3 * * 1-5"),
        ("0", 2, "here is 1: there is no hour, day of month, month, day of week", "minute, hour"),
        ("0 0 3 * * 1-5", 11, "here are 6", "leave out seconds"),
        ("60 3 * * *", 1, "60 is no minute", "0 to 59"),
        ("0 24 * * *", 3, "24 is no hour", "0 to 23"),
        ("0 3 0 * *", 5, "0 is no day of month", "1 to 31"),
        ("0 3 1,32 * *", 7, "32 is no day of month", "1 to 31"),
        ("0 3 * 13 *", 7, "13 is no month", "1 to 12 or JAN to DEC"),
        ("0 3 * * 8", 9, "8 is no day of week", "0 to 7 or SUN to SAT"),
        ("0 3 * JAM *", 7, "'JAM' is no month", "did you mean 'JAN'?"),
        ("0 3 * * Mondey", 9, "'Mondey' is no day of week", "did you mean 'MON'?"),
        ("0 3 * * ?", 9, "'?' is no day of week", "write *"),
        ("0 3 L * *", 5, "'L' is no day of month", "every month has"),
        ("0 3 * * 5#2", 9, "'5#2' is no day of week", "not in this dialect"),
        ("0 3 15W * *", 5, "'15W' is no day of month", "not in this dialect"),
        ("0/15 * * * *", 1, "a step needs a range", "0-59/15"),
        ("0 9 * * MON/2", 9, "a step needs a range", "1-6/2"),
        ("/30 * * * *", 1, "a step needs a range", "*/30"),
        ("*/0 * * * *", 3, "a step of 0", "from 1 to 59"),
        ("*/90 * * * *", 3, "a step of 90 is beyond the minute", "every: 90m"),
        ("0 */36 * * *", 5, "a step of 36 is beyond the hour", "every: 36h"),
        ("*/x * * * *", 3, "'x' is no number", "from 1 to 59"),
        ("*/5/2 * * * *", 4, "two steps", "one"),
        ("1-5-9 * * * *", 4, "two dashes", "0-59"),
        ("0 22-4 * * *", 3, "runs backwards", "22-23,0-4"),
        ("0 3 * * FRI-MON", 9, "runs backwards", "5-6,0-1"),
        ("0 3 * * SAT-SUN", 9, "runs backwards", "write 6-7"),
        ("0 3,,4 * * *", 5, "a value is missing in the hour", "one comma"),
        ("0 3 -5 * *", 5, "a value is missing in the day of month", "1 to 31"),
        ("0 3 * * 1 - 5", 11, "here are 7", "leave out"),
        ("0 3 * * 99999999999999999999", 9, "is no day of week", "0 to 7"),
        ("@dayly", 1, "there is no nickname '@dayly'", "did you mean '@daily'?"),
        ("@reboot", 1, "a restart never runs a policy", "@daily"),
        ("@daily 3", 1, "nothing may follow", "write @daily alone"),
        ("0 3 * * ü", 9, "'ü' is no day of week", "0 to 7"),
    ])
    func `a fault is told with its column and a way out`(
        text: String, column: Int, message: String, hint: String
    ) throws {
        let fault = try #require(throws: CronFault.self) { _ = try Cron(text) }
        #expect(fault.column == column)
        #expect(fault.message.contains(message), "\(fault.message)")
        #expect(fault.hint.contains(hint), "\(fault.hint)")
    }

    @Test(arguments: ["0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 30-31 FEB *"])
    func `a day that no year has is read, and refused as a schedule`(text: String) throws {
        let cron = try Cron(text)
        #expect(!cron.isPossible)
        #expect(throws: ScheduleFault.neverFires) { _ = try Schedule(cron, zone: .utc) }
        #expect(try Cron(text.dropLast() + "MON").isPossible, "the day of week is enough")
    }

    @Test(arguments: [("0  3\t* * 1-5 ", "0 3 * * 1-5"), ("@DAILY", "@daily")])
    func `a pattern is told as it was written, with single blanks`(text: String, expected: String) throws {
        #expect(try Cron(text).description == expected)
    }

    @Test func `no text makes the reader fall`() {
        var random = Dice(seed: 7)
        let pieces = ["*", "/", "-", ",", " ", "0", "7", "31", "MON", "JAN", "@", "daily", "\t", "é", "\u{0}", "99999"]
        for _ in 0..<5000 {
            let text = (0..<random.below(14)).map { _ in random.pick(pieces) }.joined()
            _ = try? Cron(text)
        }
    }
}
