import Crypto
import Engine
import RotaCore
import Stores
import TestSupport
import Testing

/// Ten thousand random tokens under two hundred random policies: what the store's indexes find against a look at every
/// token, and every verdict against a second implementation of the rules, written apart from the first.
@Suite struct DifferentialTests {
    private static let now: Int64 = 1_790_000_000

    @Test func `nothing due is missed, and every verdict is that of a second implementation`() throws {
        var random = Drawn(seed: 20_261_126)
        let tokens = (0..<10_000).map { random.token($0, now: Self.now) }
        let folder = try ScratchFolder()
        let location = "sqlite:\(folder.path)/store/rota.db"
        let change = Change(actor: "test", at: Instant(seconds: Self.now), cause: "the beginning")
        let identity = StoreIdentity(instance: "differential", generation: 1, createdAt: change.at)
        try createStore(at: location, identity: identity, change: change)
        let store = try openStore(at: location, endpoints: [])
        try store.transaction {
            for token in tokens {
                let version = token.issued.map { issued in
                    Version(number: 1, state: .current, digest: nil, hint: "", issuedAt: Instant(seconds: issued))
                }
                try store.addToken(token.token, version: version, destinations: [], change: change)
                try store.recordUses(token.tallies, by: "test", at: change.at)
            }
        }
        var seen: Set<String> = []
        var noticed = 0
        var waived = 0
        let seenFrom = Dictionary(uniqueKeysWithValues: tokens.map { ($0.token.id, $0.token.seenFrom) })
        var isKept = true
        for number in 0..<200 {
            var policy = random.policy(number)
            let condition = number % 2 == 1 ? random.condition() : nil
            policy.condition = try condition.map { try Condition($0.source) }
            if number % 3 == 0 { policy.notifyBefore = random.leads() }
            if number % 4 == 0 { policy.minimumNotice = .days(2) }
            let set = PolicySet([policy])
            let lookahead = number % 2 == 0 ? TimeSpan.zero : .days(5)
            var found: Set<TokenID> = []
            for query in candidateQueries(for: set, at: change.at, lookahead: lookahead) {
                try store.eachCandidate(query) { token in
                    found.insert(token.id)
                    isKept = isKept && token.seenFrom == seenFrom[token.id]
                    return true
                }
            }
            let waivers = number % 5 == 0 ? [random.waiver(of: policy, now: Self.now)] : []
            let planner = Planner(
                policies: set, vaults: [], tracking: .unbroken, waivers: ActiveWaivers(waivers))
            for drawn in tokens {
                let notices = planner.decide(drawn.token, at: change.at, notices: { [] }, destinations: { [] }).notices
                // A store has no older value without its rotation: that those are found MakePlanCandidateTests hold.
                let isFound = found.contains(drawn.token.id) || drawn.previous != nil
                if !notices.isEmpty, !isFound {
                    Issue.record("a notice of \(policy.rules) to \(drawn.token) is missed")
                }
                noticed += notices.count
                var rulings: [Planner.Ruling] = []
                planner.judge(drawn.token, at: change.at, into: &rulings)
                let answer = condition.map { $0.answer(drawn, Self.now) }
                let expected = Plain.rulings(policy, drawn, when: answer, waivers: waivers, now: Self.now)
                for (ruling, plain) in zip(rulings, expected) {
                    let verdict = ruling.verdict
                    if verdict.status == .due || verdict.status == .violating, !isFound {
                        Issue.record("\(verdict.reason) by \(policy.rules[ruling.rule]) misses \(drawn.token)")
                    }
                    let said = "\(verdict.status.rawValue) \(verdict.reason.code) \(verdict.calls)"
                    if verdict.status == .waived { waived += 1 }
                    if said != plain {
                        Issue.record("\(policy.rules[ruling.rule]) of \(drawn.token): \(said), not \(plain)")
                        return
                    }
                    seen.insert(verdict.reason.code)
                }
                if rulings.count != expected.count { Issue.record("\(policy.selector) and \(drawn.token)") }
            }
        }
        #expect(noticed > 10_000)
        #expect(waived > 10_000)
        #expect(isKept)
        // Drawn widely enough for each reason.
        #expect(seen.count >= 29, "\(seen.sorted())")
    }
}

/// A token as drawn, with its facts as plain numbers and texts.
private struct DrawnToken {
    var token: Token
    var owner: String
    var env: String?
    var scopes: [String]
    var created: Int64
    var issued: Int64?
    /// An older value that still authenticates, and the end of its overlap.
    var previous: Int64?
    var overlapEnds: Int64?
    /// A rotation is open.
    var isOpen = false
    var expires: Int64?
    var used: Int64?
    var never: Int64?
    /// Midnights.
    var addresses: [Int64] = []
    var agents: [Int64] = []
}

extension DrawnToken {
    /// What uses told, by day; the last of them as the token has it.
    var tallies: [UseTally] {
        Set(addresses + agents).sorted().map { day in
            func sightings(_ days: [Int64], _ prefix: String) -> Sightings {
                let texts = days.indices.filter { days[$0] == day }.map { "\(prefix)\($0)" }
                return Sightings(texts: texts, more: false)
            }
            let last = used.map { min($0, day + 86_399) } ?? day
            return UseTally(
                key: UseTally.Key(tokenID: token.id, version: 1, day: Instant(seconds: day)),
                accepted: UseTally.Side(
                    count: 9, last: Instant(seconds: last), sources: sightings(addresses, "10.0.0."),
                    agents: sightings(agents, "agent/")))
        }
    }
}

/// The rules once more, by plain numbers: of tokens that are always watched.
private enum Plain {
    /// - parameter when: what its condition comes to; nil inside where that errs.
    static func rulings(
        _ policy: Policy, _ drawn: DrawnToken, when: Bool??, waivers: [Waiver], now: Int64
    ) -> [String] {
        if let end = drawn.expires, end <= now { return [] }
        if !selects(policy.selector, drawn) { return [] }
        var errs = false
        if let answer = when {
            errs = answer == nil
            if answer == false { return [] }
        }
        return policy.rules.map { rule in
            let said = errs ? "unknown condition-failed false" : verdict(rule, drawn, now: now)
            guard waivers.contains(where: { waives($0, rule, drawn, now: now) }) else { return said }
            return "waived \(said.split(separator: " ")[1]) false"
        }
    }

    private static func waives(_ waiver: Waiver, _ rule: Rule, _ drawn: DrawnToken, now: Int64) -> Bool {
        if waiver.state != .active || waiver.endsAt.seconds <= now { return false }
        if let word = waiver.rule, word != rule.name { return false }
        switch waiver.subject {
        case .token(let id): return id == drawn.token.id
        case .matching(let selector): return selects(selector, drawn)
        }
    }

    private static func selects(_ selector: Selector, _ drawn: DrawnToken) -> Bool {
        if let wanted = selector.labels["env"], !any(wanted, drawn.env) { return false }
        if !selector.scopes.isEmpty, !drawn.scopes.contains(where: { any(selector.scopes, $0) }) { return false }
        if !selector.owners.isEmpty, !any(selector.owners, drawn.owner) { return false }
        if !selector.names.isEmpty, !any(selector.names, drawn.token.name) { return false }
        if !selector.integrations.isEmpty, !any(selector.integrations, drawn.token.integration) { return false }
        let issuer = drawn.token.issuer == .rota ? "rota" : "external:aws-iam"
        if !selector.issuers.isEmpty, !any(selector.issuers, issuer) { return false }
        for except in selector.except where any(except.labels["env"] ?? [], drawn.env) { return false }
        return true
    }

    /// `*` at the end, at the beginning or nowhere, which is all that is drawn.
    private static func any(_ globs: [Glob], _ text: String?) -> Bool {
        guard let text else { return false }
        for glob in globs {
            let pattern = glob.description
            if pattern.hasSuffix("*"), text.hasPrefix(String(pattern.dropLast())) { return true }
            if pattern.hasPrefix("*"), text.hasSuffix(String(pattern.dropFirst())) { return true }
            if pattern == text { return true }
        }
        return false
    }

    private static func verdict(_ rule: Rule, _ drawn: DrawnToken, now: Int64) -> String {
        let lead = rule.startBefore.seconds + (rule.action == .rotate ? rule.overlap.seconds : 0)
        // A rotation waits for all of another one, a quarantine until the new value has arrived.
        let isBusy = drawn.isOpen || drawn.previous != nil
        let isFree = rule.action == .rotate ? !isBusy : !(rule.action == .quarantine && drawn.isOpen)
        func moving(_ deadline: Int64, _ isBroken: Bool, _ codes: (String, String, String)) -> String {
            if isBroken { return "violating \(codes.2) \(isFree)" }
            return now >= deadline - lead ? "due \(codes.1) \(isFree)" : "compliant \(codes.0) false"
        }
        func fixed(_ fault: String?) -> String {
            fault.map { "violating \($0) \(isFree)" } ?? "compliant as-required false"
        }
        switch rule.requirement {
        case .maxAge(let limit):
            guard let issued = drawn.issued else { return "unknown no-value false" }
            // The overlap counts in the age.
            let oldest = drawn.previous ?? issued
            // No cap is drawn: a day more than the overlap.
            let isLate = drawn.overlapEnds.map { now > $0 + 86_400 }
            if now - oldest > limit.seconds {
                if !isBusy { return "violating max-age-exceeded true" }
                if now - issued > limit.seconds { return "violating in-progress false" }
                return isLate == false ? "violating in-progress false" : "violating previous-in-use false"
            }
            if isLate == true { return "violating previous-in-use false" }
            if now < oldest + limit.seconds - lead { return "compliant within-max-age false" }
            return isBusy ? "due in-progress false" : "due max-age-due true"
        case .unusedFor(let limit):
            let isNever = drawn.used == nil
            guard let since = drawn.used ?? drawn.never.map({ max($0, drawn.created) }) else {
                return "unknown usage-unknown false"
            }
            let quiet = isNever ? "never-used-within-limit" : "used-recently"
            let codes = (quiet, "idle-due", isNever ? "never-used" : "idle-too-long")
            return moving(since + limit.seconds, now - since >= limit.seconds, codes)
        case .expiry(let required, let lifetime, let remaining):
            guard let end = drawn.expires else {
                let calls = rule.newEnd != nil || isFree
                return required ? "violating no-expiry \(calls)" : "compliant expiry-acceptable false"
            }
            // An end that set-expiry has brought near is not brought nearer.
            let calls = rule.newEnd.map { end - now > $0.ahead.seconds + $0.spread.seconds } ?? isFree
            if let lifetime, end - drawn.created > lifetime.seconds { return "violating lifetime-too-long \(calls)" }
            if let remaining, end - now > remaining.seconds { return "violating remaining-too-long \(calls)" }
            return "compliant expiry-acceptable false"
        case .expiresWithin(let limit):
            guard let end = drawn.expires else { return "compliant ends-later false" }
            return moving(end - limit.seconds, end - now <= limit.seconds, ("ends-later", "end-due", "ends-soon"))
        case .owner(let allowed):
            if drawn.owner == "" { return fixed("no-owner") }
            return fixed(allowed.isEmpty || any(allowed, drawn.owner) ? nil : "owner-not-allowed")
        case .description: return fixed(drawn.token.description == "" ? "no-description" : nil)
        case .destination: return fixed(drawn.token.destinationCount == 0 ? "no-destination" : nil)
        case .scopes(let deny, let most):
            if drawn.scopes.contains(where: { any(deny, $0) }) { return fixed("scope-denied") }
            return fixed(most.map { drawn.scopes.count > $0 } ?? false ? "too-many-scopes" : nil)
        case .name(let allowed): return fixed(any(allowed, drawn.token.name) ? nil : "name-not-allowed")
        case .sources(let addresses, let agents, let within):
            let limits = [(addresses, drawn.addresses), (agents, drawn.agents)].compactMap { limit, days in
                limit.map { (limit: $0, days: days.filter { $0 > now - within.seconds }) }
            }
            if limits.contains(where: { $0.days.count > $0.limit }) { return "violating too-many-sources \(isFree)" }
            if limits.allSatisfy({ !$0.days.isEmpty }) { return "compliant few-sources false" }
            guard let used = drawn.used else {
                return drawn.never == nil ? "unknown usage-unknown false" : "compliant few-sources false"
            }
            let isOld = used - used % 86_400 <= now - within.seconds
            return isOld ? "compliant few-sources false" : "unknown sources-unknown false"
        }
    }
}

/// What is drawn by a seed; small numbers of days and few words, so that limits are often met exactly.
private struct Drawn {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    private mutating func below(_ limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(limit))
    }

    private mutating func isDrawn(_ percent: Int) -> Bool { below(100) < percent }
    private mutating func one<Element>(of elements: [Element]) -> Element { elements[below(elements.count)] }

    /// Whole days, sometimes a second more or less.
    private mutating func span(upTo days: Int) -> Int64 { Int64(below(days)) * 86_400 + Int64(below(3) - 1) }

    mutating func token(_ number: Int, now: Int64) -> DrawnToken {
        let created = now - max(0, span(upTo: 40))
        let issued: Int64? = isDrawn(90) ? max(created, now - max(0, span(upTo: 40))) : nil
        // Every fifth has an older value yet, which was replaced when this one was made; some of them for long.
        let previous = issued.flatMap { isDrawn(20) ? $0 - Int64(1 + below(20)) * 86_400 : nil }
        let overlapEnds: Int64? = previous == nil ? nil : now + span(upTo: 9) - 4 * 86_400
        let isOpen = previous == nil && isDrawn(10)
        let expires: Int64? = isDrawn(60) ? now + span(upTo: 40) : nil
        let used: Int64? = isDrawn(50) ? now - max(0, span(upTo: 40)) : nil
        let never: Int64? = used == nil && isDrawn(60) ? now - max(0, span(upTo: 40)) : nil
        let owner = isDrawn(20) ? "" : one(of: ["team-a", "team-b", "platform", "ops"])
        let env: String? = isDrawn(80) ? one(of: ["prod", "prod-eu", "dev"]) : nil
        let scopes = (0..<below(5)).map { _ in one(of: ["read", "db:write", "db:admin", "x:admin", "é:read"]) }
        let usage: Usage =
            used.map { .lastUsed(Instant(seconds: $0)) } ?? never.map { .neverUsed(since: Instant(seconds: $0)) }
            ?? .unknown
        // Where it was used at all, somebody most often told from where; the newest on the day of the last use.
        let lastDay = used.map { $0 - $0 % 86_400 }
        func places(_ most: Int) -> [Int64] {
            guard let lastDay, isDrawn(70) else { return [] }
            return (0..<below(most)).map { _ in lastDay - Int64(below(9)) * 86_400 }.sorted(by: >)
        }
        let (addresses, agents) = (places(8), places(5))
        let prefix = one(of: ["svc-", "svc/", "svc", "app-", "sva", "svd", "Ä-"])
        return DrawnToken(
            token: Token(
                id: TokenID("tok_\(number)"), name: "\(prefix)\(number)", description: isDrawn(50) ? "for x" : "",
                owner: owner, integration: one(of: ["ci", "etl", ""]), scopes: scopes,
                labels: env.map { ["env": $0] } ?? [:], issuer: isDrawn(90) ? .rota : .external(kind: "aws-iam"),
                createdAt: Instant(seconds: created), expiresAt: expires.map(Instant.init(seconds:)), usage: usage,
                seenFrom: SeenFrom(
                    addresses: addresses.map(Instant.init(seconds:)), agents: agents.map(Instant.init(seconds:))),
                values: ValueSummary(
                    current: issued == nil ? nil : 1, currentIssuedAt: issued.map(Instant.init(seconds:)),
                    oldestIssuedAt: previous.map(Instant.init(seconds:)), rotationOpen: isOpen,
                    awaitingRetirement: previous != nil, overlapEndsAt: overlapEnds.map(Instant.init(seconds:))),
                destinationCount: below(3)),
            owner: owner, env: env, scopes: scopes, created: created, issued: issued, previous: previous,
            overlapEnds: overlapEnds, isOpen: isOpen, expires: expires, used: used, never: never, addresses: addresses,
            agents: agents)
    }

    mutating func policy(_ number: Int) -> Policy {
        var selector = Selector()
        if isDrawn(30) { selector.labels["env"] = [Glob(one(of: ["prod", "prod*", "*eu", "none"]))] }
        if isDrawn(20) { selector.scopes = [Glob(one(of: ["*:admin", "read", "db*"]))] }
        if isDrawn(20) { selector.owners = [Glob(one(of: ["team-*", "ops"]))] }
        if isDrawn(20) { selector.names = [Glob(one(of: ["svc*", "*1"]))] }
        if isDrawn(20) { selector.integrations = [Glob(one(of: ["ci", "e*"]))] }
        if isDrawn(20) { selector.issuers = [Glob(one(of: ["rota", "external:*"]))] }
        if isDrawn(20) { selector.except = [Selector(labels: ["env": [Glob("dev")]])] }
        return Policy(
            name: "p\(number)", mode: .enforce, selector: selector, rules: (0...below(3)).map { _ in rule() })
    }

    /// An expression, and the same by plain numbers: nil where it errs.
    struct DrawnCondition {
        var source: String
        var answer: (DrawnToken, Int64) -> Bool?
    }

    mutating func condition() -> DrawnCondition {
        let days = Int64(below(40))
        let hours = "duration(\"\(days * 24)h\")"
        switch below(6) {
        case 0:
            return DrawnCondition(source: #"token.labels.env == "prod""#) { drawn, _ in drawn.env.map { $0 == "prod" } }
        case 1:
            return DrawnCondition(source: #"has(token.labels.env) && token.labels.env.startsWith("prod")"#) {
                drawn, _ in
                drawn.env?.hasPrefix("prod") ?? false
            }
        case 2:
            return DrawnCondition(source: "token.expires_at - now < \(hours)") { drawn, now in
                drawn.expires.map { $0 - now < days * 86_400 }
            }
        case 3:
            return DrawnCondition(source: "!has(token.age) || token.age >= \(hours)") { drawn, now in
                (drawn.previous ?? drawn.issued).map { now - $0 >= days * 86_400 } ?? true
            }
        case 4:
            return DrawnCondition(source: "token.idle > \(hours)") { drawn, now in
                let since = drawn.used ?? drawn.never.map { max($0, drawn.created) }
                return since.map { now - $0 > days * 86_400 }
            }
        default:
            return DrawnCondition(source: #"token.scopes.exists(s, s.endsWith(":admin")) || token.owner == """#) {
                drawn, _ in drawn.owner == "" || drawn.scopes.contains { $0.hasSuffix(":admin") }
            }
        }
    }

    /// Of the policy or one of its rules; at times at its end, or not approved.
    mutating func waiver(of policy: Policy, now: Int64) -> Waiver {
        let someone = Principal(account: "cli:a")
        var match = self.policy(0).selector
        if isDrawn(30) { match.owners = [Glob("team-*")] }
        return Waiver(
            id: "waiver_1", subject: isDrawn(10) ? .token(TokenID("tok_\(below(10_000))")) : .matching(match),
            policy: policy.name, rule: isDrawn(50) ? one(of: policy.rules).name : nil, reason: "r", requester: someone,
            requestedAt: Instant(seconds: now - 9), endsAt: Instant(seconds: now + Int64(below(6))),
            state: isDrawn(90) ? .active : .requested)
    }

    /// Longest first.
    mutating func leads() -> [TimeSpan] {
        let longest = max(2, span(upTo: 15))
        return [TimeSpan(seconds: longest), TimeSpan(seconds: longest / 2)]
    }

    private mutating func rule() -> Rule {
        let limit = TimeSpan(seconds: max(1, span(upTo: 30)))
        let start = isDrawn(50) ? TimeSpan(seconds: max(0, span(upTo: 6))) : .zero
        let overlap = isDrawn(50) ? TimeSpan(seconds: max(0, span(upTo: 3))) : .zero
        let action = one(of: [Action.notify, .quarantine, .revoke])
        switch below(10) {
        case 0: return Rule(.maxAge(limit), action: .rotate, startBefore: start, overlap: overlap)
        case 1: return Rule(.unusedFor(limit), action: action, startBefore: start)
        case 2:
            let other = TimeSpan(seconds: max(1, span(upTo: 40)))
            let requirement = Requirement.expiry(
                required: isDrawn(50), maxLifetime: isDrawn(50) ? other : nil, maxRemaining: limit)
            guard isDrawn(50) else { return Rule(requirement, action: action) }
            return Rule(requirement, action: .setExpiry, newEnd: NewEnd(ahead: .days(3), spread: .days(4)))
        case 3:
            return Rule(
                .expiresWithin(limit), action: .rotate, startBefore: start, overlap: overlap, renewal: .days(90))
        case 4: return Rule(.owner(isDrawn(50) ? [] : [Glob(one(of: ["team-*", "*s", "ops"]))]), action: action)
        case 5: return Rule(one(of: [.description, .destination]), action: action)
        case 6:
            let deny = isDrawn(70) ? [Glob(one(of: ["*:admin", "db*", "é*"]))] : []
            return Rule(.scopes(deny: deny, max: isDrawn(60) ? below(4) : nil), action: action)
        case 7: return Rule(.name([Glob(one(of: ["svc-*", "svc*", "*7"])), Glob("Ä*")]), action: action)
        case 8:
            let addresses = isDrawn(70) ? below(6) + 1 : nil
            let within = TimeSpan.days(Int64(below(12) + 1))
            let agents = addresses == nil || isDrawn(40) ? below(3) + 1 : nil
            return Rule(.sources(addresses: addresses, agents: agents, within: within), action: action)
        default: return Rule(.name([Glob(one(of: ["svc-*", "s*", "app-*"]))]), action: action)
        }
    }
}
