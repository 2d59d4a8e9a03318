package import JSON
import RotaCore

/// The JSON Schema (draft 2020-12) of a policy file, by which editors complete and check.
///
/// Its objects have the keys of the reader's vocabularies, one for one: a key that is described nowhere is in
/// `undescribedKeys`, and a test asks for it. What only the reader can tell, such as a lead that is too long, it tells.
package struct PolicySchema {
    /// The schema as a whole.
    package private(set) var document: JSON = .null
    /// Keys that the reader knows and the schema does not, or the reverse, each with its mapping.
    package private(set) var undescribedKeys: [String] = []

    private static let address = "https://json-schema.org/draft/2020-12/schema"

    package init() {
        let definitions: JSON.Object = [
            "duration": Self.duration, "texts": Self.texts, "policy": policy(), "match": selector(), "rule": rule(),
            "schedule": schedule(),
        ]
        var file = object(
            .file, required: ["version", "policies"],
            [
                "version": ["description": "The version of the language.", "const": 1],
                "policies": [
                    "description": "The policies of this file, at least one.", "type": "array", "minItems": 1,
                    "items": Self.reference("policy"),
                ],
            ])
        file["$defs"] = .object(definitions)
        var document: JSON.Object = [
            "$schema": .string(Self.address), "title": "Rota policies",
            "description": "Which tokens, what is asked of them, and what is done; see Docs/Policies.md.",
        ]
        for member in file { document[member.key] = member.value }
        self.document = .object(document)
    }

    // MARK: - Mappings

    private mutating func policy() -> JSON {
        .object(
            object(
                .policy, required: ["name", "match", "rules"],
                [
                    "name": Self.text(
                        "A short name that no other policy has; findings and audit entries go by it.", longest: 100),
                    "description": Self.text("What it is for; shown in reports."),
                    "basis": Self.text("Why these thresholds; shown in reports."),
                    "mode": Self.words(
                        "observe: report; warn: report and tell; enforce: act. Else observe.", Mode.self),
                    "match": [
                        "description": "Which tokens: the word all, or conditions that must all hold.",
                        "anyOf": [["const": "all"], Self.reference("match")],
                    ],
                    "when": Self.text("An expression (CEL) that has to hold of the token besides; see Docs/CEL.md."),
                    "rules": [
                        "description": "What is asked of them, each with its action.", "type": "array", "minItems": 1,
                        "items": Self.reference("rule"),
                    ],
                    "notify-before": [
                        "description": "How long before an action people are told; one duration or several.",
                        "anyOf": [
                            Self.reference("duration"),
                            [
                                "type": "array", "minItems": 1, "items": Self.reference("duration"),
                                "uniqueItems": true,
                            ],
                        ],
                    ],
                    "minimum-notice": Self.reference("duration", "No action sooner than this after its first notice."),
                    "schedule": Self.reference("schedule", "When it runs by itself; else by the default schedule."),
                    "pace": .object(
                        object(
                            .pace, "A run takes so many actions, oldest deadline first; the rest wait.", least: 1,
                            ["actions": Self.count("At most so many in a run.", from: 1)])),
                    "limits": limits(),
                    "controls": [
                        "description":
                            "Which controls of which framework it evidences, such as pci-dss-4.0.1: [8.6.3].",
                        "type": "object", "minProperties": 1, "additionalProperties": Self.reference("texts"),
                    ],
                    "approval": [
                        "description":
                            "Whether its actions are taken only by a saved plan that somebody else has approved.",
                        "enum": ["none", "required"],
                    ],
                ]))
    }

    private mutating func selector() -> JSON {
        let conditions: [String: JSON] = [
            "labels": [
                "description": "Labels that must be there, each with a value that matches; such as env: production.",
                "type": "object", "minProperties": 1, "propertyNames": ["pattern": "^[A-Za-z0-9._/-]{1,63}$"],
                "additionalProperties": Self.reference("texts"),
            ],
            "scopes": Self.reference("texts", "One of its scopes matches one of these."),
            "owner": Self.reference("texts", "Its owner matches one of these."),
            "integration": Self.reference("texts", "Its integration matches one of these."),
            "name": Self.reference("texts", "Its name matches one of these."),
            "issuer": Self.reference("texts", "Who makes its values: rota, or external:KIND."),
            "except": [
                "description": "Tokens that match this, or one of these, are left out.",
                "anyOf": [
                    Self.reference("match"), ["type": "array", "minItems": 1, "items": Self.reference("match")],
                ],
            ],
        ]
        return .object(object(.selector, "Conditions that must all hold; * stands for anything.", least: 1, conditions))
    }

    private mutating func rule() -> JSON {
        var fields = requirements()
        fields.merge(actionFields()) { first, _ in first }
        var rule = object(.rule, "One requirement, with the action that cures it.", fields)
        rule["oneOf"] = .array(Vocabulary.requirements.map { ["required": [.string($0)]] })
        return .object(rule)
    }

    private mutating func requirements() -> [String: JSON] {
        [
            "max-age": Self.reference("duration", "No value that authenticates is older than this."),
            "unused-for": Self.reference("duration", "It has not been idle for so long; unknown use is never unused."),
            "expiry": .object(
                object(
                    .expiry, "What its end is to be like.", least: 1,
                    [
                        "required": ["description": "It has an end.", "type": "boolean"],
                        "max-lifetime": Self.reference("duration", "It ends at most so long after its creation."),
                        "max-remaining": Self.reference("duration", "It ends at most so long from now."),
                    ])),
            "expires-within": Self.reference("duration", "Its end, if it has one, is further away than this."),
            "owner": Self.reference("texts", "The word required, or patterns of which its owner matches one."),
            "description": ["description": "Something says what it is for.", "const": "required"],
            "destination": ["description": "It has a place where its consumers read it.", "const": "required"],
            "scopes": .object(
                object(
                    .scopes, "What scopes it may have.", least: 1,
                    [
                        "deny": Self.reference("texts", "None of its scopes matches one of these."),
                        "max": Self.count("It has at most so many.", from: 0, to: 10_000),
                    ])),
            "name": Self.reference("texts", "Its name matches one of these."),
            "sources": .object(
                object(
                    .sources, "From how many places it is used; where that is not known, nothing is done.", least: 1,
                    [
                        "max-addresses": Self.count("From at most so many different addresses.", from: 1, to: 15),
                        "max-agents": Self.count("By at most so many different agents.", from: 1, to: 7),
                        "within": Self.reference("duration", "On the days that began within this time; else 30d."),
                    ])),
        ]
    }

    private mutating func actionFields() -> [String: JSON] {
        [
            "action": Self.words("What cures it; else notify.", Action.self),
            "start-before": Self.reference(
                "duration",
                "The action begins so long before the deadline; rotate begins earlier still, by its overlap."),
            "overlap": Self.reference("duration", "rotate: the previous value stays valid so long."),
            "overlap-cap": Self.reference(
                "duration", "rotate: past this, counted from the promotion, an alarm is raised."),
            "at-cap": ["description": "rotate: what becomes then of a value in use.", "enum": ["alarm", "revoke"]],
            "retire": [
                "description": "rotate: when-idle ends the overlap as soon as its consumers have changed over.",
                "enum": ["after-overlap", "when-idle"],
            ],
            "renew": Self.reference("duration", "rotate for expires-within: the new end, counted from the promotion."),
            "expires-in": Self.reference("duration", "set-expiry: the end is at least so far ahead."),
            "spread": Self.reference("duration", "set-expiry: and up to so much more, so that not all end on one day."),
            "then": .object(
                object(
                    .then, "quarantine: what follows.", least: 1,
                    ["revoke-after": Self.reference("duration", "Revoked after so long, unless it is restored before.")]
                )),
        ]
    }

    private mutating func limits() -> JSON {
        let ceiling: [String: JSON] = [
            "actions": Self.count("At most so many actions.", from: 1),
            "percent": Self.count(
                "At most this share of the tokens that the policy selects; one is always allowed.", from: 1, to: 100),
        ]
        let groups = [
            "per-owner": "The same of the tokens of each owner.",
            "per-vault": "The same of the tokens with a destination in each vault.",
        ]
        var described = ceiling
        for (key, description) in groups {
            described[key] = .object(object(Vocabulary.limit(key), description, least: 1, ceiling))
        }
        return .object(object(.limits, "A plan over these is refused as a whole.", least: 1, described))
    }

    private mutating func schedule() -> JSON {
        var schedule = object(
            .schedule, "When a policy runs by itself.",
            [
                "cron": Self.text("A pattern of five fields or a nickname, such as \"0 3 * * 1-5\" or \"@daily\"."),
                "every": Self.reference("duration", "Or each time that so much has passed."),
                "zone": Self.text("The zone of the pattern's times, such as Europe/London; else UTC."),
                "window": Self.reference("duration", "How long after its time a run may still begin."),
                "spread": Self.reference("duration", "Each token has its own time within so long after the fire."),
            ])
        schedule["oneOf"] = [
            ["required": ["cron"], "not": ["required": ["every"]]],
            ["required": ["every"], "not": ["anyOf": [["required": ["cron"]], ["required": ["zone"]]]]],
        ]
        return .object(schedule)
    }

    // MARK: - Parts

    /// - parameter least: how many keys it must have.
    private mutating func object(
        _ vocabulary: Vocabulary, _ description: String? = nil, required: [String] = [], least: Int? = nil,
        _ described: [String: JSON]
    ) -> JSON.Object {
        let known = Set(vocabulary.keys)
        undescribedKeys += known.symmetricDifference(described.keys).sorted().map { "\($0) in \(vocabulary.title)" }
        var properties = JSON.Object()
        for key in vocabulary.keys { properties[key] = described[key] }
        var object: JSON.Object = [
            "type": "object", "properties": .object(properties), "additionalProperties": false,
        ]
        if let description { object["description"] = .string(description) }
        if !required.isEmpty { object["required"] = .array(required.map { .string($0) }) }
        if let least { object["minProperties"] = .integer(least) }
        return object
    }

    private static let duration: JSON = [
        "description": "A length of time, the largest unit first: 90d, 24h, 30m, 45s, 2w, 1d12h.", "type": "string",
        "pattern": "^(?=.)([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$",
    ]

    /// Numbers and booleans are taken as they are written: a label may well be 8.6 or true.
    private static let texts: JSON = [
        "description": "One text or several; * stands for any run of characters.",
        "anyOf": [
            ["type": ["string", "number", "boolean"], "minLength": 1],
            ["type": "array", "minItems": 1, "items": ["type": ["string", "number", "boolean"], "minLength": 1]],
        ],
    ]

    private static func reference(_ name: String, _ description: String? = nil) -> JSON {
        var object: JSON.Object = ["$ref": .string("#/$defs/\(name)")]
        if let description { object["description"] = .string(description) }
        return .object(object)
    }

    private static func text(_ description: String, longest: Int? = nil) -> JSON {
        var object: JSON.Object = ["description": .string(description), "type": "string"]
        if let longest {
            object["minLength"] = 1
            object["maxLength"] = .integer(longest)
        }
        return .object(object)
    }

    private static func words<Word: RawRepresentable<String> & CaseIterable>(
        _ description: String, _ type: Word.Type
    ) -> JSON {
        ["description": .string(description), "enum": .array(Word.allCases.map { .string($0.rawValue) })]
    }

    private static func count(_ description: String, from least: Int, to most: Int? = nil) -> JSON {
        var object: JSON.Object = [
            "description": .string(description), "type": "integer", "minimum": .integer(least),
        ]
        if let most { object["maximum"] = .integer(most) }
        return .object(object)
    }
}
