import Crypto
import Documents
import Engine
import HTTPServer
import JSON
import RotaCore

/// Making tokens, and changing what is known of them.
extension API {
    static let draftMembers = [
        "name", "description", "owner", "integration", "scopes", "labels", "prefix", "expires_at", "destinations",
    ]

    func createToken(_ call: Call) throws -> Answer {
        let configuration = parts.configuration()
        var filled = FilledIn(try call.document(), known: Self.draftMembers)
        try filled.require("name")
        let draft = Self.draft(&filled, configuration, by: call)
        try filled.finish()
        try Self.requireCeiling(draft, configuration, by: call)
        guard draft.destinations.isEmpty else { return create(draft, try RequestKey(of: call), call) }
        let random = parts.random
        return write(call) { store in
            let issued = try Self.make(draft, configuration, in: store, random, by: call)
            return (["token": TokenDocument.json(issued.token, at: call.now), "value": .null, "pushed": false], issued)
        } respond: { document, issued, status in
            Self.created(document, issued?.value, status)
        }
    }

    /// Makes a token, if that is not one too many for who only issues.
    static func make(
        _ draft: TokenDraft, _ configuration: ServedConfiguration, in store: any Store, _ random: any RandomSource,
        by call: Call
    ) throws -> IssuedToken {
        let most = configuration.issueLimit
        guard try call.isAdmin || !store.hasMadeTokens(of: draft.owner, beyond: most - 1) else {
            throw Refused.conflict(
                "\(most) live tokens of '\(abridged(draft.owner))' were made over HTTP: there are no more than that",
                hint: "revoke those that nobody needs, or ask an administrator: 'issue-limit'", reason: "issue-limit")
        }
        let issued = try issueToken(draft, in: store, random: random, change: call.change("token create"))
        try call.requireCeiling(making: issued.token, in: store)
        return issued
    }

    static func requireCeiling(_ draft: TokenDraft, _ configuration: ServedConfiguration, by call: Call) throws {
        try call.requireCeiling(scopes: draft.scopes, owner: draft.owner, expiresAt: draft.expiresAt)
        try call.requireCeiling(
            labels: draft.labels.keys.sorted(), places: draft.destinations, configuration)
    }

    /// A token as somebody fills it in; what is wrong with it goes into the faults.
    static func draft(_ filled: inout FilledIn, _ configuration: ServedConfiguration, by call: Call) -> TokenDraft {
        var draft = TokenDraft(name: filled.text("name") ?? "")
        draft.description = filled.text("description") ?? ""
        draft.owner = filled.text("owner") ?? (call.isAdmin ? "" : call.caller.owner)
        draft.integration = filled.text("integration") ?? ""
        draft.scopes = (filled.texts("scopes") ?? []).uniqued()
        draft.labels = (filled.labelChanges("labels") ?? [:]).compactMapValues { $0 }
        draft.prefix = filled.text("prefix") ?? configuration.tokenPrefix
        draft.expiresAt = filled.instant("expires_at")
        let (places, faults) = configuration.destinations(filled.texts("destinations") ?? [])
        draft.destinations = places
        for fault in faults + draft.faults(at: call.now) + call.faults(ofGranting: draft, configuration.scopes) {
            filled.fault(fault)
        }
        return draft
    }

    /// Makes the token without a value, and lets a rotation bring it the first one.
    private func create(_ draft: TokenDraft, _ key: RequestKey?, _ call: Call) -> Answer {
        perform(call) { [self] configuration in
            var done = try await createInVaults(draft, key, call, configuration).object ?? [:]
            let isAgain = done["replayed"]?.bool == true
            done["replayed"] = nil
            return .json(
                Array(JSON.object(done).serialized().utf8), status: 201,
                headers: [Self.noStore] + Self.location(of: .object(done), Self.tokenMade)
                    + (isAgain ? [("Idempotent-Replayed", "true")] : []))
        }
    }

    func createInVaults(
        _ draft: TokenDraft, _ key: RequestKey?, _ call: Call, _ configuration: ServedConfiguration
    ) async throws -> JSON {
        let random = parts.random
        let made = try await parts.store.write { store in
            try Self.once(call, key, in: store) { store -> (JSON, IssuedToken?) in
                let issued = try Self.make(draft, configuration, in: store, random, by: call)
                return (["id": .string(issued.token.id.text)], issued)
            }
        }
        guard let id = made.document["id"]?.string else { throw StoreError.failed("a token without an id") }
        // Where the process ended before the value was on its way, whoever asks again has it begun again.
        let isMissing = try await parts.store.read { store in
            let token = try store.token(TokenID(id))
            return try token?.state == .active && token?.values.current == nil && store.rotation(of: TokenID(id)) == nil
        }
        let result =
            isMissing
            ? try await configuration.rotate.rotate(
                id, overlap: .zero, reason: "its first value", actor: call.principal.actor) : nil
        let now = parts.clock.now()
        return try await parts.store.read { store in
            guard let token = try store.token(TokenID(id)) else { throw Refused.missing("token") }
            return [
                "token": TokenDocument.json(token, at: now), "value": .null,
                "pushed": .bool(token.values.current != nil), "cause": TokenDocument.text(result?.cause),
                "hint": TokenDocument.text(
                    try MissingValue(of: token, from: store).map { call.face.worded($0.remedy) }),
                "replayed": .bool(made.isAgain),
            ]
        }
    }

    /// The only answer that a value is ever in.
    private static func created(_ document: JSON, _ value: Secret?, _ status: Int) -> Response {
        var members = document.object ?? JSON.Object([])
        members["value"] = nil
        var body = Array(JSON.object(members).serialized().utf8.dropLast())
        body += Array(",\"value\":".utf8)
        if let value {
            body += [UInt8(ascii: "\"")] + value.copyBytes() + [UInt8(ascii: "\"")]
        } else {
            body += Array("null".utf8)
        }
        body += Array("}".utf8)
        return .json(body, status: status, headers: [noStore] + location(of: document, tokenMade))
    }

    private static let tokenMade = (member: "token", list: "/v1/tokens")

    // MARK: - Editing

    /// Changes what is given, and leaves the rest (RFC 7396): a label that is null is taken away.
    func editToken(_ call: Call) throws -> Answer {
        let configuration = parts.configuration()
        let members = try call.document()
        return write(call) { store in
            let before = try call.token(in: store)
            let tags = call.request.headers.all("if-match")
            guard tags.isEmpty || EntityTag.matches(tags, before) else {
                throw Refused(
                    .problem(
                        412, "Precondition failed", detail: "the token has changed since you looked at it",
                        headers: [Self.noStore]))
            }
            let after = try Self.edit(before, members, configuration, by: call, in: store)
            let document: JSON = [
                "token": TokenDocument.json(after.token, at: call.now), "changed": .bool(after.isChanged),
            ]
            return (document, try Self.details(of: after.token, configuration, from: store, at: call.now).tag)
        } respond: { document, tag, status in
            .json(document, status: status, tag.map { [("ETag", $0.text)] } ?? [])
        }
    }

    static func edit(
        _ before: Token, _ members: JSON.Object, _ configuration: ServedConfiguration, by call: Call,
        in store: any Store
    ) throws -> (token: Token, isChanged: Bool) {
        guard call.isAdmin || !before.owner.isEmpty && before.owner == call.caller.owner else {
            throw Refused.forbidden("you edit tokens of your own owner only")
        }
        guard before.state == .active || before.state == .quarantined else {
            throw Refused.conflict("the token is \(before.state.rawValue), and stays as it was when it ended")
        }
        var filled = FilledIn(members, known: draftMembers)
        var token = before
        token.name = filled.text("name") ?? token.name
        for (key, path) in [
            ("description", \Token.description), ("owner", \.owner), ("integration", \.integration),
            ("prefix", \.prefix),
        ] as [(String, WritableKeyPath<Token, String>)] where filled.has(key) {
            token[keyPath: path] = filled.text(key) ?? (key == "prefix" ? token.prefix : "")
        }
        if filled.has("scopes") { token.scopes = (filled.texts("scopes") ?? []).uniqued() }
        if filled.has("expires_at") { token.expiresAt = filled.instant("expires_at") }
        if let changes = filled.labelChanges("labels") {
            if members["labels"]?.isNull == true { token.labels = [:] }
            for (key, value) in changes { token.labels[key] = value }
        }
        let known = try store.destinations(of: before.id)
        var wanted = known.map { configuration.knownVaults.plain($0) }
        if filled.has("destinations") {
            let (places, faults) = configuration.destinations(filled.texts("destinations") ?? [])
            wanted = places
            for fault in faults { filled.fault(fault) }
        }
        var draft = TokenDraft(token)
        draft.expiresAt = before.expiresAt == token.expiresAt ? nil : token.expiresAt
        draft.destinations = wanted
        let added = token.scopes.filter { !before.scopes.contains($0) }
        var given = draft
        given.scopes = added
        let faults = draft.faults(at: call.now, since: before) + call.faults(ofGranting: given, configuration.scopes)
        for fault in faults {
            filled.fault(fault)
        }
        try filled.finish()
        // What it has already counts as well: its places and its end are not his to move where it may do more than he.
        try call.requireCeiling(
            scopes: (before.scopes + token.scopes).uniqued(), owner: token.owner, expiresAt: token.expiresAt,
            of: before)
        let labels = Set(before.labels.keys).union(token.labels.keys)
        try call.requireCeiling(
            labels: labels.filter { before.labels[$0] != token.labels[$0] }.sorted(),
            places: wanted.filter { place in !known.contains { $0.description == place.description } }, configuration)
        let losesPlaces = known.contains { place in
            !wanted.contains { $0.description == configuration.knownVaults.plain(place).description }
        }
        try call.requireHand(on: before, toMake: token, losingPlaces: losesPlaces, in: store)
        token.destinationCount = wanted.count
        try call.requireCeiling(from: before, to: token, configuration.policies.policies, in: store)
        let isEdited = try store.editToken(token, change: call.change("token edit"))
        let isMoved = try move(before.id, from: known, to: wanted, configuration.knownVaults, call, in: store)
        return (try store.token(before.id) ?? token, isEdited || isMoved)
    }

    /// Makes these its places; whether that changed any.
    private static func move(
        _ id: TokenID, from known: [Destination], to wanted: [Destination], _ vaults: KnownVaults, _ call: Call,
        in store: any Store
    ) throws -> Bool {
        let change = call.change("token edit")
        let added = wanted.filter { place in !known.contains { vaults.plain($0).description == place.description } }
        let removed = known.filter { place in !wanted.contains { $0.description == vaults.plain(place).description } }
        for place in added { try store.addDestination(place, to: id, change: change) }
        for place in removed {
            guard try store.removeDestination(place, from: id, change: change) else {
                throw Refused.conflict("the last place of a token stays while a rotation of it is under way")
            }
        }
        return !added.isEmpty || !removed.isEmpty
    }
}

extension TokenDraft {
    /// As a token is now, for the checks of a new one.
    fileprivate init(_ token: Token) {
        self.init(name: token.name)
        description = token.description
        owner = token.owner
        integration = token.integration
        scopes = token.scopes
        labels = token.labels
        prefix = token.prefix
    }
}
