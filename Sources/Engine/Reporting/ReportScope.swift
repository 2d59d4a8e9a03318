import RotaCore

/// What of a store a report tells: all of it, or the tokens of some owners; and by which names.
struct ReportScope {
    let owner: Glob?
    let redaction: Redaction?
    /// The token that was asked for last: what is recorded of one comes together.
    private var last: (id: TokenID, isIncluded: Bool)?

    init(_ request: ReportRequest, _ store: StoreIdentity) {
        owner = request.owner
        redaction = request.isRedacted ? Redaction(store, key: request.pseudonymKey) : nil
    }

    func includes(_ token: Token) -> Bool { owner?.matches(token.owner) ?? true }

    /// A token that is not in the store any more is nobody's.
    mutating func includes(_ id: TokenID, of store: any StoreReads) throws -> Bool {
        guard let owner else { return true }
        if let last, last.id == id { return last.isIncluded }
        let isIncluded = try store.token(id).map { owner.matches($0.owner) } ?? false
        last = (id, isIncluded)
        return isIncluded
    }

    /// One of whatever matches is told where it comes to something.
    mutating func includes(_ waiver: Waiver, _ use: WaiverUse, of store: any StoreReads) throws -> Bool {
        switch waiver.subject {
        case .token(let id): try includes(id, of: store)
        case .matching: owner == nil || use.tokens > 0
        }
    }
}

// MARK: - By which names

extension ReportScope {
    func told(_ token: Token) -> Token { redaction?.token(token) ?? token }
    func told(_ action: RecordedAction) -> RecordedAction { redaction?.action(action) ?? action }
    func told(_ entry: OpenRotations.Entry) -> OpenRotations.Entry { redaction?.rotation(entry) ?? entry }
    func told(_ entry: MissingTokens.Entry) -> MissingTokens.Entry { redaction?.absence(entry) ?? entry }
    func told(_ list: Origins.Import) -> Origins.Import { redaction?.list(list) ?? list }
    func told(_ log: Origins.UsageImport) -> Origins.UsageImport { redaction?.usageLog(log) ?? log }
    func told(_ load: Origins.Load) -> Origins.Load { redaction?.load(load) ?? load }
    func told(_ approval: Origins.Approval) -> Origins.Approval { redaction?.approval(approval) ?? approval }
    func told(_ entry: NoticeDeliveries.Entry) -> NoticeDeliveries.Entry { redaction?.notice(entry) ?? entry }
    func told(_ run: RunRecord) -> RunRecord { redaction?.run(run) ?? run }
    func told(_ witness: WitnessRecord) -> WitnessRecord { redaction?.witness(witness) ?? witness }
    func told(_ freeze: PastFreeze) -> PastFreeze { redaction?.freeze(freeze) ?? freeze }

    func told(_ waiver: Waiver, _ use: WaiverUse, of store: any StoreReads) throws -> ListedWaivers.Entry {
        let token = try store.token(of: waiver)
        guard let redaction else {
            return ListedWaivers.Entry(waiver: waiver, name: token?.name, owner: token?.owner, use: use)
        }
        return ListedWaivers.Entry(
            waiver: redaction.waiver(waiver), name: nil, owner: token.map { redaction.owner($0.owner) }, use: use)
    }

    /// The facts as formats have them; what judges has them as they are.
    func told(_ facts: ReportFacts) -> ReportFacts {
        var told = facts
        told.owner = owner?.description
        told.isRedacted = redaction != nil
        guard let redaction else { return told }
        told.owner = owner.map { redaction.owner($0.description) }
        told.store = redaction.store(facts.store)
        told.policies = redaction.policies(facts.policies)
        told.waivers = ActiveWaivers(facts.waivers.list.map(redaction.waiver))
        told.actor = redaction.actor(facts.actor)
        return told
    }
}
