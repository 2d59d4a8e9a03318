import JSON

/// The shape of a document, as JSON Schema 2020-12 tells it.
indirect enum Schema: Sendable {
    case text
    /// A text that is not empty.
    case filled
    /// RFC 3339, in UTC.
    case time
    case whole
    case truth
    case words([String])
    case list(Schema)
    /// Members that are always there, and others that may be.
    case object([(String, Schema)], optional: [(String, Schema)] = [])
    /// Members that may be there, and no others.
    case optional([(String, Schema)], required: [String])
    /// Texts by names of any kind.
    case map(Schema)
    case maybe(Schema)
    /// A shape that has a name of its own.
    case named(String)
    /// A text of one line, so many characters long.
    case line(longest: Int)
    /// One scope or more, with blanks or semicolons between them.
    case scopes
    case bounded(Schema, lowest: Int, highest: Int)
    case any

    /// As `TokenFields.isScope` has one.
    private static let scopesPattern: String = {
        let scope = #"[!#-:<-\[\]-~]{1,128}"#
        return "^[ ;]*\(scope)([ ;]+\(scope))*[ ;]*$"
    }()

    var json: JSON {
        switch self {
        case .text: ["type": "string"]
        case .filled: ["type": "string", "minLength": 1]
        case .time: ["type": "string", "format": "date-time"]
        case .whole: ["type": "integer"]
        case .truth: ["type": "boolean"]
        case .words(let words): ["type": "string", "enum": .array(words.map { .string($0) })]
        case .list(let element): ["type": "array", "items": element.json]
        case .object(let members, let optional):
            [
                "type": "object", "properties": Self.properties(members + optional),
                "required": .array(members.map { .string($0.0) }),
            ]
        case .optional(let members, let required):
            [
                "type": "object", "properties": Self.properties(members),
                "required": .array(required.map { .string($0) }), "additionalProperties": false,
            ]
        case .map(let value): ["type": "object", "additionalProperties": value.json]
        case .maybe(let schema): ["anyOf": .array([schema.json, ["type": "null"]])]
        case .named(let name): ["$ref": .string("#/components/schemas/\(name)")]
        case .line(let longest):
            [
                "type": "string", "minLength": 1, "maxLength": .integer(longest),
                "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]+$",
            ]
        case .scopes: ["type": "string", "pattern": .string(Self.scopesPattern)]
        case .bounded(let schema, let lowest, let highest):
            schema.json.adding(["minimum": .integer(lowest), "maximum": .integer(highest)])
        case .any: .object(JSON.Object([]))
        }
    }

    /// Whether a body of this shape has anything that must be in it.
    var asksForSomething: Bool { if case .optional(_, let required) = self { !required.isEmpty } else { true } }

    private static func properties(_ members: [(String, Schema)]) -> JSON {
        .object(JSON.Object(members.map { ($0.0, $0.1.json) }))
    }
}

extension JSON {
    /// An object with further members.
    func adding(_ members: KeyValuePairs<String, JSON>) -> JSON {
        guard case .object(var object) = self else { return self }
        for (key, value) in members { object[key] = value }
        return .object(object)
    }
}
