import Engine
import HTTPServer
import JSON
import RotaCore

/// One thing that can be asked for: where, by whom, what it takes and gives. Routes, the OpenAPI document and the test
/// of who may do what all come from the one list of these.
struct Operation: Sendable {
    /// A field of the query.
    struct Parameter: Sendable {
        var name: StaticString
        var schema: Schema
        var about: String
    }

    /// Who attends to it.
    enum Handler: Sendable {
        /// Whoever has one of the roles.
        case role(@Sendable (API, Call) throws -> Answer)
        /// It looks by itself at who asks.
        case open(@Sendable (API, Request) throws -> Answer)
    }

    /// What one authenticates with.
    enum Access: Sendable {
        /// A token with one of the roles, as Bearer.
        case role
        /// The same, or as the password of Basic.
        case caller
        /// A token with any scopes, or none, in either way: one learns of nothing else.
        case holder
        case anybody
    }

    var id: String
    var method: String
    /// Whether it takes all methods alike; the one that it has is the one that is described.
    var takesAnyMethod = false
    /// Such as `/v1/tokens/{token}`.
    var path: String
    var summary: String
    /// One of these scopes; the first is the one that is told to whoever has none.
    var roles: [String] = []
    var access = Access.role
    var parameters: [Parameter] = []
    /// What the body is; nil: there is none.
    var body: Schema?
    /// The same of a form; its refusals are those of OAuth.
    var form: Schema?
    var bodyType = "application/json"
    /// Whether `Idempotency-Key` is taken.
    var takesKey = false
    /// Header fields that make it depend on how things stand, such as `If-Match`.
    var conditions: [String] = []
    /// What it answers where all is well, and why else it may refuse.
    var answer: (status: Int, schema: Schema?)
    /// Of what kind the answer is, where it is no JSON.
    var contentTypes: [String] = ["application/json"]
    /// And with which other statuses.
    var otherAnswers: [Int] = []
    var refusals: [Int] = []
    var handler: Handler

    /// Where all is well, as status and document.
    static func ok(_ schema: Schema, _ status: Int = 200) -> (Int, Schema?) { (status, schema) }
}

/// One request to an operation, by somebody who may make it.
struct Call: Sendable {
    var request: Request
    var path: Router.Parameters
    var query: FormFields?
    var standing: Standing
    /// Where it came from.
    var address: String?
    /// When it came.
    var now: Instant
    var clock: any WallClock
    /// What it is answered with where all is well.
    var status = 200
    /// Whether an `Idempotency-Key` of it counts.
    var takesKey = false
    /// Whether a page is answered with.
    var isOfPage = false

    /// The value that was accepted when it came.
    var caller: KnownValue { standing.value }

    /// Of the path.
    func name(_ parameter: String) -> String { path[parameter] ?? "" }

    var isAdmin: Bool { caller.has(Role.admin) }

    /// A field of the query.
    func text(_ name: StaticString) -> String? { query?.text(of: name) }

    /// A field of the query that is a time.
    func instant(_ name: StaticString) throws(Refused) -> Instant? {
        guard let text = text(name) else { return nil }
        guard let instant = Instant(text) else {
            throw .senseless("\(name): '\(abridged(text))' is no time such as 2027-01-31T12:00:00Z")
        }
        return instant
    }

    /// How many of a list are wanted.
    func limit() throws -> Int {
        guard let text = text("limit") else { return 50 }
        guard let limit = Int(text), (1...500).contains(limit) else {
            throw Refused.invalid("limit: '\(abridged(text))' is no number from 1 to 500")
        }
        return limit
    }

    /// One word of a few.
    func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: StaticString, of kind: Choice.Type
    ) throws -> Choice? {
        guard let text = text(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw Refused.invalid("\(name): '\(abridged(text))' is none of \(words)")
        }
        return choice
    }
}

extension Refused {
    /// 422: it has the shape that the description asks for, and makes no sense.
    static func senseless(_ detail: String) -> Refused {
        Refused(.problem(422, "Unprocessable content", detail: detail, headers: [API.noStore]))
    }

    /// 400: it has not the shape that the description asks for.
    static func invalid(_ detail: String) -> Refused {
        Refused(.problem(400, "Bad request", detail: detail, headers: [API.noStore]))
    }

    /// 404: there is none, or none that the caller may know of.
    static func missing(_ what: String) -> Refused {
        Refused(.problem(404, "Not found", detail: "there is no such \(what)", headers: [API.noStore]))
    }

    /// 403, for another reason than a missing role.
    static func forbidden(_ detail: String, hint: String? = nil) -> Refused {
        Refused(
            .problem(403, "Forbidden", detail: detail, headers: [API.noStore]) { writer in
                if let hint {
                    writer.key("hint")
                    writer.string(hint)
                }
            })
    }

    /// 409: not as it is now.
    static func conflict(_ detail: String, hint: String? = nil, reason: String? = nil) -> Refused {
        Refused(
            .problem(409, "Conflict", detail: detail, headers: [API.noStore]) { writer in
                if let reason {
                    writer.key("reason")
                    writer.string(reason)
                }
                if let hint {
                    writer.key("hint")
                    writer.string(hint)
                }
            })
    }
}
