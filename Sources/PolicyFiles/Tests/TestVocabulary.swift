// The words of a test of policies.
extension Vocabulary {
    static let testFile = Vocabulary(title: "a test file", keys: ["version", "now", "policies", "mode", "tests"])
    static let test = Vocabulary(title: "a test", keys: ["name", "token", "expect"])
    static let testToken = Vocabulary(
        title: "'token'",
        keys: [
            "name", "description", "owner", "integration", "scopes", "labels", "issuer", "destinations", "state",
            "quarantined", "created-at", "age", "value-issued-at", "previous-issued-at", "overlap-ends-at", "rotating",
            "idle", "last-used-at", "addresses", "agents", "expires-at",
        ])
    static let quarantined = Vocabulary(title: "'quarantined'", keys: ["since", "policy", "rule"])
    static let expect = Vocabulary(title: "'expect'", keys: ["action", "verdicts"])
    static let expectedAction = Vocabulary(title: "'action'", keys: ["action", "policy", "rule", "blocked"])
    static let expectedVerdict = Vocabulary(title: "an expected verdict", keys: ["status", "reason"])
}
