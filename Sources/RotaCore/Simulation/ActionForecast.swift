/// How many actions come on each day, unless somebody acts.
package struct ActionForecast: Sendable {
    /// One day of UTC.
    package struct Day: Hashable, Sendable {
        /// Its midnight.
        package var date: Instant
        package var actions: [Action: Int]
        /// Those of it that change something, which are all but notifications.
        package var total: Int
        /// The policies that have any, in their order.
        package var policies: [PolicyShare]
    }

    /// What one policy does of it.
    package struct PolicyShare: Hashable, Sendable {
        package var policy: String
        package var actions: [Action: Int]
        package var total: Int
    }

    /// A run whose plan would be refused.
    package struct Refusal: Hashable, Sendable {
        package var at: Instant
        /// With the numbers.
        package var sentence: String
    }

    package let from: Instant
    /// Not in it.
    package let until: Instant
    /// How many tokens were looked at.
    package private(set) var tokens = 0
    /// How many tokens have an action that cannot be taken.
    package private(set) var blocked: [BlockedReason: Int] = [:]
    /// In the order of time.
    package private(set) var refusals: [Refusal] = []
    private let policies: [Policy]
    /// By day, then policy, then action.
    private var counts: [Int]
    /// How many tokens each policy selects now.
    private var selected: [Int]
    /// Actions that change something, by the fire that they belong to and the policy.
    private var fires: [Instant: [Int]] = [:]

    init(of policies: [Policy], from start: Instant, days: Int) {
        from = start
        until = start.midnight + .days(Int64(days))
        self.policies = policies
        counts = [Int](repeating: 0, count: days * policies.count * Action.allCases.count)
        selected = [Int](repeating: 0, count: policies.count)
    }

    // MARK: - Counting

    mutating func count(_ rulings: [Planner.Ruling]) {
        tokens += 1
        var last = -1
        for ruling in rulings where ruling.policy != last {
            last = ruling.policy
            selected[last] += 1
        }
    }

    mutating func count(_ action: Action, of policy: Int, at now: Instant, fire: Instant) {
        let day = Int((now - from.midnight).seconds / 86_400)
        counts[place(day, policy, action)] += 1
        guard action != .notify else { return }
        fires[fire, default: [Int](repeating: 0, count: policies.count)][policy] += 1
    }

    mutating func countBlocked(_ reason: BlockedReason) { blocked[reason, default: 0] += 1 }

    private func place(_ day: Int, _ policy: Int, _ action: Action) -> Int {
        (day * policies.count + policy) * Action.allCases.count + (Action.allCases.firstIndex(of: action) ?? 0)
    }

    /// Holds every run against the limits, once all are counted.
    ///
    /// Shares are of the tokens as they are now; limits by owner and by vault are left out.
    mutating func hold(to limits: Limits) {
        for (fire, counts) in fires.sorted(by: { $0.key < $1.key }) {
            // Turns within a spread are one run here, of which no more is held than the pace takes.
            let effects = zip(counts, policies).map { min($0, $1.pace ?? .max) }
            var sentences = policies.indices.compactMap { place in
                LimitCheck(
                    LimitScope(policy: policies[place].name), ceiling: policies[place].limits.all,
                    actions: effects[place]
                ).refusal(total: selected[place])
            }
            let whole = LimitCheck(LimitScope(), ceiling: limits.all, actions: effects.reduce(0, +))
            if let sentence = whole.refusal(total: tokens) { sentences.append(sentence) }
            refusals += sentences.map { Refusal(at: fire, sentence: $0) }
        }
    }

    // MARK: - What came of it

    /// All of them, those without actions too.
    package var days: [Day] {
        let count = Int((until - from.midnight).seconds / 86_400)
        return (0..<count).map { day in
            let shares = policies.indices.map { policy in
                let actions = Action.allCases.map { ($0, counts[place(day, policy, $0)]) }.filter { $0.1 > 0 }
                return PolicyShare(policies[policy].name, actions)
            }
            return Day(date: from.midnight + .days(Int64(day)), of: shares.filter { !$0.actions.isEmpty })
        }
    }

    /// All days together.
    package var total: Day {
        let shares = policies.indices.map { policy in
            let days = 0..<Int((until - from.midnight).seconds / 86_400)
            let actions = Action.allCases.map { action in
                (action, days.reduce(0) { $0 + counts[place($1, policy, action)] })
            }
            return PolicyShare(policies[policy].name, actions.filter { $0.1 > 0 })
        }
        return Day(date: from.midnight, of: shares.filter { !$0.actions.isEmpty })
    }

    /// The day with the most actions that change something, the first of several; nil without any.
    package var worst: Day? {
        days.filter { $0.total > 0 }.max { ($0.total, $1.date) < ($1.total, $0.date) }
    }

    /// A day that has very much of what comes at all, with the policy that has most of it, and how many actions a day
    /// that one has on average; nil where none stands out.
    package var crowd: (day: Day, policy: String, average: Int)? {
        let all = total
        let count = days.count
        guard let worst, count >= 7, worst.total >= 20, worst.total * 5 >= all.total,
            worst.total * count > 5 * all.total,
            let busiest = worst.policies.max(by: { $0.total < $1.total }),
            let share = all.policies.first(where: { $0.policy == busiest.policy })
        else { return nil }
        return (worst, busiest.policy, (share.total + count - 1) / count)
    }
}

extension ActionForecast.Day {
    fileprivate init(date: Instant, of shares: [ActionForecast.PolicyShare]) {
        self.date = date
        policies = shares
        actions = shares.reduce(into: [:]) { $0.merge($1.actions, uniquingKeysWith: +) }
        total = shares.reduce(0) { $0 + $1.total }
    }
}

extension ActionForecast.PolicyShare {
    fileprivate init(_ policy: String, _ actions: [(Action, Int)]) {
        self.policy = policy
        self.actions = Dictionary(actions, uniquingKeysWith: +)
        total = actions.reduce(0) { $0 + ($1.0 == .notify ? 0 : $1.1) }
    }
}
