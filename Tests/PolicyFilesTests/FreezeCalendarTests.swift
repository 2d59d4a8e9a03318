import PolicyFiles
import RotaCore
import Testing
import YAML

@Suite struct FreezeCalendarReadingTests {
    private func read(_ text: String) throws -> (calendar: FreezeCalendar?, diagnostics: [Diagnostic]) {
        readFreezeCalendar(try Document(parsing: text).root, file: "rota.yaml")
    }

    private func freezes(_ text: String, from: String, days: Int64) throws -> [String] {
        let (calendar, diagnostics) = try read(text)
        let start = try #require(Instant(from))
        return try #require(calendar, "\(diagnostics)").spans(from: start, until: start + .days(days))
            .map { "\($0.begin) \($0.end) \($0.reason)" }
    }

    @Test(arguments: [
        // The day that it ends on is frozen to its end; a minute is not.
        (
            "dates: [{ from: 2026-12-20, until: 2027-01-02, reason: year end }]",
            "2026-12-20T00:00:00Z 2027-01-03T00:00:00Z year end"
        ),
        ("dates: [{ on: 2026-12-25, reason: Christmas }]", "2026-12-25T00:00:00Z 2026-12-26T00:00:00Z Christmas"),
        (
            "dates: [{ from: 2026-12-24 12:00, until: 2026-12-24 18:00, reason: x }]",
            "2026-12-24T12:00:00Z 2026-12-24T18:00:00Z x"
        ),
        (
            "{ zone: Europe/Berlin, dates: [{ on: 2026-12-25, reason: x }] }",
            "2026-12-24T23:00:00Z 2026-12-25T23:00:00Z x"
        ),
    ])
    func `dates are read, in UTC where no zone is named`(text: String, expected: String) throws {
        #expect(try freezes(text, from: "2026-12-01", days: 60) == [expected])
    }

    @Test(arguments: [
        ("{ from: fri 18:00, until: mon 06:00, reason: x }", ["2026-11-27T18:00:00Z 2026-11-30T06:00:00Z x"]),
        (
            "{ days: [sat, Sunday], reason: x }",
            [
                "2026-11-28T00:00:00Z 2026-11-29T00:00:00Z x", "2026-11-29T00:00:00Z 2026-11-30T00:00:00Z x",
            ]
        ),
        // Until a time that is no later is until the next day.
        ("{ days: sun, from: 22:00, until: \"04:00\", reason: x }", ["2026-11-29T22:00:00Z 2026-11-30T04:00:00Z x"]),
        ("{ days: fri, from: \"17:00\", reason: x }", ["2026-11-27T17:00:00Z 2026-11-28T00:00:00Z x"]),
        (
            "{ days: fri-sat, from: \"09:00\", until: \"10:00\", reason: x }",
            [
                "2026-11-27T09:00:00Z 2026-11-27T10:00:00Z x", "2026-11-28T09:00:00Z 2026-11-28T10:00:00Z x",
            ]
        ),
        ("{ days: sun-mon, until: \"06:00\", reason: x }", ["2026-11-29T00:00:00Z 2026-11-29T06:00:00Z x"]),
    ])
    func `weekly freezes are read, by days or from one moment of the week to another`(entry: String, expected: [String])
        throws
    {
        // From Tuesday, 24 November 2026, on; until Sunday night.
        #expect(try freezes("weekly: [\(entry)]", from: "2026-11-24", days: 6) == expected)
    }

    @Test func `all that is wrong is told at once, each with its place and a way out`() throws {
        let (calendar, diagnostics) = try read(
            """
            zone: Europe/Londn
            dates:
              - { from: 2026-12-20, until: 2026-12-01, reason: year end }
              - { on: 2026-02-30, reason: x }
              - { on: 2026-12-25 }
              - { from: 2026-12-25, reason: x }
              - { on: 2026-12-25, resaon: x }
              - { on: 2026-12-25, reason: "" }
            weekly:
              - { days: [sat, sum], reason: x }
              - { days: [sat], from: 25:00, reason: x }
              - { from: fri 18:00, until: 06:00, reason: x }
              - { reason: x }
            """)
        #expect(calendar == nil)
        let told = diagnostics.map { "\($0.line):\($0.column): \($0.message) | \($0.hint ?? "")" }
        let expected = [
            "1:7: 'zone': there is no time zone 'Europe/Londn' | did you mean 'Europe/London'?",
            "3:32: 'until' is before 'from' | write { from: 2026-12-20",
            "4:11: 'on' is no day: '2026-02-30' | write on: 2026-12-25",
            "5:5: an entry of 'dates' has no 'reason' | say why",
            "6:5: an entry of 'dates' has either 'on', or 'from' and 'until' | write { from:",
            "7:23: unknown key 'resaon' in an entry of 'dates' | did you mean 'reason'?",
            "8:31: 'reason' is an empty text | say why",
            "10:13: 'days': 'sum' is no day of the week | did you mean 'sun'?",
            "11:26: 'from' is no time of day: '25:00' | write from: \"18:00\"",
            "12:31: 'until' is no time of the week: '06:00' | write until: fri 18:00",
            "13:5: an entry of 'weekly' has 'days', or a 'from' and an 'until' with their days | write { days:",
        ]
        for line in expected {
            #expect(told.contains { $0.hasPrefix(line) }, "\(line)\n\(told.joined(separator: "\n"))")
        }
    }

    @Test(arguments: [
        ("{}", "neither 'dates' nor 'weekly'"), ("[]", "must be a mapping"),
        ("dates: { on: 2026-12-25 }", "must be a list"),
        ("weekly: []", "is an empty list"), ("weekly: [{ days: mon-sun, reason: x }]", "no moment of the week"),
        ("weekly: [{ from: mon 06:00, until: mon 06:00, reason: x }]", "no moment of the week"),
    ])
    func `what would say nothing, or freeze for ever, is refused`(text: String, message: String) throws {
        let (calendar, diagnostics) = try read(text)
        #expect(calendar == nil)
        #expect(diagnostics.count == 1 && diagnostics[0].message.contains(message), "\(diagnostics)")
    }
}
