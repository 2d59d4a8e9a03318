import Documents
import Engine
import HTTPServer
import Pages
import RotaCore

/// *Administration > API Tokens*, and the page of a token.
extension API {
    private static let perPage = 50

    func tokenListPage(_ visit: Visit) throws -> Answer {
        var query = TokenQuery(visit)
        let sorts = query.sorts(for: visit.call)
        if !sorts.contains(query.sort) { query.sort = .name }
        let listing = visit.call.narrowed(TokenListing(query, at: visit.now))
        let text = visit.asked("cursor")
        let kind = Cursor.kind(of: listing)
        let cursor = try text.isEmpty ? nil : Cursor.read(text, of: kind)
        let configuration = parts.configuration()
        let seesAll = visit.call.seesAll
        try requireKnown("policy", query.policy, among: configuration.policies.policies.map(\.name), visit.call)
        return look(visit) { [self, query] store in
            let position = cursor.map { TokenListing.Position(texts: $0.texts, number: $0.number) }
            let page = try store.tokens(listing, after: position, limit: Self.perPage)
            let background = try TimelineBackground(from: store, at: visit.now)
            let rows = try page.tokens.map { token in
                let timeline = try Self.timeline(of: token, configuration, background, from: store, at: visit.now)
                return TokenListPage.Row(
                    token: token, status: timeline.gravest, violations: timeline.count(of: .violating))
            }
            return show(
                TokenListPage(
                    query: query, rows: rows, active: seesAll ? try store.countActive() : nil,
                    next: page.next.map { Cursor(texts: $0.texts, number: $0.number).text(of: kind) },
                    isContinued: cursor != nil,
                    lookedAt: page.isCutShort
                        ? listing.search == nil ? TokenListing.mostLookedAt : TokenListing.mostNamesLookedAt : nil,
                    isJudged: try store.lastJudged() != nil,
                    owners: seesAll ? try store.owners(limit: 200) : [],
                    scopes: configuration.scopes.map(\.name),
                    policies: seesAll ? configuration.policies.policies.map(\.name) : [], sorts: sorts),
                visit)
        }
    }

    func tokenPage(_ visit: Visit) throws -> Answer {
        let configuration = parts.configuration()
        let text = visit.asked("cursor")
        let cursor = try text.isEmpty ? nil : Cursor.read(text, of: "audit")
        return look(visit) { [self] store in
            let token = try visit.call.token(in: store)
            let timeline = try Self.timeline(of: token, configuration, from: store, at: visit.now)
            let policies = configuration.policies.policies
            let pushes = try store.pushes(of: token.id)
            var entries: [AuditEntry] = []
            try store.eachAuditEntry(below: cursor?.number ?? .max, object: token.id.text) { entry in
                entries.append(entry)
                return entries.count <= Self.perPage
            }
            let usage = try UsageSummary(of: token, from: store, at: visit.now)
            let page = TokenPage(
                token: token,
                rulings: timeline.policies.filter { $0.mismatch == nil }.flatMap { policy in
                    policy.rules.map { rule in
                        TokenPage.Ruling(
                            policy: policy.policy, mode: policy.mode, rule: rule.rule, action: rule.action,
                            verdict: rule.verdict)
                    }
                },
                coming: timeline.coming(by: policies, token),
                versions: try store.versions(of: token.id).sorted { $0.number > $1.number },
                places: try store.destinations(of: token.id).map { place in
                    TokenPage.Place(
                        destination: place,
                        push: pushes.filter { $0.destinationID == place.id }.max { $0.version < $1.version })
                },
                uses: usage.versions.map(SeenUse.init), scopesNeverExercised: usage.scopesNeverExercised,
                rotation: try store.rotation(of: token.id),
                quarantine: try store.quarantineOutlook(of: token, by: policies, at: visit.now),
                waivers: timeline.policies.flatMap(\.rules).compactMap(\.waiver).uniqued(),
                timeline: Array(entries.prefix(Self.perPage)), hasMore: entries.count > Self.perPage)
            let missing = try MissingValue(of: token, from: store)
            return show(
                page, visit,
                notice: missing.map {
                    Frame.Notice(
                        kind: .warning,
                        text: "It has no value yet: \($0.why). To finish it: \(visit.call.face.worded($0.remedy))")
                }, hasHand: visit.call.hasHand(on: token, in: store))
        }
    }
}

extension TokenQuery {
    init(_ visit: Visit) {
        func word<Word: RawRepresentable<String>>(_ name: StaticString, _ kind: Word.Type) -> Word? {
            Word(rawValue: visit.asked(name))
        }
        self.init(
            q: visit.asked("q").isEmpty ? visit.asked("search") : visit.asked("q"),
            state: word("state", State.self) ?? .active, owner: visit.asked("owner"),
            scope: visit.asked("scope"), policy: visit.asked("policy"), status: word("status", Status.self) ?? .any,
            expiring: word("expiring", Expiring.self), idle: word("idle", Idle.self),
            sort: word("sort", Sort.self) ?? .name)
    }
}

extension TokenQuery {
    /// What this, of what he may see, can be sorted by: what is looked for in another way comes in the order of that
    /// way, and the page says so.
    fileprivate func sorts(for call: Call) -> Set<Sort> {
        Set(Sort.allCases).filter { sort in
            var query = self
            query.sort = sort
            return call.narrowed(TokenListing(query, at: call.now)).isSorted
        }
    }
}

extension TokenListing {
    fileprivate init(_ query: TokenQuery, at now: Instant) {
        self.init(
            state: TokenState(rawValue: query.state.rawValue), search: query.q.isEmpty ? nil : query.q,
            owner: query.owner.isEmpty ? nil : query.owner, scope: query.scope.isEmpty ? nil : query.scope,
            policy: query.policy.isEmpty ? nil : query.policy, order: Order(rawValue: query.sort.rawValue) ?? .name)
        switch query.status {
        case .any: break
        case .violating: status = .violating
        case .ok: status = .clean
        }
        endsBy = query.expiring.flatMap { TimeSpan($0.rawValue) }.map { now + $0 }
        switch query.idle {
        case .never?: isNeverUsed = true
        case let idle?: idleSince = TimeSpan(idle.rawValue).map { now - $0 }
        case nil: break
        }
    }
}

extension Timeline {
    /// How many rules say this of it.
    func count(of status: Verdict.Status) -> Int {
        policies.filter { $0.mismatch == nil }.flatMap(\.rules).count { $0.verdict.status == status }
    }

    /// The gravest that any rule says; nil where none has a say.
    var gravest: Verdict.Status? {
        let order: [Verdict.Status] = [.violating, .due, .unknown, .waived, .compliant]
        return order.first { count(of: $0) > 0 }
    }

    /// The next thing that is done to it by itself; nil where nothing is coming.
    func coming(by sources: [Policy], _ token: Token) -> ComingAction? {
        var first: (start: Instant, action: ComingAction)?
        for (policy, source) in zip(policies, sources) where policy.mismatch == nil && policy.mode == .enforce {
            for (rule, source) in zip(policy.rules, source.rules) where rule.action != .notify {
                guard let start = rule.start ?? rule.verdict.start, first.map({ start < $0.start }) ?? true else {
                    continue
                }
                first = (start, ComingAction(source, of: policy.policy, token: token, verdict: rule.verdict))
            }
        }
        return first?.action
    }
}

extension [Waiver] {
    /// Each once.
    fileprivate func uniqued() -> [Waiver] {
        var seen: Set<String> = []
        return filter { seen.insert($0.id).inserted }
    }
}
