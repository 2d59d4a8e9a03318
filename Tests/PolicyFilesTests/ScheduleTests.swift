import Foundation
import PolicyFiles
import RotaCore
import Testing

@Suite struct SchedulePolicyTests {
    private func policies(_ schedule: String) throws -> [Policy] {
        let text = """
            version: 1
            policies:
              - name: p
                match: all
                rules: [{ max-age: 90d }]
                schedule: \(schedule)
            """
        let load = readPolicies(Array(text.utf8), file: "p.yaml")
        return try #require(load.policies, "\(load.diagnostics)").policies
    }

    @Test(arguments: [
        ("{ cron: \"0 3 * * 1-5\", zone: Europe/London, window: 2h }", "cron 0 3 * * 1-5 Europe/London window 2h"),
        ("{ cron: 0  3 * * mon-fri }", "cron 0 3 * * mon-fri UTC"),
        ("{ cron: '@daily', zone: UTC }", "cron @daily UTC"),
        ("{ every: 6h, spread: 6h }", "every 6h spread 6h"),
        ("{ cron: '@daily', window: 3h, spread: 2h }", "cron @daily UTC window 3h spread 2h"),
        ("{ every: 6h }", "every 6h"), ("{ every: 90m, window: 10m }", "every 1h30m window 10m"),
    ])
    func `a schedule is read, in UTC where no zone is named`(schedule: String, expected: String) throws {
        #expect(try policies(schedule).first?.schedule?.description == expected)
    }

    @Test func `a schedule is part of the digest, and how it is laid out is not`() throws {
        func digest(_ schedule: String) throws -> String { PolicySet(try policies(schedule)).digest }
        let nightly = try digest("{ cron: \"0 3 * * *\" }")
        #expect(try digest("{ cron: '0  3 * * *', zone: UTC } # the same") == nightly)
        #expect(try digest("{ cron: \"0 4 * * *\" }") != nightly)
    }

    @Test func `a policy without a schedule runs by the one for all`() throws {
        var policy = Policy(name: "own", rules: [])
        policy.schedule = try Schedule(every: .hours(6))
        let hourly = try Schedule(every: .hours(1))
        let set = PolicySet([policy, Policy(name: "none", rules: [])])
        #expect(
            set.scheduled(otherwise: hourly) == [
                ScheduledPolicy("own", try Schedule(every: .hours(6))), ScheduledPolicy("none", hourly),
            ])
    }

    static let malformed = [
        Malformed(
            "a schedule that is a word", "schedule: nightly",
            "6:15: error: 'schedule' must be a mapping, and here is a string\nhint: write 'schedule: { cron:"),
        Malformed(
            "the pattern alone", "schedule: 0 3 * * *",
            "6:15: error: 'schedule' must be a mapping, and here is a string"
                + "\nhint: write 'schedule: { cron: \"0 3 * * *\" }'"),
        Malformed(
            "the span alone", "schedule: 6h",
            "6:15: error: 'schedule' must be a mapping, and here is a string\nhint: write 'schedule: { every: 6h }'"),
        Malformed(
            "a spread beyond the window", "schedule: { every: 6h, window: 1h, spread: 2h }",
            "6:48: error: 'spread' (2h) is longer than the window (1h): some tokens would never have their turn"
                + "\nhint: write spread: 1h or less, or a longer window"),
        Malformed(
            "a spread beyond the next run", "schedule: { every: 6h, spread: 7h }",
            "6:36: error: 'spread' (7h) is longer than 'every' (6h): some tokens would never have their turn"
                + "\nhint: write spread: 6h or less"),
        Malformed(
            "a spread that is none", "schedule: { every: 6h, spread: 30s }",
            "6:36: error: 'spread' must be at least 2m, and here is '30s'"),
        Malformed("nothing", "schedule: {}", "6:15: error: 'schedule' is empty\nhint: write 'schedule: { cron:"),
        Malformed(
            "a slip", "schedule: { corn: \"0 3 * * *\" }",
            "6:17: error: unknown key 'corn' in 'schedule'\nhint: did you mean 'cron'?"),
        Malformed(
            "neither of two", "schedule: { zone: UTC }",
            "6:15: error: the schedule has neither 'cron' nor 'every'\nhint: write 'schedule: { cron:"),
        Malformed(
            "both of two", "schedule: { cron: \"0 3 * * *\", every: 6h }",
            "6:43: error: a schedule has either 'cron' or 'every', and here are both\nhint: remove one of them"),
        Malformed(
            "a fault in a quoted pattern", "schedule: { cron: \"0 3 * * 8\" }",
            "6:32: error: 'cron': 8 is no day of week\nhint: write 0 to 7 or SUN to SAT"),
        Malformed(
            "a fault in a plain pattern", "schedule: { cron: 0 25 * * * }",
            "6:25: error: 'cron': 25 is no hour\nhint: write 0 to 23"),
        Malformed(
            "a fault in a folded pattern", "schedule: { cron: \"0 25\n       * * *\" }",
            "6:26: error: 'cron': 25 is no hour"),
        Malformed(
            "six fields", "schedule: { cron: \"0 0 3 * * *\" }",
            "6:34: error: 'cron': a cron pattern has five fields, and here are 6\nhint: leave out seconds and years"),
        Malformed(
            "a day that no year has", "schedule: { cron: \"0 3 31 4 *\" }",
            "6:23: error: 'cron': no year has such a day, so that it would never run"
                + "\nhint: check the day of month against the month"),
        Malformed(
            "a pattern without quotes", "schedule: { cron: */15 * * * * }",
            "6:24: error: <any>\nhint: put the pattern into quotes, as in cron: \"*/15 * * * *\""),
        Malformed(
            "a nickname without quotes", "schedule: { cron: @daily }",
            "6:23: error: <any>\nhint: put the pattern into quotes, as in cron: \"@daily\""),
        Malformed(
            "a list for a pattern", "schedule: { cron: [0, 3] }",
            "6:23: error: 'cron' must be a string, and here is a list\nhint: write cron: \"0 3 * * 1-5\""),
        Malformed(
            "a slip in a zone", "schedule: { cron: \"0 3 * * *\", zone: Europe/Lodnon }",
            "6:42: error: 'zone': there is no time zone 'Europe/Lodnon'\nhint: did you mean 'Europe/London'?"),
        Malformed(
            "a city alone", "schedule: { cron: \"0 3 * * *\", zone: new york }",
            "6:42: error: 'zone': there is no time zone 'new york'\nhint: did you mean 'America/New_York'?"),
        Malformed(
            "a slip in a city alone", "schedule: { cron: \"0 3 * * *\", zone: Lundon }",
            "6:42: error: 'zone': there is no time zone 'Lundon'\nhint: did you mean 'Europe/London'?"),
        Malformed(
            "small letters", "schedule: { cron: \"0 3 * * *\", zone: europe/london }",
            "6:42: error: 'zone': there is no time zone 'europe/london'\nhint: did you mean 'Europe/London'?"),
        Malformed(
            "a zone with leap seconds", "schedule: { cron: \"0 3 * * *\", zone: right/Europe/Berlin }",
            "6:42: error: 'zone': there is no time zone 'right/Europe/Berlin'\nhint: write zone: Europe/Berlin"),
        Malformed(
            "the zone of the machine", "schedule: { cron: \"0 3 * * *\", zone: localtime }",
            "6:42: error: 'zone': there is no time zone 'localtime'\nhint: write a name such as Europe/London"),
        Malformed(
            "a zone that leads elsewhere", "schedule: { cron: \"0 3 * * *\", zone: ../../../etc/hostname }",
            "6:42: error: 'zone': there is no time zone '../../../etc/hostname'\nhint: write a name such as"),
        Malformed(
            "a folder of zones", "schedule: { cron: \"0 3 * * *\", zone: Europe }",
            "6:42: error: 'zone': there is no time zone 'Europe'"),
        Malformed(
            "an offset for a zone", "schedule: { cron: \"0 3 * * *\", zone: +01:00 }",
            "6:42: error: 'zone': there is no time zone '+01:00'\nhint: write a name such as Europe/London"),
        Malformed(
            "a zone for a span", "schedule: { every: 6h, zone: UTC }",
            "6:34: error: 'zone' means nothing to 'every', which goes by the time that passes\nhint: remove it;"),
        Malformed(
            "a span of seconds", "schedule: { every: 10s }",
            "6:24: error: 'every' must be from 1m to 366d, and here is '10s'\nhint: write every: 1h"),
        Malformed(
            "no span", "schedule: { every: daily }",
            "6:24: error: 'every': 'daily' is not a duration"),
        Malformed(
            "a window of nothing", "schedule: { every: 6h, window: 0s }",
            "6:36: error: 'window' must be more than nothing"),
    ]

    @Test(arguments: malformed)
    func `a fault of a schedule is told with its place and a hint`(malformed: Malformed) {
        let load = readPolicies(Array(malformed.text.utf8), file: "p.yaml")
        #expect(load.policies == nil)
        let said = load.diagnostics.map(\.description).joined(separator: "\n")
        let parts = malformed.expected.components(separatedBy: "<any>")
        #expect(said.hasPrefix(parts[0]), "\(said)")
        #expect(parts.count == 1 || said.contains(parts[1]), "\(said)")
    }

    @Test func `a window that never closes is a warning`() throws {
        let text =
            "version: 1\npolicies:\n  - name: p\n    match: all\n    rules: [{ max-age: 90d }]\n"
            + "    schedule: { every: 1h, window: 1h }\n"
        let load = readPolicies(Array(text.utf8), file: "p.yaml")
        #expect(load.policies != nil)
        #expect(load.diagnostics.map(\.severity) == [.warning])
        #expect(load.diagnostics.first?.message == "the window of 1h never closes: the next run comes after 1h")
    }
}
