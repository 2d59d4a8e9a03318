import Crypto
import Documents
import Engine
import HTTPServer
import JSON
import RotaCore

/// Looking at tokens.
extension API {
    func listTokens(_ call: Call) throws -> Answer {
        let listing = try listing(call)
        let limit = try call.limit()
        let kind = Cursor.kind(of: listing)
        let cursor = try call.text("cursor").map { try Cursor.read($0, of: kind) }
        let position = cursor.map { TokenListing.Position(texts: $0.texts, number: $0.number) }
        return read(call) { store in
            let page = try store.tokens(listing, after: position, limit: limit)
            let judgedAt = try store.lastJudged()
            return .json(
                Array(
                    JSON.object([
                        "tokens": .array(page.tokens.map { TokenDocument.json($0, at: call.now) }),
                        "next": page.next.map { .string(Cursor(texts: $0.texts, number: $0.number).text(of: kind)) }
                            ?? .null,
                        "cut_short": .bool(page.isCutShort), "judged_at": TokenDocument.time(judgedAt),
                    ]).serialized().utf8), headers: [Self.noStore])
        }
    }

    /// What is looked for; who only issues sees what belongs to his own owner.
    func listing(_ call: Call) throws -> TokenListing {
        try requireKnown(
            "policy", call.text("policy"), among: parts.configuration().policies.policies.map(\.name), call)
        var listing = TokenListing(
            state: call.text("state") == "all" ? nil : try call.choice("state", of: TokenState.self) ?? .active,
            search: call.text("search"), owner: call.text("owner"), scope: call.text("scope"),
            status: try call.choice("status", of: TokenListing.Status.self), policy: call.text("policy"),
            order: try call.choice("sort", of: TokenListing.Order.self) ?? .name)
        func span(_ name: StaticString) throws -> TimeSpan? {
            guard let text = call.text(name) else { return nil }
            guard let span = TimeSpan(text) else {
                throw Refused.senseless("\(name): '\(abridged(text))' is no length of time such as 30d")
            }
            return span
        }
        listing.endsBy = try span("expires-within").map { call.now + $0 }
        listing.idleSince = try span("idle-for").map { call.now - $0 }
        guard listing.isSorted else {
            throw Refused.senseless(
                "sort: '\(listing.order.rawValue)' does not go with what is looked for: leave it out"
            )
        }
        return call.narrowed(listing)
    }

    /// A name that nothing has finds nothing, which reads as if all were well.
    ///
    /// - throws: `Refused` with 400.
    func requireKnown(_ field: String, _ name: String?, among known: [String], _ call: Call) throws {
        guard let name, !name.isEmpty, !known.contains(name) else { return }
        // Who only issues is not told what there is.
        let near = call.seesAll ? nearest(to: name, among: known) : nil
        throw Refused.invalid(
            "\(field): there is no \(field) '\(abridged(name))'" + (near.map { "; did you mean '\($0)'?" } ?? ""))
    }

    func showToken(_ call: Call) throws -> Answer {
        let configuration = parts.configuration()
        return read(call) { store in
            let token = try call.token(in: store)
            let (body, tag) = try Self.details(of: token, configuration, from: store, at: call.now)
            if EntityTag.isKnown(call.request.headers.all("if-none-match"), tag) {
                return Response(304, headers: [("ETag", tag.text), Self.noStore])
            }
            return .json(body, headers: [("ETag", tag.text), Self.noStore])
        }
    }

    /// A token with all that is told of it, and what that is known by.
    static func details(
        of token: Token, _ configuration: ServedConfiguration, from store: some StoreReads, at now: Instant
    ) throws -> (body: [UInt8], tag: EntityTag) {
        let details = try TokenDetails(
            of: token, from: store, at: now, caveats: configuration.caveats, policies: configuration.policies.policies)
        let body = Array(details.json(at: now).serialized().utf8)
        return (body, EntityTag(token, body))
    }

    /// What each policy says of it, and when what would be done.
    func explainToken(_ call: Call) throws -> Answer {
        let configuration = parts.configuration()
        let then = try call.instant("at")
        return read(call) { store in
            let token = try call.token(in: store)
            var background = try TimelineBackground(from: store, at: then ?? call.now)
            // As if it were then, and as if somebody had watched until then.
            if then != nil { background.tracking = .unbroken }
            let document = TimelineDocument(
                timeline: try Self.timeline(of: token, configuration, background, from: store, at: then ?? call.now),
                missing: try MissingValue(of: token, from: store), policies: configuration.policies.policies,
                schedule: configuration.schedule, calendar: configuration.calendar)
            return .json(Array(document.json.serialized().utf8), headers: [Self.noStore])
        }
    }

    /// - parameter background: where many tokens are looked at.
    static func timeline(
        of token: Token, _ configuration: ServedConfiguration, _ background: TimelineBackground? = nil,
        from store: any StoreReads, at now: Instant
    ) throws -> Timeline {
        let background = try background ?? TimelineBackground(from: store, at: now)
        let policies = configuration.policies.policies
        return Timeline(
            of: token, at: try store.destinations(of: token.id), vaults: configuration.vaultNames, policies: policies,
            at: now, tracking: background.tracking,
            quarantine: try store.quarantineOutlook(of: token, by: policies, at: now),
            notices: try store.notices(of: token.id), waivers: background.waivers)
    }

    func listScopes(_ call: Call) throws -> Answer {
        let scopes = parts.configuration().scopes.map { scope -> JSON in
            [
                "name": .string(scope.name), "description": .string(scope.description),
                "access": TokenDocument.text(scope.access?.rawValue),
                "grantable": .bool(call.ungranted([scope.name]) == nil),
            ]
        }
        let document: JSON = ["scopes": .array(scopes), "open": .bool(scopes.isEmpty)]
        return .now(.json(Array(document.serialized().utf8), headers: [Self.noStore]))
    }
}

/// What all tokens are judged by alike.
struct TimelineBackground {
    var tracking: TrackingHistory
    var waivers: ActiveWaivers

    init(from store: any StoreReads, at now: Instant) throws {
        tracking = try store.tracking()
        waivers = ActiveWaivers(try store.waiversInForce(at: now))
    }
}

extension Call {
    /// The token that the path names, as far as the caller may know of it.
    func token(in store: some StoreReads) throws -> Token {
        try token(named: self.name("token"), in: store)
    }

    /// One that he may know of: of others is told as what there is not, and counted.
    func token(named name: String, in store: some StoreReads) throws -> Token {
        guard let token = try store.token(named: name) else { throw Refused.missing("token") }
        guard sees(token) else {
            var refused = Refused.missing("token")
            refused.ofOthers = token.id
            throw refused
        }
        return token
    }

    /// What of a listing he may see.
    func narrowed(_ listing: TokenListing) -> TokenListing {
        guard !seesAll else { return listing }
        var listing = listing
        // Nobody's tokens are not his: without an owner of his own he sees none.
        let own = caller.owner.isEmpty ? "\u{0}" : caller.owner
        listing.owner = listing.owner.map { $0 == own ? own : "\u{0}" } ?? own
        return listing
    }
}

/// How a token stood when somebody looked: `"REVISION-DIGEST"`. What is changed is held against the revision alone,
/// since uses move on all the time.
struct EntityTag: Sendable {
    var text: String

    init(_ token: Token, _ body: [UInt8]) {
        text = "\"\(token.revision)-\(Hex.encode(Array(SHA256.digest(of: body).prefix(8))))\""
    }

    /// Whether one of an `If-None-Match` is this one, weakly compared (RFC 9110 section 13.1.2).
    static func isKnown(_ fields: [String], _ tag: EntityTag) -> Bool {
        fields.joined(separator: ",").split(separator: ",").contains { field in
            let given = field.filter { $0 != " " && $0 != "\t" }
            return given == "*" || given == tag.text || given == "W/\(tag.text)"
        }
    }

    /// Whether one of an `If-Match` is of this revision.
    static func matches(_ fields: [String], _ token: Token) -> Bool {
        fields.joined(separator: ",").split(separator: ",").contains { field in
            let tag = field.trimmingPrefix { $0 == " " }
            return tag == "*" || tag.hasPrefix("\"\(token.revision)-")
        }
    }
}

/// Where a list goes on, as a text that says nothing to whoever has it.
struct Cursor {
    var texts: [String]
    var number: Int64?

    func text(of kind: String) -> String {
        let document: JSON = [
            "of": .string(kind), "texts": .array(texts.map { .string($0) }),
            "number": number.map { .integer($0) } ?? .null,
        ]
        return Hex.encode(Array(document.serialized().utf8))
    }

    /// Which question a page of tokens goes on with: with another one it would be another place, or none.
    static func kind(of listing: TokenListing) -> String {
        let conditions: [String?] = [
            listing.order.rawValue, listing.state?.rawValue, listing.search, listing.owner, listing.scope,
            listing.status?.rawValue, listing.policy, listing.isNeverUsed ? "never" : nil,
            // Spans from now move on from page to page.
            listing.endsBy == nil ? nil : "ends", listing.idleSince == nil ? nil : "idle",
        ]
        let text = JSON.array(conditions.map { $0.map { .string($0) } ?? .null }).serialized()
        return "tokens:" + Hex.encode(Array(SHA256.digest(of: text).prefix(8)))
    }

    static func read(_ text: String, of kind: String) throws -> Cursor {
        guard text.utf8.count <= 8192, let bytes = Hex.decode(text),
            let document = try? JSON.parse(bytes, maximumBytes: 4096), document["of"]?.string == kind,
            let texts = document["texts"]?.array?.map(\.string) as? [String]
        else { throw Refused.senseless("cursor: it is none that was given out for this question; begin without it") }
        return Cursor(texts: texts, number: document["number"]?.integer)
    }
}
