import PolicyFiles
import Testing

/// One malformed policy: its text and the first lines that are said of it.
struct Malformed: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var text: String
    var expected: String

    /// A whole file.
    init(_ description: String, file: String, _ expected: String) {
        testDescription = description
        text = file
        self.expected = "p.yaml:" + expected
    }

    /// A policy that is fine up to line 5, and then has this; line 6 is the first of it.
    init(_ description: String, _ lines: String, _ expected: String) {
        let head = """
            version: 1
            policies:
              - name: p
                match: all
                rules: [{ max-age: 90d }]

            """
        self.init(description, file: head + "    " + lines + "\n", expected)
    }

    /// Rules of a policy that is fine; line 6 is the first of them.
    init(_ description: String, rules: String, _ expected: String) {
        let head = """
            version: 1
            policies:
              - name: p
                match: all
                rules:

            """
        self.init(description, file: head + rules + "\n", expected)
    }

    /// The value of `match`, in line 4 from column 12.
    init(_ description: String, match: String, _ expected: String) {
        let file = """
            version: 1
            policies:
              - name: p
                match: \(match)
                rules: [{ max-age: 90d }]
            """
        self.init(description, file: file, expected)
    }
}

@Suite struct MalformedPolicyTests {
    static let structure = [
        Malformed(
            "nothing at all", file: "",
            "1:1: error: the file is empty\nhint: begin it with 'version: 1' and 'policies:'"),
        Malformed("only blanks", file: " \n\n", "1:1: error: the file is empty"),
        Malformed("only a comment", file: "# later\n", "1:1: error: the file holds no document"),
        Malformed("NUL", file: "version: 1\u{0}\n", "1:1: error: this is not a text file"),
        Malformed("a list", file: "- a\n", "1:1: error: the file must be a mapping, and here is a list"),
        Malformed("no version", file: "policies: []\n", "1:1: error: the file has no 'version'"),
        Malformed(
            "version 2",
            file: "version: 2\npolicies:\n  - { name: p, match: all, rules: [{ max-age: 1d }] }\n",
            "1:10: error: version '2' is not known\nhint: this rota reads policies of 'version: 1'"),
        Malformed(
            "version in quotes",
            file: "version: '1'\npolicies:\n  - { name: p, match: all, rules: [{ max-age: 1d }] }\n",
            "1:10: error: version '1' is not known"),
        Malformed("no policies", file: "version: 1\n", "1:1: error: the file has no 'policies'"),
        Malformed(
            "policies without value", file: "version: 1\npolicies:\n", "2:10: error: 'policies' has no value"),
        Malformed(
            "an empty list", file: "version: 1\npolicies: []\n", "2:11: error: 'policies' lists no policy"),
        Malformed(
            "a mapping of policies", file: "version: 1\npolicies: { a: 1 }\n",
            "2:11: error: 'policies' must be a list, and here is a mapping"),
        Malformed(
            "a policy that is text", file: "version: 1\npolicies: [a]\n",
            "2:12: error: a policy must be a mapping"),
        Malformed(
            "a slip at the top", file: "version: 1\npolices: []\n",
            "1:1: error: the file has no 'policies'\nhint: list the policies under 'policies:'"),
        Malformed(
            "no name", file: "version: 1\npolicies:\n  - match: all\n    rules: [{ max-age: 1d }]\n",
            "3:5: error: this policy has no 'name'"),
        Malformed(
            "no match", file: "version: 1\npolicies:\n  - name: p\n    rules: [{ max-age: 1d }]\n",
            "3:5: error: policy 'p' has no 'match'"),
        Malformed(
            "no rules", file: "version: 1\npolicies:\n  - name: p\n    match: all\n",
            "3:5: error: policy 'p' has no 'rules'"),
        Malformed("tabs", file: "version: 1\npolicies:\n\t- name: p\n", "3:1: error: "),
        Malformed(
            "a long key twice",
            file: "\"\\e" + String(repeating: "k", count: 90) + "\": 1\n"
                + "\"\\e" + String(repeating: "k", count: 90) + "\": 1\n",
            "2:1: error: key '?" + String(repeating: "k", count: 56) + "...' stands here again"),
        Malformed(
            "a key twice", file: "version: 1\nversion: 1\n",
            "2:1: error: key 'version' stands here again; the first is at 1:1"),
    ]

    static let policies = [
        Malformed(
            "a slip", "notify-befor: 3d",
            "6:5: error: unknown key 'notify-befor' in a policy\nhint: did you mean 'notify-before'?"),
        Malformed(
            "nothing near", "colour: red",
            "6:5: error: unknown key 'colour' in a policy\nhint: the keys are name,"),
        Malformed(
            "a key without end", String(repeating: "x", count: 900) + ": red",
            "6:5: error: unknown key '" + String(repeating: "x", count: 57) + "...' in a policy"),
        Malformed(
            "a key that plays with the screen", "\"a\\e[2J\\u202eb\\n\": red",
            "6:5: error: unknown key 'a?[2J?b?' in a policy"),
        Malformed(
            "a framework that plays with the screen", "controls: { \"a\\eb\": {} }",
            "6:25: error: 'a?b' must be a string or a list"),
        Malformed(
            "an unknown mode", "mode: enforced",
            "6:11: error: unknown mode 'enforced'\nhint: did you mean 'enforce'?"),
        Malformed(
            "another mode", "mode: delete",
            "6:11: error: unknown mode 'delete'\nhint: use one of observe, warn, enforce"),
        Malformed(
            "a mode that is a number", "mode: 3",
            "6:11: error: 'mode' must be a string, and here is an integer\nhint: quote it: mode: \"3\""),
        Malformed(
            "a slip in an approval", "approval: requried",
            "6:15: error: 'approval' is none or required, not 'requried'\nhint: did you mean 'required'?"),
        Malformed(
            "another approval", "approval: maybe", "6:15: error: 'approval' is none or required, not 'maybe'"),
        Malformed(
            "a minimum notice of nothing", "minimum-notice: 0d",
            "6:21: error: 'minimum-notice' must be more than nothing"),
        Malformed(
            "a minimum notice that is a list", "minimum-notice: [3d]",
            "6:21: error: 'minimum-notice' must be a duration, and here is a list"),
        Malformed(
            "a condition without a bool", "when: token.age", "6:11: error: 'when': this is of type duration, not bool"),
        Malformed(
            "a condition with a slip", "when: token.naem == 'x'",
            "6:17: error: 'when': 'token' has no field 'naem'\nhint: did you mean 'token.name'?"),
        Malformed("a condition that breaks off", "when: token.age >", "6:22: error: 'when': "),
        Malformed(
            "a condition with a bad duration", "when: token.age > duration('90d')", "6:"),
        Malformed("a condition that is a list", "when: [a]", "6:11: error: 'when' must be an expression"),
        Malformed(
            "a condition on several lines", "when: |\n      token.age > duration('1h')\n      && token.nme == ''",
            "8:16: error: 'when': 'token' has no field 'nme'\nhint: did you mean 'token.name'?"),
        Malformed(
            "percent above 100", "limits: { percent: 101 }",
            "6:24: error: 'percent' must be from 1 to 100, and here is 101"),
        Malformed(
            "percent 0", "limits: { percent: 0 }",
            "6:24: error: 'percent' must be from 1 to 100, and here is 0"),
        Malformed(
            "percent with a sign", "limits: { percent: 10% }",
            "6:24: error: 'percent' must be a whole number, and here is '10%'\nhint: write percent: 10"),
        Malformed(
            "no limits in limits", "limits: {}",
            "6:13: error: 'limits' is empty\nhint: write 'limits: { actions: 500, percent: 10 }'"),
        Malformed(
            "no limit in a limit per owner", "limits: { per-owner: {} }",
            "6:26: error: 'per-owner' is empty\nhint: write 'per-owner: { actions: 20, percent: 10 }'"),
        Malformed(
            "a bare limit per vault", "limits: { per-vault: 5 }",
            "6:26: error: 'per-vault' must be a mapping, and here is"),
        Malformed(
            "a slip in a limit per owner", "limits: { per-owner: { action: 5 } }",
            "6:28: error: unknown key 'action' in 'per-owner'\nhint: did you mean 'actions'?"),
        Malformed(
            "a slip in the name of a limit", "limits: { per-owners: { actions: 5 } }",
            "6:15: error: unknown key 'per-owners' in 'limits'\nhint: did you mean 'per-owner'?"),
        Malformed(
            "a share above all per vault", "limits: { per-vault: { percent: 101 } }",
            "6:37: error: 'percent' must be from 1 to 100, and here is 101"),
        Malformed(
            "a limit of none", "limits: { actions: 0 }",
            "6:24: error: 'actions' must be at least 1, and here is 0"),
        Malformed(
            "a pace of none", "pace: { actions: 0 }",
            "6:22: error: 'actions' must be at least 1, and here is 0"),
        Malformed(
            "a bare pace", "pace: 50",
            "6:11: error: 'pace' must be a mapping, and here is an integer"
                + "\nhint: write 'pace: { actions: 50 }'"
        ),
        Malformed(
            "a notice of nothing", "notify-before: [3d, 0d]",
            "6:25: error: 'notify-before' must be more than nothing"),
        Malformed("a notice twice", "notify-before: [3d, 72h]", "6:25: error: 'notify-before' has 3d twice"),
        Malformed(
            "controls as a list", "controls: [a]",
            "6:15: error: 'controls' must be a mapping, and here is a list"),
        Malformed(
            "a description that is a list", "description: [a]",
            "6:18: error: 'description' must be a string, and here is a list"),
    ]

    static let rules =
        [
            Malformed(
                "rules as a mapping", rules: "      max-age: 90d",
                "6:7: error: 'rules' must be a list, and here is a mapping"),
            Malformed(
                "a rule without a requirement", rules: "      - action: rotate",
                "6:9: error: this rule requires nothing\nhint: add one of max-age, unused-for, expiry,"),
            Malformed(
                "two requirements", rules: "      - max-age: 90d\n        unused-for: 30d",
                "6:9: error: a rule has one requirement, and here are max-age and unused-for"),
            Malformed(
                "a slip in a requirement", rules: "      - max-agee: 90d",
                "6:9: error: unknown key 'max-agee' in a rule\nhint: did you mean 'max-age'?"),
            Malformed(
                "a rule twice", rules: "      - max-age: 90d\n      - max-age: 60d",
                "7:9: error: a second 'max-age' rule in one policy; the first is in line 6"),
            Malformed(
                "an unknown action", rules: "      - max-age: 90d\n        action: rotat",
                "7:17: error: unknown action 'rotat'\nhint: did you mean 'rotate'?"),
            Malformed(
                "a slip in a quarantine", rules: "      - max-age: 90d\n        action: quarantin",
                "7:17: error: unknown action 'quarantin'\nhint: did you mean 'quarantine'?"),
            Malformed(
                "what follows another action", rules: "      - max-age: 90d\n        then: { revoke-after: 14d }",
                "7:15: error: 'then' is only for action 'quarantine'"),
            Malformed(
                "nothing that follows",
                rules: "      - unused-for: 90d\n        action: quarantine\n        then: {}",
                "8:15: error: 'then' says nothing\nhint: write 'then: { revoke-after: 14d }'"),
            Malformed(
                "a slip in what follows",
                rules: "      - unused-for: 90d\n        action: quarantine\n        then: { revoke-aftr: 14d }",
                "8:17: error: unknown key 'revoke-aftr' in 'then'\nhint: did you mean 'revoke-after'?"),
            Malformed(
                "a revocation at once",
                rules: "      - unused-for: 90d\n        action: quarantine\n        then: { revoke-after: 0d }",
                "8:31: error: 'revoke-after' must be more than nothing"),
            Malformed(
                "a set-expiry for an age", rules: "      - max-age: 90d\n        action: set-expiry",
                "7:17: error: action 'set-expiry' does not cure 'max-age'"
                    + "\nhint: it is for 'expiry'; use notify, rotate, quarantine or revoke"),
            Malformed(
                "rotate for expiry", rules: "      - expiry: { required: true }\n        action: rotate",
                "7:17: error: action 'rotate' does not cure 'expiry'"),
            Malformed(
                "rotate for unused-for", rules: "      - unused-for: 30d\n        action: rotate",
                "7:17: error: action 'rotate' does not cure 'unused-for'"),
            Malformed(
                "an overlap without rotate", rules: "      - max-age: 90d\n        overlap: 1d",
                "7:18: error: 'overlap' is only for action 'rotate'"),
            Malformed(
                "a cap without rotate", rules: "      - max-age: 90d\n        overlap-cap: 3d",
                "7:22: error: 'overlap-cap' is only for action 'rotate'"),
            Malformed(
                "a cap without an overlap",
                rules: "      - max-age: 90d\n        action: rotate\n        overlap: 0s\n        at-cap: revoke",
                "9:17: error: 'at-cap' is about an overlap, and there is none"),
            Malformed(
                "a cap shorter than the overlap where none is written",
                rules: "      - max-age: 90d\n        action: rotate\n        overlap-cap: 12h",
                "8:22: error: 'overlap-cap' (12h) is shorter than the overlap (1d)"),
            Malformed(
                "a cap shorter than its overlap",
                rules: "      - max-age: 90d\n        action: rotate\n"
                    + "        overlap: 2d\n        overlap-cap: 1d",
                "9:22: error: 'overlap-cap' (1d) is shorter than the overlap (2d)"),
            Malformed(
                "an unknown word at the cap",
                rules: "      - max-age: 90d\n        action: rotate\n"
                    + "        overlap: 2d\n        at-cap: kill",
                "9:17: error: unknown at-cap 'kill'"),
            Malformed(
                "early retirement without an overlap",
                rules: "      - max-age: 90d\n        action: rotate\n        overlap: 0s\n        retire: when-idle",
                "9:17: error: 'retire' is about an overlap, and there is none"),
            Malformed(
                "an unknown word for retirement",
                rules: "      - max-age: 90d\n        action: rotate\n        retire: when-idel",
                "8:17: error: unknown retire 'when-idel'"),
            Malformed(
                "too long a lead, where no overlap is written",
                rules: "      - max-age: 10d\n        action: rotate\n        start-before: 5d",
                "8:23: error: start-before and overlap together (6d) are more than half of max-age (10d)"
                    + "\nhint: leave at most 5d; the overlap is 1d where none is written"
            ),
            Malformed(
                "too long a lead",
                rules:
                    "      - max-age: 10d\n        action: rotate\n        start-before: 5d\n        overlap: 1s",
                "8:23: error: start-before and overlap together (5d1s) are more than half of max-age (10d)"
                    + "\nhint: leave at most 5d"
            ),
            Malformed(
                "too long a start", rules: "      - unused-for: 10d\n        start-before: 6d",
                "7:23: error: start-before (6d) is more than half of unused-for (10d)"),
            Malformed(
                "a start for expiry", rules: "      - expiry: { required: true }\n        start-before: 6d",
                "7:23: error: 'start-before' has no meaning for 'expiry'"),
            Malformed(
                "an expiry of nothing", rules: "      - expiry: { required: false }",
                "6:17: error: 'expiry' requires nothing"),
            Malformed(
                "an empty expiry", rules: "      - expiry: {}", "6:17: error: 'expiry' requires nothing"),
            Malformed(
                "required: yes", rules: "      - expiry: { required: yes }",
                "6:29: error: 'required' must be true or false, not 'yes'"),
        ]

    static let facts: [Malformed] = [
        Malformed(
            "an end in the past", rules: "      - expires-within: -3d",
            "6:25: error: 'expires-within': a duration cannot be negative\nhint: write 3d"),
        Malformed(
            "a rotation that keeps the end", rules: "      - expires-within: 14d\n        action: rotate",
            "6:9: error: action 'rotate' alone does not cure 'expires-within': a new value has the same end"
                + "\nhint: write how long it is to live from then on, such as renew: 90d"),
        Malformed(
            "a renewal that is due at once",
            rules: "      - expires-within: 14d\n        action: rotate\n        renew: 14d",
            "8:16: error: 'renew' (14d) is not more than expires-within (14d): it would be due again at once"),
        Malformed(
            "a renewal that is due at once since its rotation begins early",
            rules: "      - expires-within: 14d\n        action: rotate\n        start-before: 7d\n"
                + "        overlap: 1d\n        renew: 22d",
            "10:16: error: 'renew' (22d) is not more than expires-within, start-before and overlap together (22d): it "
                + "would be due again at once\nhint: write one that is longer than 22d, such as renew: 36d"),
        Malformed(
            "a renewal for an age", rules: "      - max-age: 30d\n        action: rotate\n        renew: 90d",
            "8:16: error: 'renew' is only for 'expires-within' with action 'rotate'"),
        Malformed(
            "a renewal without a rotation", rules: "      - expires-within: 14d\n        renew: 90d",
            "7:16: error: 'renew' is only for 'expires-within' with action 'rotate'"),
        Malformed(
            "set-expiry for an end that is near",
            rules: "      - expires-within: 14d\n        action: set-expiry\n        expires-in: 30d",
            "7:17: error: action 'set-expiry' does not cure 'expires-within'"),
        Malformed(
            "set-expiry without an end", rules: "      - expiry: { required: true }\n        action: set-expiry",
            "6:9: error: action 'set-expiry' does not say how far ahead the end is to be"
                + "\nhint: write expires-in: 30d; it is the notice that owners have"),
        Malformed(
            "an end beyond max-remaining",
            rules: "      - expiry: { max-remaining: 40d }\n        action: set-expiry\n"
                + "        expires-in: 30d\n        spread: 11d",
            "8:21: error: an end 41d ahead would be beyond max-remaining (40d)"
                + "\nhint: expires-in and spread together must be at most 40d"),
        Malformed(
            "an end beyond max-remaining with the spread that is not written",
            rules: "      - expiry: { max-remaining: 40d }\n        action: set-expiry\n        expires-in: 30d",
            "8:21: error: an end 45d ahead would be beyond max-remaining (40d)"),
        Malformed(
            "an end beyond max-lifetime",
            rules: "      - expiry: { max-lifetime: 20d }\n        action: set-expiry\n"
                + "        expires-in: 30d\n        spread: 0d",
            "8:21: error: an end 30d ahead would be beyond max-lifetime (20d)"),
        Malformed(
            "expires-in without set-expiry",
            rules: "      - expiry: { required: true }\n        expires-in: 30d",
            "7:21: error: 'expires-in' is only for action 'set-expiry'"),
        Malformed(
            "a spread without set-expiry", rules: "      - expiry: { required: true }\n        spread: 30d",
            "7:17: error: 'spread' is only for action 'set-expiry'"),
        Malformed(
            "description: yes", rules: "      - description: yes",
            "6:22: error: 'description' can only be required, and here is 'yes'"
                + "\nhint: write description: required"),
        Malformed(
            "destination: 7d", rules: "      - destination: 7d",
            "6:22: error: 'destination' can only be required, and here is '7d'"),
        Malformed(
            "scopes that require nothing", rules: "      - scopes: {}",
            "6:17: error: 'scopes' requires nothing\nhint: write deny: [\"*:admin\"], or max: 5"),
        Malformed(
            "scopes as a list", rules: "      - scopes: [a]",
            "6:17: error: 'scopes' must be a mapping, and here is a list"),
        Malformed(
            "fewer than no scopes", rules: "      - scopes: { max: -1 }",
            "6:24: error: 'max' must be from 0 to 10000, and here is -1"),
        Malformed(
            "no scope denied", rules: "      - scopes: { deny: [] }",
            "6:25: error: 'deny' is an empty list, which nothing matches"),
        Malformed("an owner of no name", rules: "      - owner: ''", "6:16: error: 'owner' is an empty text"),
        Malformed("no names", rules: "      - name: []", "6:15: error: 'name' is an empty list"),
        Malformed(
            "a rotation for an owner", rules: "      - owner: required\n        action: rotate",
            "7:17: error: action 'rotate' does not cure 'owner'"
                + "\nhint: a new value changes nothing about it; use notify, quarantine or revoke"),
        Malformed(
            "a start for a name", rules: "      - name: svc-*\n        start-before: 3d",
            "7:23: error: 'start-before' has no meaning for 'name', which is violated at once or not at all"),
        Malformed(
            "a condition of a rule", rules: "      - max-age: 90d\n        when: x",
            "7:9: error: 'when' does not stand in a rule\nhint: write it beside 'match'"),
    ]

    static let durations =
        [
            ("-3d", "a duration cannot be negative\nhint: write 3d"),
            ("90", "'90' has no unit\nhint: write 90d for days; the units are w, d, h, m and s"),
            ("1000000d", "'1000000d' is longer than a hundred years\nhint: write at most 36500d"),
            ("99999999999999999999999999d", "'99999999999999999999999999d' is longer than a hundred years"),
            ("90 days", "'90 days' is not a duration\nhint: write 90d"),
            ("12 Hours", "'12 Hours' is not a duration\nhint: write 12h"),
            ("90D", "'90D' is not a duration\nhint: write 90d"),
            ("3 months", "'3 months' has no fixed length\nhint: write 90d"),
            (
                "3M",
                "'3M' is not a duration: 'm' is minutes, and a month has no fixed length\n"
                    + "hint: write 90d for months, or 3m for minutes"
            ),
            ("1y", "'1y' has no fixed length\nhint: write 365d"),
            ("1.5d", "'1.5d' is not a duration\nhint: write whole numbers, as in 1d12h"),
            (
                "12h1d",
                "'12h1d' is not a duration"
                    + "\nhint: write a duration such as 90d, 24h, 30m or 1d12h, the largest unit first"
            ),
            ("soon", "'soon' is not a duration\nhint: write a duration such as"),
            ("\"\"", "'' is not a duration"),
        ].map {
            Malformed("max-age: \($0)", rules: "      - max-age: \($0)", "6:18: error: 'max-age': " + $1)
        } + [
            Malformed(
                "max-age: 0d", rules: "      - max-age: 0d",
                "6:18: error: 'max-age' must be more than nothing"),
            Malformed(
                "max-age: [90d]", rules: "      - max-age: [90d]",
                "6:18: error: 'max-age' must be a duration, and here is a list"),
            Malformed(
                "max-age:", rules: "      - max-age:",
                "6:17: error: 'max-age' must be a duration, and here is nothing"),
        ]

    static let selectors = [
        Malformed(
            "an empty match", match: "{}",
            "4:12: error: 'match' is empty\nhint: write 'match: all' for every token"),
        Malformed("a match without value", match: "", "4:11: error: 'match' has no value"),
        Malformed(
            "another word", match: "every", "4:12: error: 'match' is the word all or a mapping, not 'every'"),
        Malformed("a list", match: "[a]", "4:12: error: 'match' must be a mapping, and here is a list"),
        Malformed(
            "a slip", match: "{ label: { a: b } }",
            "4:14: error: unknown key 'label' in 'match'\nhint: did you mean 'labels'?"),
        Malformed(
            "no scopes", match: "{ scopes: [] }",
            "4:22: error: 'scopes' is an empty list, which nothing matches"),
        Malformed(
            "an empty name", match: "{ name: \"\" }",
            "4:20: error: 'name' is an empty text\nhint: leave it out; '*' stands for anything"),
        Malformed(
            "an empty owner in a list", match: "{ owner: [a, ''] }", "4:25: error: 'owner' is an empty text"),
        Malformed("an empty scope", match: "{ scopes: '' }", "4:22: error: 'scopes' is an empty text"),
        Malformed(
            "an empty label", match: "{ labels: { env: '' } }", "4:29: error: 'env' is an empty text"),
        Malformed(
            "an empty exception's name", match: "{ owner: a, except: { name: '' } }",
            "4:40: error: 'name' is an empty text"),
        Malformed("no labels", match: "{ labels: {} }", "4:22: error: 'labels' is empty"),
        Malformed(
            "labels as text", match: "{ labels: production }",
            "4:22: error: 'labels' must be a mapping, and here is a string"),
        Malformed(
            "a label key with a blank", match: "{ labels: { 'a b': c } }",
            "4:24: error: 'a b' is not a label key"),
        Malformed("a label without value", match: "{ labels: { a: } }", "4:27: error: 'a' has no value"),
        Malformed(
            "an owner that is a mapping", match: "{ owner: { a: b } }",
            "4:21: error: 'owner' must be a string or a list, and here is a mapping"),
        Malformed("an empty exception", match: "{ owner: a, except: {} }", "4:32: error: 'except' is empty"),
        Malformed(
            "an exception that is text", match: "{ owner: a, except: all }",
            "4:32: error: 'except' must be a mapping, and here is a string"),
        Malformed(
            "a condition", match: "{ when: x }", "4:14: error: 'when' does not stand in 'match'"),
    ]

    @Test(arguments: structure + policies + rules + facts + durations + selectors)
    func `a malformed policy is told with its place and what to do`(_ malformed: Malformed) {
        let load = readPolicies(Array(malformed.text.utf8), file: "p.yaml")
        #expect(load.policies == nil)
        let errors = load.diagnostics.filter { $0.severity == .error }
        let first = errors.first?.description ?? "no error"
        #expect(first.hasPrefix(malformed.expected), "\(first)")
    }

    @Test func `there are at least sixty of them`() {
        let all = Self.structure + Self.policies + Self.rules + Self.facts + Self.durations + Self.selectors
        #expect(all.count >= 60)
    }
}
