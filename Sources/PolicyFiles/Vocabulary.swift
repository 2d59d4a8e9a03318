/// The keys that a mapping may have.
struct Vocabulary {
    /// What the mapping is, for messages: `a policy`.
    var title: String
    var keys: [String]
    /// A key that stands somewhere else, and where.
    var elsewhere: [String: String] = [:]
    /// Another word for a key, which no slip of the pen leads to.
    var synonyms: [String: String] = [:]
    /// What to write where something else than a mapping stands.
    var advice: String?

    static let file = Vocabulary(
        title: "the file", keys: ["version", "policies"], advice: "begin it with 'version: 1' and 'policies:'")

    static let policy = Vocabulary(
        title: "a policy",
        keys: [
            "name", "description", "basis", "mode", "match", "when", "rules", "notify-before", "minimum-notice",
            "schedule", "pace", "limits", "controls", "approval",
        ],
        elsewhere: placesInPolicy, advice: "write each policy as '- name: …', and its keys below the name")

    private static let scheduleExample = "cron: \"0 2 * * 1-5\", zone: Europe/Berlin, window: 3h"

    /// What belongs into a rule or into 'match', for who writes it beside them.
    private static let placesInPolicy: [String: String] = {
        let rules = ["max-age", "unused-for", "expiry", "expires-within", "destination", "sources"]
        var places = ["action": "write it in a rule, such as '- { max-age: 90d, action: rotate }'"]
        for key in rules { places[key] = "write it under 'rules', as '- \(key): …'" }
        for key in ["overlap", "start-before", "then"] { places[key] = "write it in a rule, beside its action" }
        for key in ["cron", "every", "zone", "window"] {
            places[key] = "write it in 'schedule', as in schedule: { \(scheduleExample) }"
        }
        places["freeze-calendar"] = "write it in the configuration: it is for all policies"
        for key in ["labels", "integration", "issuer"] { places[key] = "write it in 'match'" }
        for key in ["owner", "scopes"] { places[key] = "write it in 'match', or as a rule under 'rules'" }
        places["except"] = "write it in 'match', beside what it is an exception of"
        return places
    }()

    /// For who looks for a 'not'.
    static let exceptAdvice = "write what is not meant under 'except', as in except: { owner: ops }"

    static let selector = Vocabulary(
        title: "'match'",
        keys: ["labels", "scopes", "owner", "integration", "name", "issuer", "except"],
        elsewhere: [
            "when": "write it beside 'match', not in it", "not": exceptAdvice,
            "team": "it is a label: write labels: { team: … }", "env": "it is a label: write labels: { env: … }",
        ],
        advice: "write conditions such as 'labels: { env: production }'")

    /// The keys that name a requirement; a rule has exactly one.
    static let requirements = [
        "max-age", "unused-for", "expiry", "expires-within", "owner", "description", "destination", "scopes", "name",
        "sources",
    ]

    static let rule = Vocabulary(
        title: "a rule",
        keys: requirements + [
            "action", "start-before", "overlap", "overlap-cap", "at-cap", "retire", "renew", "expires-in", "spread",
            "then",
        ],
        elsewhere: [
            "when": "write it beside 'match': it is for all rules of the policy",
            "mode": "write it beside 'rules': it is for all of them", "limits": "write it beside 'rules'",
            "pace": "write it beside 'rules'", "notify-before": "write it beside 'rules'",
            "minimum-notice": "write it beside 'rules'", "schedule": "write it beside 'rules'",
            "match": "write it beside 'rules': a policy has one for all of its rules",
            "revoke-after": "write it in 'then', as in then: { revoke-after: 14d }",
            "required": "write it in 'expiry', as in expiry: { required: true }",
            "max-lifetime": "write it in 'expiry', as in expiry: { max-lifetime: 365d }",
            "max-remaining": "write it in 'expiry', as in expiry: { max-remaining: 90d }",
        ], synonyms: ["begin-before": "start-before", "unused": "unused-for", "expires": "expires-in"],
        advice: "write each rule as '- max-age: 90d', with its action below")

    static let scopes = Vocabulary(
        title: "'scopes'", keys: ["deny", "max"], advice: "write 'scopes: { deny: [\"*:admin\"], max: 5 }'")

    static let sources = Vocabulary(
        title: "'sources'", keys: ["max-addresses", "max-agents", "within"],
        elsewhere: ["max-integrations": "write max-agents: a use tells of its agent, and not of an integration"],
        advice: "write 'sources: { max-addresses: 3, within: 30d }'")
    static let expiry = Vocabulary(
        title: "'expiry'", keys: ["required", "max-lifetime", "max-remaining"],
        advice: "write 'expiry: { required: true, max-lifetime: 365d }'")
    static let then = Vocabulary(title: "'then'", keys: ["revoke-after"], advice: "write 'then: { revoke-after: 14d }'")
    static let schedule = Vocabulary(
        title: "'schedule'", keys: ["cron", "every", "zone", "window", "spread"],
        elsewhere: [
            "from": "say when it begins by 'cron', and for how long by 'window', as in { \(scheduleExample) }",
            "until": "say how long after its 'cron' it may begin, as in window: 3h",
            "days": "they stand in 'cron', as in cron: \"0 2 * * 1-5\"",
        ], synonyms: ["timezone": "zone"])
    static let pace = Vocabulary(title: "'pace'", keys: ["actions"])
    static let limits = Vocabulary(title: "'limits'", keys: ["actions", "percent", "per-owner", "per-vault"])
    static func limit(_ key: String) -> Vocabulary { Vocabulary(title: "'\(key)'", keys: ["actions", "percent"]) }
}
