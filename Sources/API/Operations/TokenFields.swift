import Engine
import JSON
import RotaCore

/// What of a token somebody fills in, wherever he does: all that is wrong with it is told together.
struct FilledIn {
    private let members: JSON.Object
    /// What is not of the shape that it should have.
    private var shape: [String] = []
    /// What has the shape, and makes no sense.
    private var sense: [String] = []

    /// - parameter known: the members that there may be.
    init(_ members: JSON.Object, known: [String]) {
        self.members = members
        for key in members.map(\.key) where !known.contains(key) {
            let near = nearest(to: key, among: known).map { "; did you mean '\($0)'?" } ?? ""
            shape.append("there is no member '\(abridged(key))'\(near)")
        }
    }

    func has(_ key: String) -> Bool { members[key] != nil }

    func member(_ key: String) -> JSON? { members[key] }

    /// Nil where it is absent, or null.
    mutating func text(_ key: String) -> String? {
        guard let value = members[key], !value.isNull else { return nil }
        guard let text = value.string else {
            shape.append("\(key): it is no text")
            return nil
        }
        return text
    }

    mutating func texts(_ key: String) -> [String]? {
        guard let value = members[key], !value.isNull else { return nil }
        guard let list = value.array, let texts = list.map(\.string) as? [String] else {
            shape.append("\(key): it is no list of texts")
            return nil
        }
        return texts
    }

    mutating func instant(_ key: String) -> Instant? {
        guard let text = text(key) else { return nil }
        guard let instant = Instant(text) else {
            sense.append("\(key): '\(abridged(text))' is no time such as 2027-01-31T12:00:00Z")
            return nil
        }
        return instant
    }

    mutating func span(_ key: String) -> TimeSpan? {
        guard let text = text(key) else { return nil }
        guard let span = TimeSpan(text) else {
            sense.append("\(key): '\(abridged(text))' is no length of time such as 24h or 90d")
            return nil
        }
        return span
    }

    mutating func truth(_ key: String) -> Bool? {
        guard let value = members[key], !value.isNull else { return nil }
        guard let truth = value.bool else {
            shape.append("\(key): it is neither true nor false")
            return nil
        }
        return truth
    }

    /// What becomes of labels: a text is set, null takes one away; nil where nothing is said of them.
    mutating func labelChanges(_ key: String) -> [String: String?]? {
        guard let value = members[key] else { return nil }
        guard let object = value.isNull ? JSON.Object([]) : value.object else {
            shape.append("\(key): it is no object of texts")
            return nil
        }
        var labels: [String: String?] = [:]
        for label in object {
            guard label.value.isNull || label.value.string != nil else {
                shape.append("\(key): '\(abridged(label.key))' is no text")
                continue
            }
            labels.updateValue(label.value.string, forKey: label.key)
        }
        return labels
    }

    /// One line for the audit log, without what looks like a secret; `otherwise` where there is none.
    mutating func remark(_ key: String, otherwise: String) -> String {
        guard let text = text(key), !text.isEmpty else { return otherwise }
        if let fault = Remark.fault(of: text) { sense.append("\(key): \(fault)") }
        return text
    }

    mutating func fault(_ sentence: String) { sense.append(sentence) }

    mutating func misshaped(_ sentence: String) { shape.append(sentence) }

    /// - throws: 400 with all members that have to be there and are not.
    mutating func require(_ keys: String...) throws {
        for key in keys where members[key] == nil { shape.append("\(key): it is missing") }
        guard shape.isEmpty else { throw Refused.invalid(shape.joined(separator: "; ")) }
    }

    /// - throws: all that is wrong: 400 where it has not the shape, else 422.
    func finish() throws {
        guard shape.isEmpty else { throw Refused.invalid((shape + sense).joined(separator: "; ")) }
        guard sense.isEmpty else { throw Refused.senseless(sense.joined(separator: "; ")) }
    }
}

/// What a person writes for others to read.
enum Remark {
    /// Why it is not taken; nil where it is. It goes into the audit log, into events and reports.
    static func fault(of text: String) -> String? {
        guard TokenFields.isText(text) else { return "it is no text of one line with 1,000 characters at most" }
        return SecretShape.isLikely(in: text)
            ? "it holds what looks like a secret, and would be written down for others to read" : nil
    }
}

extension ServedConfiguration {
    /// The places that texts name, and what is wrong with them.
    func destinations(_ texts: [String]) -> (places: [Destination], faults: [String]) {
        var places: [Destination] = []
        var faults: [String] = []
        for text in texts {
            guard let given = Destination(text) else {
                faults.append(
                    "'\(abridged(text))' is no destination: write VAULT:PATH or VAULT:PATH#FIELD, without '..'"
                )
                continue
            }
            let place = knownVaults.plain(given)
            if let fault = knownVaults.fault(of: place) { faults.append("\(fault.message); \(fault.hint)") }
            places.append(place)
        }
        return (places, faults)
    }
}

extension Call {
    /// What is wrong with giving a token this: a scope that is not in the catalogue, or a role that is none.
    func faults(ofGranting draft: TokenDraft, _ catalogue: [ScopeEntry]) -> [String] {
        guard let (scope, nearest) = catalogue.unknown(in: draft.scopes) else { return [] }
        return [
            "scopes: '\(abridged(scope))' is not in the catalogue" + (nearest.map { "; did you mean '\($0)'?" } ?? "")
        ]
    }

    /// An administrator gives what there is; anybody else no more than he has himself, to his own owner, and for no
    /// longer.
    ///
    /// - parameters:
    ///   - scopes: all that the token has, before and after.
    ///   - before: as it was, where there was one: what it had already is nothing that he grants.
    /// - throws: `Refused` with 403.
    func requireCeiling(scopes: [String], owner: String, expiresAt: Instant?, of before: Token? = nil) throws {
        guard !isAdmin else { return }
        guard !caller.owner.isEmpty else {
            throw Refused.forbidden(
                "your token '\(caller.name)' has no owner, and you issue tokens of your own owner only: an "
                    + "administrator gives it one")
        }
        guard owner == caller.owner else {
            throw Refused.forbidden("you issue tokens of your own owner only, who is '\(abridged(caller.owner))'")
        }
        let askSomebodyElse = "an administrator, or a token that may do as much, edits it"
        if let scope = ungranted(scopes) {
            if before?.scopes.contains(scope) == true {
                throw Refused.forbidden("the token has '\(abridged(scope))', which yours has not: \(askSomebodyElse)")
            }
            throw Refused.forbidden("nobody grants more than he has: not '\(abridged(scope))'")
        }
        if let end = caller.expiresAt, expiresAt.map({ $0 > end }) ?? true {
            if let before, before.expiresAt == expiresAt {
                throw Refused.forbidden("the token lives longer than yours, which ends at \(end): \(askSomebodyElse)")
            }
            throw Refused.forbidden(
                "nobody grants for longer than he has himself: your token ends at \(end)",
                hint: face.worded("give --expires, no later than that"))
        }
    }

    /// Nor does he take a token out of what policies ask, or have values written where he says.
    ///
    /// - throws: `Refused` with 403.
    func requireCeiling(labels: [String], places: [Destination], _ configuration: ServedConfiguration) throws {
        guard !isAdmin else { return }
        if let label = labels.first(where: configuration.policies.goBy) {
            throw Refused.forbidden(
                "policies go by the label '\(abridged(label))': an administrator sets it")
        }
        if let place = places.first(where: { !configuration.issuesInto($0, for: caller.owner) }) {
            throw Refused.forbidden(
                "'\(abridged(place.description))' is none of your places: see 'issue-into'")
        }
    }

    /// The first scope that he has not himself, and so cannot give.
    func ungranted(_ scopes: [String]) -> String? {
        isAdmin ? nil : scopes.first { !caller.has($0) }
    }
}

extension ServedConfiguration {
    /// Whether who only issues may have a value brought to a place; `{owner}` stands for his own.
    fileprivate func issuesInto(_ place: Destination, for owner: String) -> Bool {
        // One who is called like a pattern would have all places.
        guard !owner.isEmpty, !owner.contains(where: { "*?[]/:#".contains($0) }) else { return false }
        return issueInto.contains { Glob($0.replacing("{owner}", with: owner)).matches(place.description) }
    }
}

extension PolicySet {
    /// Whether a policy is for a token, or not, by a label. A condition may ask for any of them.
    fileprivate func goBy(_ label: String) -> Bool {
        policies.contains { policy in
            policy.selector.goesBy(label) || policy.condition?.source.contains("labels") ?? false
        }
    }
}

extension Selector {
    fileprivate func goesBy(_ label: String) -> Bool {
        labels[label] != nil || except.contains { $0.goesBy(label) }
    }
}
