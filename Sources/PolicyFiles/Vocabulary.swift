/// The keys that a mapping may have, and those that come with a later version.
struct Vocabulary {
    /// What the mapping is, for messages: `a policy`.
    var title: String
    var keys: [String]
    /// A key that is refused for now, and what to do meanwhile.
    var later: [String: String] = [:]
    /// A key that stands somewhere else, and where.
    var elsewhere: [String: String] = [:]

    static let file = Vocabulary(title: "the file", keys: ["version", "policies"])

    static let policy = Vocabulary(
        title: "a policy",
        keys: [
            "name", "description", "basis", "mode", "match", "when", "rules", "notify-before", "minimum-notice",
            "schedule", "pace", "limits", "controls", "approval",
        ])

    static let selector = Vocabulary(
        title: "'match'",
        keys: ["labels", "scopes", "owner", "integration", "name", "issuer", "except"],
        elsewhere: ["when": "write it beside 'match', not in it"])

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
        later: ["sources": "remove the rule"],
        elsewhere: ["when": "write it beside 'match': it is for all rules of the policy"])

    static let scopes = Vocabulary(title: "'scopes'", keys: ["deny", "max"])

    static let expiry = Vocabulary(title: "'expiry'", keys: ["required", "max-lifetime", "max-remaining"])
    static let then = Vocabulary(title: "'then'", keys: ["revoke-after"])
    static let schedule = Vocabulary(title: "'schedule'", keys: ["cron", "every", "zone", "window", "spread"])
    static let pace = Vocabulary(title: "'pace'", keys: ["actions"])
    static let limits = Vocabulary(title: "'limits'", keys: ["actions", "percent", "per-owner", "per-vault"])
    static func limit(_ key: String) -> Vocabulary { Vocabulary(title: "'\(key)'", keys: ["actions", "percent"]) }
}
