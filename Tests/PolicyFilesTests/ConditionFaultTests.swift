import PolicyFiles
import Testing

/// Where a fault of a condition is said to be: where it is written, however that is.
@Suite struct ConditionFaultTests {
    private static let head = """
        version: 1
        policies:
          - name: p
            match: all
            rules: [{ max-age: 90d }]

        """

    private func said(_ lines: String) -> String {
        let load = readPolicies(Array((Self.head + lines + "\n").utf8), file: "p.yaml")
        #expect(load.policies == nil)
        return load.diagnostics.first?.description ?? "no fault"
    }

    // The fault is in 'ownr' each time; its line and column as an editor shows them.
    @Test(arguments: [
        ("    when: token.ownr == \"x\"", "6:17"),
        ("    when: 'token.name == \"it''s\" && token.ownr == \"x\"'", "6:43"),
        ("    when: \"token.name == \\\"a\\\" && token.ownr == 'x'\"", "6:41"),
        ("    when: \"token.name == \\x22a\\u0022 && token.ownr == 'x'\"", "6:47"),
        ("    when: |\n      token.name == \"a\" &&\n        token.ownr == \"x\"", "8:15"),
        ("    when: >\n      token.name == \"a\" &&\n\n      token.ownr == \"x\"", "9:13"),
        ("    when: >-\n      token.name ==\n      \"a\" && token.ownr == \"x\"", "8:20"),
        ("    when: token.name == \"a\"\n      && token.ownr == \"x\"", "7:16"),
        ("    when: 'token.name == \"a\"\n\n      && token.ownr == \"x\"'", "8:16"),
        ("    when: \"token.name == 'a' \\\n      && token.ownr == 'x'\"", "7:16"),
        ("    when: token.name == \"é\" && token.ownr == \"x\"", "6:38"),
    ])
    func `a name that there is not is told at its place`(_ lines: String, _ place: String) {
        let said = said(lines)
        #expect(said.hasPrefix("p.yaml:\(place): error: 'when': "), "\(said)")
        #expect(!said.contains("of the condition"), "\(said)")
    }

    @Test func `what is missing at the end is told behind it`() {
        #expect(said("    when: token.owner ==").hasPrefix("p.yaml:6:25: error: 'when': "))
        #expect(said("    when: >\n      token.owner ==").hasPrefix("p.yaml:7:21: error: 'when': "))
    }

    @Test func `where the text stands behind an anchor the place in the condition is told`() {
        #expect(
            said("    when: &w token.ownr == 'x'").contains("(line 1, column 7 of the condition)"),
            "\(said("    when: &w token.ownr == 'x'"))")
    }

    @Test func `an expression with a colon is told to stand in quotes`() {
        let said = said("    when: token.owner == \"x\" ? true : false")
        #expect(said.contains("\nhint: put the expression into single quotes, or below 'when: |'"), "\(said)")
    }

    @Test(arguments: [("true", "a boolean"), ("false", "a boolean"), ("7", "an integer"), ("[a]", "a list")])
    func `what is no text is no condition`(_ value: String, _ kind: String) {
        let said = said("    when: \(value)")
        #expect(said.hasPrefix("p.yaml:6:11: error: 'when' must be an expression, and here is \(kind)\nhint: "))
    }

    @Test func `the column of a cron pattern is told behind a quote, too`() {
        let said = said("    schedule: { cron: \"0 3 * * 8\" }")
        #expect(said.hasPrefix("p.yaml:6:32: error: 'cron': "), "\(said)")
    }

    @Test func `no notice at all is told`() {
        let said = said("    notify-before: []")
        #expect(said.hasPrefix("p.yaml:6:20: error: 'notify-before' is an empty list"), "\(said)")
        #expect(said.contains("hint: write notify-before: [14d, 3d], or leave it out"))
    }

    @Test func `a spread that cannot be made short enough is to be left out`() {
        let window = said("    schedule: { cron: \"0 3 * * *\", window: 1m, spread: 5m }")
        #expect(window.contains("hint: leave it out, as two turns are a minute apart or more, or a longer window"))
        let rhythm = said("    schedule: { every: 1m, spread: 5m }")
        #expect(rhythm.hasSuffix("hint: leave it out, as two turns are a minute apart or more"))
        #expect(said("    schedule: { every: 1h, spread: 2h }").hasSuffix("hint: write spread: 1h or less"))
    }
}
