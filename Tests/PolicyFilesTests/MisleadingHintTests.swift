import PolicyFiles
import Testing

/// What is said of policies that somebody wrote who knew only the help: a hint that leads to what was meant.
@Suite struct MisleadingHintTests {
    private static let quotes = "put the whole condition into quotes, or below 'when: |'"

    static let conditions = [
        Malformed(
            "a condition that YAML takes for a tag", "when: !(token.owner == 'x')",
            "6:11: error: '!(token.owner' is a tag here, which is not supported; a text that begins with '!' stands in"
                + " quotes\nhint: \(quotes)"),
        Malformed(
            "a condition that is a tag as a whole", "when: !has(token.expires_at)",
            "6:11: error: '!has(token.expires_at)' is a tag here"),
        Malformed(
            "a condition of which YAML would take away the '!'", "when: ! (token.owner == 'x')",
            "6:11: error: 'when' begins with '!', which YAML takes for a tag\nhint: \(quotes)"),
        Malformed(
            "a condition that begins with a text", "when: 'env' in token.labels",
            "6:17: error: did not find expected key while parsing a block mapping that starts at 3:5"
                + "\nhint: \(quotes)"),
        Malformed(
            "a condition that begins with a list", "when: ['a', 'b'].exists(x, x == token.owner)",
            "6:21: error: did not find expected key while parsing a block mapping that starts at 3:5"
                + "\nhint: \(quotes)"),
    ]

    static let places = [
        Malformed(
            "a minimum notice of nothing", "minimum-notice: 0s",
            "6:21: error: 'minimum-notice' must be more than nothing"
                + "\nhint: leave it out where nothing is to wait for a notice"),
        Malformed(
            "an abbreviation of a zone", "schedule: { cron: \"0 3 * * *\", zone: BST }",
            "6:42: error: 'zone': there is no time zone 'BST'"
                + "\nhint: an abbreviation has no rules of summer time: write an IANA zone such as Europe/London"),
        Malformed(
            "an abbreviation of another place", "schedule: { cron: \"0 3 * * *\", zone: PDT }",
            "6:42: error: 'zone': there is no time zone 'PDT'"
                + "\nhint: an abbreviation has no rules of summer time: write an IANA zone such as America/Los_A"),
        Malformed(
            "a revocation beside its quarantine",
            rules: "      - unused-for: 90d\n        action: quarantine\n        revoke-after: 14d",
            "8:9: error: 'revoke-after' does not stand in a rule"
                + "\nhint: write it in 'then', as in then: { revoke-after: 14d }"),
        Malformed(
            "required in a rule", rules: "      - required: true",
            "6:9: error: 'required' does not stand in a rule"
                + "\nhint: write it in 'expiry', as in expiry: { required: true }"),
        Malformed(
            "a lifetime in a rule", rules: "      - max-lifetime: 365d",
            "6:9: error: 'max-lifetime' does not stand in a rule"
                + "\nhint: write it in 'expiry', as in expiry: { max-lifetime: 365d }"),
        Malformed(
            "what may remain in a rule", rules: "      - max-remaining: 90d",
            "6:9: error: 'max-remaining' does not stand in a rule"
                + "\nhint: write it in 'expiry', as in expiry: { max-remaining: 90d }"),
        Malformed(
            "another word for a start", rules: "      - max-age: 90d\n        begin-before: 3d",
            "7:9: error: unknown key 'begin-before' in a rule\nhint: did you mean 'start-before'?"),
        Malformed(
            "not in a match", match: "{ not: { owner: a } }",
            "4:14: error: 'not' does not stand in 'match'\nhint: write what is not meant under 'except'"),
        Malformed(
            "not an owner", match: "{ owner: { not: a } }",
            "4:21: error: 'owner' must be a string or a list, and here is a mapping"
                + "\nhint: write what is not meant under 'except', as in except: { owner: ops }"),
        Malformed(
            "not a label", match: "{ labels: { env: { not: a } } }",
            "4:29: error: 'env' must be a string or a list, and here is a mapping"
                + "\nhint: write what is not meant under 'except'"),
    ]

    @Test(arguments: conditions + places)
    func `a hint leads to what was meant`(_ malformed: Malformed) {
        let load = readPolicies(Array(malformed.text.utf8), file: "p.yaml")
        #expect(load.policies == nil)
        let first = load.diagnostics.first?.description ?? "nothing"
        #expect(first.hasPrefix(malformed.expected), "\(first)")
    }

    private func said(_ lines: String, rules: String = "[{ max-age: 90d }]") -> [String] {
        let text = "version: 1\npolicies:\n  - name: p\n    match: all\n    rules: \(rules)\n    \(lines)\n"
        return readPolicies(Array(text.utf8), file: "p.yaml").diagnostics.map(\.description)
    }

    @Test(
        arguments: [
            ("\"!(token.owner == 'x')\"", []), ("\"'env' in token.labels\"", []),
            ("has(token.idle) && token.idle > duration('1h')", []),
            ("'!has(token.expires_at) || token.expires_at > now'", []),
            ("now - token.created_at > duration('1h') && token.destinations > 0", []),
            (
                "token.owner == 'x' && token.last_used_at < now",
                ["6:33: warning: 'when': a token without token.last_used_at makes the condition err, and is left alone"]
            ),
            (
                "'token.idle > token.age && has(token.age)'",
                ["6:12: warning: 'when': a token without token.idle makes the condition err, and is left alone"]
            ),
        ] as [(String, [String])])
    func `what a token may not have is to be asked for with has before`(_ condition: String, _ expected: [String]) {
        let told = said("when: \(condition)")
        #expect(told.count == expected.count, "\(told)")
        for (line, start) in zip(told, expected) { #expect(line.hasPrefix("p.yaml:" + start), "\(line)") }
    }

    @Test(arguments: [
        ("{ max-age: 90d, action: rotate, overlap: 100d }", "notify-before: 14d"),
        ("{ max-age: 90d, action: rotat }", "minimum-notice: 3d"),
    ])
    func `nothing is concluded from a rule that has a fault`(_ rule: String, _ lines: String) {
        let told = said(lines, rules: "[\(rule)]")
        #expect(told.count == 1 && told.first?.contains(": error: ") == true, "\(told)")
    }

    private static let policy =
        "version: 1\npolicies:\n  - name: p\n    match: all\n    rules: [{ max-age: 90d }]\n"

    @Test func `a changed file of another name is told which name to have`() throws {
        let (configured, elsewhere) = (try Folder(), try Folder())
        try configured.write(Self.policy, to: "production.yaml")
        try elsewhere.write(Self.policy, to: "changed.yaml")
        let load = loadPolicies(at: configured.path, with: elsewhere.path + "/changed.yaml")
        #expect(
            load.diagnostics.map(\.hint)
                == ["to compare a changed file give it the name of the file that it replaces, production.yaml"])
    }

    @Test func `a file that is given and is not there is no matter of the configuration`() throws {
        let folder = try Folder()
        try folder.write(Self.policy, to: "p.yaml")
        let missing = folder.path + "/nofile.yaml"
        for load in [loadPolicies(at: missing), loadPolicies(at: folder.path, with: missing)] {
            #expect(load.diagnostics.map(\.hint) == ["it is not there: check the path"])
        }
        let configured = loadPolicies(at: missing, isConfigured: true)
        #expect(configured.diagnostics.first?.hint?.hasPrefix("set 'policies' in the configuration") == true)
    }
}
