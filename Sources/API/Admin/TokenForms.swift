import Crypto
import Engine
import HTTPServer
import JSON
import Pages
import RotaCore

/// A token is filled in: made, or changed.
extension API {
    private static let roles: [(String, String)] = [
        (Role.audit, "Looks at everything: tokens, policies, runs, the audit log."),
        (Role.introspect, "Asks what a value is worth, as a gateway does."),
        (Role.issue, "Makes tokens for its own owner, with scopes that it has itself."),
        (Role.operate, "Rotates, revokes, quarantines; makes and approves plans."),
        (Role.admin, "Everything."),
    ]

    func newTokenPage(_ visit: Visit) throws -> Answer {
        let owner = visit.call.isAdmin ? "" : visit.call.caller.owner
        let end = usualEnd(visit.call)
        let form = TokenForm(owner: owner, expires: String(end.description.prefix(16)))
        return .now(show(newPage(form, visit), visit))
    }

    /// How long a token lives that no policy says anything of.
    private static let usualLifetime = TimeSpan.days(90)

    /// An end that every policy allows, and that is no later than his own who cannot give more.
    private func usualEnd(_ call: Call) -> Instant {
        let longest = parts.configuration().policies.policies.flatMap(\.rules).flatMap { rule -> [TimeSpan] in
            guard case .expiry(_, let lifetime, let remaining) = rule.requirement else { return [] }
            return [lifetime, remaining].compactMap(\.self)
        }
        let end = call.now + (longest + [Self.usualLifetime]).reduce(Self.usualLifetime, min)
        return call.isAdmin ? end : call.caller.expiresAt.map { min($0, end) } ?? end
    }

    private func newPage(_ form: TokenForm, _ visit: Visit, request: String? = nil) -> NewTokenPage {
        let configuration = parts.configuration()
        return NewTokenPage(
            form: form, catalogue: Self.catalogue(configuration, for: visit), roles: Self.roles(for: visit),
            vaults: configuration.vaults.map(\.name), request: request ?? Hex.encode(parts.random.bytes(16)))
    }

    /// What he can give.
    private static func catalogue(_ configuration: ServedConfiguration, for visit: Visit) -> [TokenForm.Scope] {
        configuration.scopes.filter { visit.call.ungranted([$0.name]) == nil }.map {
            TokenForm.Scope(name: $0.name, description: $0.description, access: $0.access.map(Self.access) ?? .write)
        }
    }

    private static func access(_ access: ScopeEntry.Access) -> TokenForm.Scope.Access {
        switch access {
        case .read: .read
        case .write: .write
        case .admin: .admin
        }
    }

    private static func roles(for visit: Visit) -> [TokenForm.Role] {
        roles.map { scope, about in
            TokenForm.Role(
                scope: scope, description: about,
                obstacle: visit.call.ungranted([scope]).map { _ in "You do not have it yourself." })
        }
    }

    // MARK: - Making one

    func createFromPage(_ visit: Visit) throws -> Answer {
        let configuration = parts.configuration()
        let (form, members, faults) = TokenForm.read(visit)
        var filled = FilledIn(members, known: Self.draftMembers)
        let draft = Self.draft(&filled, configuration, by: visit.call)
        let key = RequestKey(visit.field("request"), asked: "create", Array(JSON.object(members).serialized().utf8))
        func again(_ message: String) -> Response {
            show(newPage(form.told(message, faults), visit, request: visit.field("request")), visit, status: 422)
        }
        do {
            guard faults.isEmpty else { return .now(again("")) }
            guard visit.field("request").count == 32, Hex.decode(visit.field("request")) != nil else {
                return .now(again("name: the form is not whole: load it again"))
            }
            try filled.finish()
            guard !draft.scopes.isEmpty else { return .now(again("scopes: choose at least one")) }
            try Self.requireCeiling(draft, configuration, by: visit.call)
        } catch let refused as Refused {
            return .now(again(Self.detail(of: refused.response) ?? ""))
        }
        guard draft.destinations.isEmpty else { return createInVaults(draft, form, key, visit) }
        let random = parts.random
        return change(visit) { store in
            try Self.once(visit.call, key, in: store) { store -> (JSON, IssuedToken?) in
                let issued = try Self.make(draft, configuration, in: store, random, by: visit.call)
                return (["id": .string(issued.token.id.text)], issued)
            }
        } then: { [self] done in
            guard let issued = done.extra, let value = issued.value else {
                return go(
                    "/admin/api-tokens/\(done.document["id"]?.string ?? "")", visit, .warning,
                    "This form was sent before: the token is made, and its value was shown then.")
            }
            return show(TokenCreatedPage(token: issued.token, delivery: .shown(value)), visit, status: 201)
        } otherwise: { error in
            (try? self.refused(error, visit.call)).map { refused in
                self.show(
                    self.newPage(form.told(Self.detail(of: refused.response) ?? "", [:]), visit), visit,
                    status: refused.response.status)
            }
        }
    }

    private func createInVaults(
        _ draft: TokenDraft, _ form: TokenForm, _ key: RequestKey, _ visit: Visit
    ) -> Answer {
        undertake(visit) { [self] configuration in
            let done: JSON
            do { done = try await createInVaults(draft, key, visit.call, configuration) } catch {
                guard let refused = try? self.refused(error, visit.call) else { throw error }
                return show(
                    newPage(form.told(Self.detail(of: refused.response) ?? "", [:]), visit), visit,
                    status: refused.response.status)
            }
            let id = TokenID(done["token"]?["id"]?.string ?? "")
            let (token, rotation) = try await parts.store.read { (try $0.token(id), try $0.rotation(of: id)) }
            guard let token else { throw Refused.missing("token") }
            if done["pushed"]?.bool == true {
                return show(
                    TokenCreatedPage(token: token, delivery: .pushed(draft.destinations)), visit, status: 201)
            }
            guard rotation != nil else {
                // Nothing tries it again by itself: somebody has to set it right.
                let why = [done["cause"]?.string, done["hint"]?.string].compactMap(\.self).joined(separator: ": ")
                return go(
                    "/admin/api-tokens/\(id.text)", visit, .failed,
                    "The token is made, but has no value yet, since it could not be brought to its place. \(why)")
            }
            return show(TokenCreatedPage(token: token, delivery: .underWay(draft.destinations)), visit, status: 201)
        }
    }

    // MARK: - Changing one

    func editTokenPage(_ visit: Visit) throws -> Answer {
        look(visit) { [self] store in
            let token = try visit.call.token(in: store)
            let places = try store.destinations(of: token.id)
            return show(editPage(token, TokenForm(token, places, parts.configuration()), visit), visit)
        }
    }

    private func editPage(_ token: Token, _ form: TokenForm, _ visit: Visit) -> EditTokenPage {
        let configuration = parts.configuration()
        return EditTokenPage(
            token: token, form: form, catalogue: Self.catalogue(configuration, for: visit),
            roles: Self.roles(for: visit),
            vaults: configuration.vaults.map(\.name))
    }

    func editFromPage(_ visit: Visit) throws -> Answer {
        let configuration = parts.configuration()
        let (form, members, faults) = TokenForm.read(visit)
        return change(visit) { [self] store in
            let before = try visit.call.token(in: store)
            guard visit.field("revision") == "\(before.revision)" else {
                let present = TokenForm(before, try store.destinations(of: before.id), configuration)
                throw FormFault(
                    token: before, faults: form.faults(beside: present), message: "", status: 409)
            }
            guard faults.isEmpty else { throw FormFault(token: before, faults: faults, message: "") }
            do {
                // What is not in the form any more is taken away; an end that was left alone keeps its seconds.
                var all = members
                if let end = before.expiresAt, form.expires.hasPrefix(String(end.description.prefix(16))),
                    !form.neverExpires
                {
                    all["expires_at"] = .string(end.description)
                }
                var labels = members["labels"]?.object ?? JSON.Object([])
                for key in before.labels.keys.sorted() where labels[key] == nil { labels[key] = .null }
                all["labels"] = .object(labels)
                return try Self.edit(before, all, configuration, by: visit.call, in: store).token
            } catch {
                guard let response = try? refused(error, visit.call).response else { throw error }
                throw FormFault(
                    token: before, faults: [:], message: Self.detail(of: response) ?? "",
                    status: response.status == 409 ? 409 : 422)
            }
        } then: { [self] token in
            go("/admin/api-tokens/\(token.id.text)", visit, .done, "'\(token.name)' is changed.")
        } otherwise: { error in
            (error as? FormFault).map { fault in
                self.show(
                    self.editPage(fault.token, form.told(fault.message, fault.faults), visit), visit,
                    status: fault.status)
            }
        }
    }
}

/// What is wrong with a form, for the page to say beside its fields.
private struct FormFault: Error {
    var token: Token
    var faults: [TokenForm.Field: String]
    var message: String
    var status = 422
}

extension TokenForm {
    /// What was filled in; the same as the members of a document; and what cannot even be one.
    static func read(_ visit: Visit) -> (form: TokenForm, members: JSON.Object, faults: [Field: String]) {
        let form = TokenForm(
            name: visit.field("name"), description: visit.field("description"), owner: visit.field("owner"),
            integration: visit.field("integration"), labels: visit.field("labels"),
            ticked: Set(visit.form.texts(of: "scope")), furtherScopes: visit.field("scopes"),
            neverExpires: visit.field("expiry") == "never", expires: visit.field("expires"),
            destinations: visit.field("destinations"))
        var faults: [Field: String] = [:]
        var labels = JSON.Object([])
        for line in lines(form.labels) {
            guard let equals = line.firstIndex(of: "=") else {
                faults[.labels] = "'\(abridged(line))' is not key=value"
                continue
            }
            labels[String(line[..<equals])] = .string(String(line[line.index(after: equals)...]))
        }
        var expiresAt = JSON.null
        if !form.neverExpires {
            if let end = visit.instant("expires") {
                expiresAt = .string(end.description)
            } else {
                faults[.expires] = "give a date and a time, or choose that it never ends"
            }
        }
        let scopes = visit.form.texts(of: "scope") + form.furtherScopes.split(separator: " ").map(String.init)
        return (
            form,
            [
                "name": .string(form.name), "description": .string(form.description), "owner": .string(form.owner),
                "integration": .string(form.integration), "labels": .object(labels),
                "scopes": .array(scopes.uniqued().map { .string($0) }), "expires_at": expiresAt,
                "destinations": .array(lines(form.destinations).map { .string($0) }),
            ], faults
        )
    }

    private static func lines(_ text: String) -> [String] {
        text.split(whereSeparator: \.isNewline).map { line in
            String(line.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }.filter { !$0.isEmpty }
    }

    /// As a token is.
    fileprivate init(_ token: Token, _ places: [Destination], _ configuration: ServedConfiguration) {
        let known = Set(configuration.scopes.map(\.name))
        let isKnown = { (scope: String) in known.contains(scope) || scope.hasPrefix("rota:") }
        self.init(
            name: token.name, description: token.description, owner: token.owner, integration: token.integration,
            labels: token.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "\n"),
            ticked: Set(token.scopes.filter(isKnown)),
            furtherScopes: token.scopes.filter { !isKnown($0) }.joined(separator: " "),
            neverExpires: token.expiresAt == nil,
            expires: token.expiresAt.map { String($0.description.prefix(16)) } ?? "",
            destinations: places.map(\.description).joined(separator: "\n"))
    }

    /// What the token is by now where that is not what is filled in: whoever saves the form then has seen it.
    fileprivate func faults(beside present: TokenForm) -> [Field: String] {
        func scopes(_ form: TokenForm) -> [String] {
            (form.ticked + form.furtherScopes.split(separator: " ").map(String.init)).sorted()
        }
        func end(_ form: TokenForm) -> String { form.neverExpires ? "never" : form.expires }
        let fields: [(Field, own: String, present: String)] = [
            (.name, name, present.name), (.description, description, present.description),
            (.owner, owner, present.owner), (.integration, integration, present.integration),
            (.labels, labels, present.labels),
            (.scope, scopes(self).joined(separator: " "), scopes(present).joined(separator: " ")),
            (.expires, end(self), end(present)), (.destinations, destinations, present.destinations),
        ]
        let differing = fields.filter { Self.lines($0.own) != Self.lines($0.present) }
        var faults = Dictionary(
            uniqueKeysWithValues: differing.map { field, _, present in
                (
                    field,
                    present.isEmpty
                        ? "by now it has none"
                        : "by now it is \(present.split(separator: "\n").joined(separator: ", "))"
                )
            })
        let stale = "the token has changed since you opened this form; what you save takes the place of that"
        faults[.name] = faults[.name].map { "\(stale); \($0)" } ?? stale
        return faults
    }

    /// With what is wrong beside the fields that it is about.
    fileprivate func told(_ message: String, _ faults: [Field: String]) -> TokenForm {
        var form = self
        form.errors = faults
        var last = Field.name
        for sentence in message.split(separator: "; ").map(String.init) {
            // What is about no field is a hint to what stands before it.
            let field = Self.field(of: sentence) ?? last
            last = field
            form.errors[field] = form.errors[field].map { "\($0); \(sentence)" } ?? sentence
        }
        return form
    }

    private static func field(of sentence: String) -> Field? {
        let words: [(String, Field)] = [
            ("name", .name), ("scope", .scope), ("nobody grants more", .scope), ("none of your places", .destinations),
            ("owner", .owner), ("label", .labels),
            ("description", .description), ("integration", .integration), ("end", .expires), ("for longer", .expires),
            ("destination", .destinations), ("vault", .destinations), ("VAULT", .destinations),
        ]
        return words.first { sentence.contains($0.0) }?.1
    }
}
