package import JSON
package import RotaCore

/// As `match` has it in a policy file; every key there, and every condition a list.
extension Selector {
    package var json: JSON {
        [
            "name": Self.json(names), "owner": Self.json(owners), "integration": Self.json(integrations),
            "scopes": Self.json(scopes), "issuer": Self.json(issuers),
            "labels": .object(
                JSON.Object(labels.sorted { $0.key < $1.key }.map { ($0.key, Self.json($0.value)) })),
            "except": .array(except.map(\.json)),
        ]
    }

    /// Nil where it is none.
    package init?(_ json: JSON) {
        guard let object = json.object, let labels = object["labels"]?.object, let except = object["except"]?.array
        else { return nil }
        self.init()
        for (key, path) in Self.lists {
            guard let globs = Self.globs(object[key]) else { return nil }
            self[keyPath: path] = globs
        }
        for label in labels {
            guard let globs = Self.globs(label.value) else { return nil }
            self.labels[label.key] = globs
        }
        for part in except {
            guard let selector = Selector(part) else { return nil }
            self.except.append(selector)
        }
    }

    private static var lists: [(String, WritableKeyPath<Selector, [Glob]>)] {
        [
            ("name", \.names), ("owner", \.owners), ("integration", \.integrations), ("scopes", \.scopes),
            ("issuer", \.issuers),
        ]
    }

    private static func json(_ globs: [Glob]) -> JSON { .array(globs.map { .string($0.description) }) }

    private static func globs(_ json: JSON?) -> [Glob]? {
        guard let items = json?.array else { return nil }
        let texts = items.compactMap(\.string)
        return texts.count == items.count ? texts.map { Glob($0) } : nil
    }
}

extension Waiver {
    /// As commands, reports and events show it.
    ///
    /// - parameters:
    ///   - now: an approved one that has come to its end is `expired`, marked or not.
    ///   - name: of the token that it is about, where that is one.
    package func json(at now: Instant, name: String?) -> JSON {
        let token: JSON
        let match: JSON
        switch subject {
        case .token(let id): (token, match) = (.string(id.text), .null)
        case .matching(let selector): (token, match) = (.null, selector.json)
        }
        return [
            "id": .string(id), "state": .string(state(at: now).rawValue), "policy": .string(policy),
            "rule": Self.text(rule), "token_id": token, "name": Self.text(name), "match": match,
            "reason": .string(reason), "requested_by": .string(requester.name),
            "account": .string(requester.account), "requested_at": .string(requestedAt.description),
            "ends_at": .string(endsAt.description), "approved_by": Self.text(approval?.approver.name),
            "approved_at": Self.text(approval?.at.description),
            "comment": Self.text(approval?.comment.isEmpty == false ? approval?.comment : nil),
            "ended": ending.map {
                ["at": .string($0.at.description), "by": .string($0.by), "cause": .string($0.cause)]
            } ?? .null,
        ]
    }

    private static func text(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }
}
