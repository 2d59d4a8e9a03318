/// The keys that a mapping may have, and those that come with a later version.
struct Vocabulary {
    /// What the mapping is, for messages: `a policy`.
    var title: String
    var keys: [String]
    /// A key that is refused for now, and what to do meanwhile.
    var later: [String: String] = [:]

    static let file = Vocabulary(title: "the file", keys: ["version", "policies"])

    static let policy = Vocabulary(
        title: "a policy",
        keys: [
            "name", "description", "basis", "mode", "match", "rules", "notify-before", "schedule", "pace", "limits",
            "controls",
            "approval",
        ],
        later: [
            "minimum-notice": "remove it; 'mode: warn' gives notice before you set 'mode: enforce'",
            "when": "remove it, and narrow 'match' instead",
        ])

    static let selector = Vocabulary(
        title: "'match'",
        keys: ["labels", "scopes", "owner", "integration", "name", "issuer", "except"],
        later: ["when": "remove it, and use labels, scopes, owner, integration, name or issuer"])

    /// The keys that name a requirement; a rule has exactly one.
    static let requirements = [
        "max-age", "unused-for", "expiry", "expires-within", "owner", "description", "destination", "scopes", "name",
    ]

    static let rule = Vocabulary(
        title: "a rule",
        keys: requirements + [
            "action", "start-before", "overlap", "overlap-cap", "at-cap", "retire", "renew", "expires-in", "spread",
            "then",
        ],
        later: ["sources": "remove the rule", "when": "remove it, and narrow 'match' instead"])

    static let scopes = Vocabulary(title: "'scopes'", keys: ["deny", "max"])

    static let expiry = Vocabulary(title: "'expiry'", keys: ["required", "max-lifetime", "max-remaining"])
    static let then = Vocabulary(title: "'then'", keys: ["revoke-after"])
    static let schedule = Vocabulary(title: "'schedule'", keys: ["cron", "every", "zone", "window"])
    static let pace = Vocabulary(title: "'pace'", keys: ["actions"])
    static let limits = Vocabulary(title: "'limits'", keys: ["actions", "percent", "per-owner", "per-vault"])
    static func limit(_ key: String) -> Vocabulary { Vocabulary(title: "'\(key)'", keys: ["actions", "percent"]) }
}
