import Crypto
import RotaCore

/// Takes what names people, systems and places out of a report: each name becomes a pseudonym, the same in every
/// report of the store, and free text is left out.
///
/// A token is called by its id. The other pseudonyms are made with a key that is derived from that of the audit log:
/// who has it not cannot try names out. Where there is none it is the store's instance, which a redacted report does
/// not tell.
struct Redaction: Sendable {
    private static let left = "(redacted)"
    private let key: [UInt8]

    /// - parameter key: nil: the store's instance.
    init(_ store: StoreIdentity, key: [UInt8]? = nil) {
        self.key = key ?? Array("rota redaction \(store.instance)".utf8)
    }

    /// `owner-1f2e3d4c5b6a`
    func pseudonym(_ kind: String, _ text: String) -> String {
        guard !text.isEmpty else { return "" }
        let code = HMAC.sha256(key: key, message: Array("\(kind) \(text)".utf8))
        return "\(kind)-\(Hex.encode(Array(code[..<6])))"
    }

    func owner(_ owner: String) -> String { pseudonym("owner", owner) }

    /// Rota itself and its policies are called by their names.
    func actor(_ actor: String) -> String {
        let isOurs = actor == "rota" || actor.hasPrefix("rota ") || actor.hasPrefix("policy:")
        return isOurs ? actor : pseudonym("actor", actor)
    }

    private func text(_ text: String) -> String { text.isEmpty ? "" : Self.left }

    func token(_ token: Token) -> Token {
        var told = token
        told.name = token.id.text
        told.description = text(token.description)
        told.owner = owner(token.owner)
        if case .external(let kind) = token.issuer { told.issuer = .external(kind: pseudonym("issuer", kind)) }
        told.integration = pseudonym("integration", token.integration)
        (told.scopes, told.labels, told.externalID) = ([], [:], nil)
        told.createdBy = actor(token.createdBy)
        told.end = token.end.map { TokenEnd(at: $0.at, by: actor($0.by), cause: text($0.cause)) }
        return told
    }

    func witness(_ witness: WitnessRecord) -> WitnessRecord {
        var told = witness
        told.name = pseudonym("witness", witness.name)
        return told
    }

    func store(_ store: StoreIdentity) -> StoreIdentity {
        var told = store
        told.instance = pseudonym("store", store.instance)
        return told
    }

    /// The digest stays that of the policies as they are.
    func policies(_ set: PolicySet) -> PolicySet {
        PolicySet(policies: set.policies.map(policy), digest: set.digest)
    }

    private func policy(_ policy: Policy) -> Policy {
        var told = policy
        told.selector = selector(policy.selector)
        told.rules = policy.rules.map { rule in
            var rule = rule
            switch rule.requirement {
            case .owner(let globs): rule.requirement = .owner(patterns("owner", globs))
            case .name(let globs): rule.requirement = .name(patterns("name", globs))
            case .maxAge, .unusedFor, .expiry, .expiresWithin, .description, .destination, .scopes, .sources: break
            }
            return rule
        }
        return told
    }

    private func selector(_ selector: Selector) -> Selector {
        var told = selector
        told.owners = patterns("owner", selector.owners)
        told.names = patterns("name", selector.names)
        told.integrations = patterns("integration", selector.integrations)
        told.scopes = patterns("scope", selector.scopes)
        told.labels = Dictionary(
            selector.labels.map { (pseudonym("label", $0), patterns("label", $1)) }, uniquingKeysWith: +)
        told.except = selector.except.map(self.selector)
        return told
    }

    private func patterns(_ kind: String, _ globs: [Glob]) -> [Glob] {
        globs.map { Glob(pseudonym(kind, $0.description)) }
    }
}

// MARK: - What is recorded

extension Redaction {
    func waiver(_ waiver: Waiver) -> Waiver {
        var told = waiver
        if case .matching(let selector) = waiver.subject { told.subject = .matching(self.selector(selector)) }
        told.reason = text(waiver.reason)
        told.requester = principal(waiver.requester)
        told.approval = waiver.approval.map {
            Waiver.Approval(approver: principal($0.approver), at: $0.at, comment: text($0.comment))
        }
        told.ending = waiver.ending.map {
            Waiver.Ending(at: $0.at, by: actor($0.by), cause: text($0.cause))
        }
        return told
    }

    private func principal(_ principal: Principal) -> Principal {
        Principal(
            name: actor(principal.name), account: actor(principal.account), tokenID: principal.tokenID, tokenName: nil)
    }

    func action(_ action: RecordedAction) -> RecordedAction {
        var told = action
        told.name = action.tokenID.text
        told.cause = action.cause.map(text)
        return told
    }

    func rotation(_ entry: OpenRotations.Entry) -> OpenRotations.Entry {
        var told = entry
        told.rotation.cause = entry.rotation.cause.map(text)
        (told.name, told.owner) = (entry.rotation.tokenID.text, owner(entry.owner))
        return told
    }

    func absence(_ entry: MissingTokens.Entry) -> MissingTokens.Entry {
        MissingTokens.Entry(
            token: token(entry.token), absence: Absence(since: entry.absence.since, file: text(entry.absence.file)))
    }

    func list(_ list: Origins.Import) -> Origins.Import {
        var told = list
        (told.actor, told.file) = (actor(list.actor), text(list.file))
        return told
    }

    func usageLog(_ log: Origins.UsageImport) -> Origins.UsageImport {
        var told = log
        (told.actor, told.file) = (actor(log.actor), text(log.file))
        return told
    }

    func load(_ load: Origins.Load) -> Origins.Load {
        var told = load
        told.actor = actor(load.actor)
        return told
    }

    func approval(_ approval: Origins.Approval) -> Origins.Approval {
        var told = approval
        (told.requester, told.approver) = (actor(approval.requester), actor(approval.approver))
        told.comment = text(approval.comment)
        return told
    }

    func notice(_ entry: NoticeDeliveries.Entry) -> NoticeDeliveries.Entry {
        var told = entry
        (told.name, told.owner) = (entry.notice.tokenID.text, owner(entry.owner))
        told.notice.deliveries = entry.notice.deliveries.map {
            SentNotice.Delivery(endpoint: pseudonym("webhook", $0.endpoint), state: $0.state, at: $0.at)
        }
        return told
    }

    func run(_ run: RunRecord) -> RunRecord {
        var told = run
        told.actor = AuditActor(actor(run.actor.name))
        told.aborted = run.aborted.map(text)
        return told
    }

    func freeze(_ past: PastFreeze) -> PastFreeze {
        var told = past
        told.freeze.reason = text(past.freeze.reason)
        told.freeze.actor = actor(past.freeze.actor)
        return told
    }
}
