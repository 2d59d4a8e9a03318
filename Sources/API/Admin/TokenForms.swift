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
        return .now(show(newPage(TokenForm(owner: owner), visit), visit))
    }

    private func newPage(_ form: TokenForm, _ visit: Visit, request: String? = nil) -> NewTokenPage {
        let configuration = parts.configuration()
        return NewTokenPage(
            form: form, catalogue: Self.catalogue(configuration), roles: Self.roles(for: visit),
            vaults: configuration.vaults.map(\.name), request: request ?? Hex.encode(parts.random.bytes(16)))
    }

    private static func catalogue(_ configuration: ServedConfiguration) -> [TokenForm.Scope] {
        configuration.scopes.map {
            TokenForm.Scope(name: $0.name, description: $0.description, access: $0.access == .read ? .read : .write)
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
            try filled.finish()
            guard !draft.scopes.isEmpty else { return .now(again("scopes: choose at least one")) }
            try visit.call.requireCeiling(scopes: draft.scopes, owner: draft.owner, expiresAt: draft.expiresAt)
        } catch let refused as Refused {
            return .now(again(Self.detail(of: refused.response) ?? ""))
        }
        guard draft.destinations.isEmpty else { return createInVaults(draft, key, visit) }
        let random = parts.random
        return change(visit) { store in
            try Self.once(visit.call, key, in: store) { store -> (JSON, IssuedToken?) in
                let issued = try issueToken(draft, in: store, random: random, change: visit.call.change("token create"))
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
            (try? self.refused(error)).map { refused in
                self.show(
                    self.newPage(form.told(Self.detail(of: refused.response) ?? "", [:]), visit), visit, status: 409)
            }
        }
    }

    private func createInVaults(_ draft: TokenDraft, _ key: RequestKey, _ visit: Visit) -> Answer {
        undertake(visit) { [self] configuration in
            let done = try await createInVaults(draft, key, visit.call, configuration)
            guard let id = done["token"]?["id"]?.string,
                let token = try await parts.store.read({ try $0.token(TokenID(id)) })
            else { throw Refused.missing("token") }
            let isPushed = done["pushed"]?.bool == true
            let page = TokenCreatedPage(
                token: token, delivery: isPushed ? .pushed(draft.destinations) : .underWay(draft.destinations))
            return show(page, visit, status: 201)
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
            token: token, form: form, catalogue: Self.catalogue(configuration), roles: Self.roles(for: visit),
            vaults: configuration.vaults.map(\.name))
    }

    func editFromPage(_ visit: Visit) throws -> Answer {
        let configuration = parts.configuration()
        let (form, members, faults) = TokenForm.read(visit)
        return change(visit) { store in
            let before = try visit.call.token(in: store)
            guard visit.field("revision") == "\(before.revision)" else {
                throw Refused.conflict("the token has changed since you opened this form", hint: "open it again")
            }
            guard faults.isEmpty else { throw FormFault(token: before, faults: faults, message: "") }
            do {
                // What is not in the form any more is taken away.
                var all = members
                var labels = members["labels"]?.object ?? JSON.Object([])
                for key in before.labels.keys.sorted() where labels[key] == nil { labels[key] = .null }
                all["labels"] = .object(labels)
                return try Self.edit(before, all, configuration, by: visit.call, in: store).token
            } catch let refused as Refused where [422, 400, 403].contains(refused.response.status) {
                throw FormFault(token: before, faults: [:], message: Self.detail(of: refused.response) ?? "")
            }
        } then: { [self] token in
            go("/admin/api-tokens/\(token.id.text)", visit, .done, "'\(token.name)' is changed.")
        } otherwise: { error in
            (error as? FormFault).map { fault in
                self.show(
                    self.editPage(fault.token, form.told(fault.message, fault.faults), visit), visit, status: 422)
            }
        }
    }
}

/// What is wrong with a form, for the page to say beside its fields.
private struct FormFault: Error {
    var token: Token
    var faults: [TokenForm.Field: String]
    var message: String
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
            // A browser leaves the seconds out.
            let text = form.expires.count == 16 ? "\(form.expires):00Z" : "\(form.expires)Z"
            if let end = Instant(text) {
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

    /// With what is wrong beside the fields that it is about.
    fileprivate func told(_ message: String, _ faults: [Field: String]) -> TokenForm {
        var form = self
        form.errors = faults
        for sentence in message.split(separator: "; ").map(String.init) {
            let field = Self.field(of: sentence)
            form.errors[field] = form.errors[field].map { "\($0); \(sentence)" } ?? sentence
        }
        return form
    }

    private static func field(of sentence: String) -> Field {
        let words: [(String, Field)] = [
            ("scope", .scope), ("nobody grants more", .scope), ("owner", .owner), ("label", .labels),
            ("description", .description), ("integration", .integration), ("end", .expires), ("for longer", .expires),
            ("destination", .destinations), ("vault", .destinations), ("VAULT", .destinations),
        ]
        return words.first { sentence.contains($0.0) }?.1 ?? .name
    }
}
