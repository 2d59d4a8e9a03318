// The words of a test of policies.
extension Vocabulary {
    static let testFile = Vocabulary(
        title: "a test file", keys: ["version", "now", "policies", "mode", "tests"],
        advice: "begin it with 'version: 1', 'now:' and 'tests:'; 'rota policy test --help' shows one")
    static let test = Vocabulary(
        title: "a test", keys: ["name", "token", "expect"],
        advice: "write each test as '- name: …' with 'token' and 'expect'")
    static let testToken = Vocabulary(
        title: "'token'",
        keys: [
            "name", "description", "owner", "integration", "scopes", "labels", "issuer", "destinations", "state",
            "quarantined", "created-at", "age", "value-issued-at", "previous-issued-at", "overlap-ends-at", "rotating",
            "idle", "last-used-at", "addresses", "agents", "expires-at",
        ], synonyms: ["created": "created-at", "expires": "expires-at", "last-used": "last-used-at"],
        advice: "write its facts, such as 'token: { labels: { env: production }, age: 91d }'")
    static let quarantined = Vocabulary(
        title: "'quarantined'", keys: ["since", "policy", "rule"],
        advice: "write 'quarantined: { since: 15d, policy: POLICY, rule: RULE }'; 'since' alone where a person did it")
    static let expect = Vocabulary(
        title: "'expect'", keys: ["action", "verdicts"],
        advice: "write 'expect: { action: rotate, verdicts: { POLICY: { RULE: violating } } }', or one of both")
    static let expectedAction = Vocabulary(title: "'action'", keys: ["action", "policy", "rule", "blocked"])
    static let expectedVerdict = Vocabulary(title: "an expected verdict", keys: ["status", "reason"])
}
