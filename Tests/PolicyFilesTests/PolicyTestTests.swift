import PolicyFiles
import RotaCore
import Testing

/// What `rota policy test` reads, and what it says of it.
@Suite struct PolicyTestTests {
    private static let policies = """
        version: 1
        policies:
          - name: rotation
            mode: enforce
            match: { labels: { env: prod } }
            rules:
              - { max-age: 90d, action: rotate, overlap: 24h }
              - { unused-for: 30d, action: quarantine, then: { revoke-after: 14d } }
          - name: owned
            match: { labels: { env: prod } }
            rules: [{ owner: required }]
          - name: shared
            mode: enforce
            match: { labels: { env: prod } }
            rules: [{ sources: { max-addresses: 3, within: 7d }, action: quarantine }]

        """

    /// Reads one test, which begins in line 4, beside the policies above.
    private func read(_ test: String) throws -> (PolicyTestFile?, [String]) {
        let folder = try Folder()
        try folder.write(Self.policies, to: "p.yaml")
        let text = "version: 1\nnow: 2027-01-01\ntests:\n  - { name: t, \(test) }\n"
        let (file, diagnostics) = readPolicyTests(Array(text.utf8), file: "p.test.yaml") { _ in folder.path + "/p.yaml"
        }
        return (file, diagnostics.map(\.description))
    }

    private func checks(_ test: String) throws -> [PolicyTestCheck] {
        let (read, faults) = try read(test)
        let file = try #require(read, "\(faults)")
        return file.tests.flatMap { $0.checks(of: file.policies, at: file.now) }
    }

    @Test(arguments: [
        ("age: 10d", "action: none, verdicts: { rotation: { max-age: within-max-age }, owned: no-owner }"),
        ("age: 91d", "action: rotate, verdicts: { rotation: { max-age: violating } }"),
        ("age: 91d, destinations: 0", "action: { action: rotate, blocked: no-destination }"),
        ("age: 91d, issuer: external:aws-iam", "action: { action: rotate, blocked: issuer-not-driven }"),
        ("age: 5d, idle: 30d", "action: { action: quarantine, policy: rotation, rule: unused-for }"),
        ("created-at: 2026-11-01, last-used-at: never", "verdicts: { rotation: { unused-for: never-used } }"),
        ("age: 5d, last-used-at: unknown", "verdicts: { rotation: { unused-for: usage-unknown } }"),
        ("value-issued-at: unknown", "verdicts: { rotation: { max-age: { status: unknown, reason: age-unknown } } }"),
        ("age: 91d, rotating: true", "action: none"),
        ("age: 1d, addresses: 3", "verdicts: { shared: few-sources }"),
        ("age: 9d, idle: 7d, addresses: 4, agents: 9", "verdicts: { shared: few-sources }"),
        ("age: 1d, addresses: 4", "verdicts: { shared: too-many-sources }, action: quarantine"),
        (
            "age: 1d, previous-issued-at: 91d, overlap-ends-at: 2h",
            "verdicts: { rotation: { max-age: in-progress } }"
        ),
        ("owner: ops, age: 1d", "verdicts: { owned: compliant }"),
        ("quarantined: { since: 14d, policy: rotation, rule: unused-for }", "action: revoke"),
        ("quarantined: { since: 13d, policy: rotation, rule: unused-for }", "action: none"),
        ("state: revoked", "action: none"),
        ("expires-at: 2026-12-31, age: 91d", "action: none"),
    ])
    func `a token is judged by the planner itself`(_ facts: String, _ expected: String) throws {
        let checks = try checks("token: { labels: { env: prod }, \(facts) }, expect: { \(expected) }")
        #expect(!checks.isEmpty)
        for check in checks { #expect(check.passed, "expected \(check.expected), came \(check.actual)") }
    }

    @Test func `what came is told with its sentence`() throws {
        let test = "token: { labels: { env: prod }, age: 89d }, expect: { action: none, verdicts: { rotation: "
        let checks = try checks(test + "{ max-age: violating }, owned: not-selected } }")
        #expect(checks.map(\.passed) == [false, false, false])
        #expect(checks.map(\.actual) == ["due, max-age-due", "selected", "rotate by rotation: max-age"])
        #expect(checks[0].message == "the value is 89 days old and is to be replaced before it is older than 90 days")
        #expect(checks[0].place == PolicyTest.Place(line: 4, column: 117))
    }

    @Test func `a rule of a policy that does not select the token fails with the reason`() throws {
        let checks = try checks(
            "token: { labels: { env: test } }, expect: { verdicts: { rotation: { max-age: compliant } } }")
        #expect(checks.map(\.passed) == [false])
        #expect(checks[0].message == "its label 'env' is 'test', not 'prod'")
    }

    @Test(arguments: [
        (
            "token: { labels: { env: prod }, agee: 1d }, expect: { action: none }",
            "unknown key 'agee' in 'token'\nhint: did you mean 'age'?"
        ),
        ("token: { labels: { env: prod }, age: soon }, expect: { action: none }", "'age' must be a time or a duration"),
        (
            "token: { labels: { env: prod }, age: 1d, value-issued-at: 1d }, expect: { action: none }",
            "'age' and 'value-issued-at' say the same"
        ),
        ("token: { labels: { env: prod }, overlap-ends-at: 1d }, expect: { action: none }", "there is none"),
        (
            "token: { labels: { env: test } }, expect: { action: none }",
            "no policy selects this token, so that nothing is tested\nhint: 'rotation': its label 'env' is 'test'"
        ),
        ("token: { labels: { env: prod } }, expect: {}", "this test expects nothing"),
        (
            "token: { labels: { env: prod }, last-used-at: 2027-01-02 }, expect: { action: none }",
            "'last-used-at' ('2027-01-02') is after 'now' (2027-01-01T00:00:00Z)"
        ),
        (
            "token: { labels: { env: prod }, created-at: 2028-01-01 }, expect: { action: none }",
            "'created-at' ('2028-01-01') is after 'now'"
        ),
        (
            "token: { labels: { env: prod }, idle: unknown, agents: 2 }, expect: { action: none }",
            "'agents' is about uses, and there is none"
        ),
        (
            "token: { labels: { env: prod } }, expect: { verdicts: { rotatoin: compliant } }",
            "there is no policy 'rotatoin' here\nhint: did you mean 'rotation'?"
        ),
        (
            "token: { labels: { env: prod } }, expect: { verdicts: { rotation: { maxage: compliant } } }",
            "there is no rule 'maxage' here\nhint: did you mean 'max-age'?"
        ),
        (
            "token: { labels: { env: prod } }, expect: { verdicts: { rotation: compliant } }",
            "policy 'rotation' has 2 rules"
        ),
        (
            "token: { labels: { env: prod } }, expect: { verdicts: { rotation: { max-age: violatng } } }",
            "is neither a status nor a reason\nhint: did you mean 'violating'?"
        ),
        (
            "token: { labels: { env: prod } }, expect: { verdicts: { rotation: { max-age: never-used } } }",
            "'max-age' never gives the reason 'never-used'"
        ),
        ("token: { labels: { env: prod } }, expect: { verdicts: { owned: due } }", "'owner' is never due"),
        (
            "token: { labels: { env: prod }, state: revoked }, expect: { verdicts: { owned: violating } }",
            "no rule is held against a token that is revoked"
        ),
        (
            "token: { labels: { env: prod } }, expect: { action: set-expiry }",
            "no policy here takes the action 'set-expiry'"
        ),
        (
            "token: { labels: { env: prod } }, expect: { action: notify }",
            "hint: those that have it only observe or warn: write 'mode: enforce'"
        ),
        (
            "token: { labels: { env: prod } }, expect: { action: { action: rotate, blocked: no-destinaton } }",
            "hint: did you mean 'no-destination'?"
        ),
        (
            "token: { quarantined: { since: 1d, policy: rotation, rule: max-age } }, expect: { action: none }",
            "hint: write policy: rotation, rule: unused-for"
        ),
        (
            "token: { quarantined: 15d }, expect: { action: none }",
            "'quarantined' must be a mapping, and here is a string"
                + "\nhint: write 'quarantined: { since: 15d, policy: POLICY"
        ),
        (
            "token: { quarantined: { since: 15d } }, expect: { action: revoke }",
            "a quarantine that no rule called for comes to no revocation"
                + "\nhint: in 'quarantined': write policy: rotation, rule: unused-for"
        ),
        (
            "token: { labels: { env: prod } }, expect: violating",
            "'expect' must be a mapping, and here is a string"
                + "\nhint: write 'expect: { verdicts: { POLICY: { RULE: violating } } }'"
        ),
        (
            "token: { labels: { env: prod } }, expect: rotate",
            "'expect' must be a mapping, and here is a string\nhint: write 'expect: { action: rotate }'"
        ),
        (
            "token: { labels: { env: prod } }, expect: { verdicts: { owned: none } }",
            "; or 'POLICY: not-selected' for a policy that has no say about the token"
        ),
        (
            "token: { labels: { env: prod }, destinations: ['local:a', 'local:b'] }, expect: { action: none }",
            "'destinations' is how many there are, and here is a list\nhint: write destinations: 2"
        ),
        (
            "token: { labels: { env: prod }, created_at: 10d }, expect: { action: none }",
            "unknown key 'created_at' in 'token'\nhint: did you mean 'created-at'?"
        ),
        (
            "token: { labels: { env: prod }, created: 10d }, expect: { action: none }",
            "unknown key 'created' in 'token'\nhint: did you mean 'created-at'?"
        ),
    ])
    func `a slip and an expectation that cannot come true are told with their place`(
        _ test: String, _ expected: String
    ) throws {
        let (file, faults) = try read(test)
        #expect(file == nil)
        #expect(faults.contains { $0.hasPrefix("p.test.yaml:4:") && $0.contains(expected) }, "\(faults)")
    }

    @Test func `tests stand beside policies and are never loaded as such`() throws {
        let folder = try Folder()
        try folder.write(Self.policies, to: "p.yaml")
        let test = "{ name: t, token: { labels: { env: prod } }, expect: { action: none } }"
        try folder.write(
            "version: 1\nnow: 2027-01-01\ntests: [\(test)]\n",
            to: "p.test.yaml")
        #expect(loadPolicies(at: folder.path).policies?.policies.map(\.name) == ["rotation", "owned", "shared"])
        let refusal = try #require(loadPolicies(at: folder.path + "/p.test.yaml").diagnostics.first)
        #expect(refusal.message == "this is a test of policies, not a policy")
        for path in ["", "/p.yaml", "/p.test.yaml"] {
            let load = loadPolicyTests(at: folder.path + path)
            #expect(load.files.map(\.file) == [folder.path + "/p.test.yaml"], "\(load.diagnostics)")
        }
    }

    @Test func `policies without a test say how to write one`() throws {
        let folder = try Folder()
        try folder.write(Self.policies, to: "p.yaml")
        #expect(
            loadPolicyTests(at: folder.path + "/p.yaml").diagnostics.first?.hint?.hasPrefix(
                "write \(folder.path)/p.test.yaml") == true)
        #expect(
            loadPolicyTests(at: folder.path).diagnostics.first?.message == "the directory holds no *.test.yaml file")
    }
}
