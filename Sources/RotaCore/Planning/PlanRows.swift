/// What a plan says of tokens, kept small: a plan may be about a million of them.
///
/// Names lie one after the other as bytes; what a rule says of every token is kept once; and a verdict that an action
/// and a violation share is one. All in all it is some two hundred bytes a token. ``PlannedActions`` and ``Violations``
/// show it, and put each of theirs together when it is asked for; a sentence is made when it is printed.
package struct PlanRows: Sendable {
    private static let pieceOfText = 64 << 10

    private var texts: [[UInt8]] = []
    private var tokens = PieceList<TokenRow>()
    private var verdicts = PieceList<Verdict>()
    private var calls = Interned<Call>()
    private var covers = Interned<[RuleReference]>()
    private var sources = Interned<Source>()
    private var actions = PieceList<ActionRow>()
    private var violations = PieceList<ViolationRow>()
    /// By the place of the action's row: few have any.
    private var refusedUses: [UInt32: RefusedUses] = [:]
    /// Likewise.
    private var early: [UInt32: Instant] = [:]
    /// By the place of the action's row: from when on those may be taken that wait for their notice.
    private var mayBegin: [UInt32: Instant] = [:]
    /// The actions in the order of the plan.
    private var order: [UInt32] = []

    package init() {}

    /// What the plan holds of a token.
    private struct TokenRow {
        var text: UInt32
        var start: UInt32
        /// Of id, name and owner, which follow each other.
        var lengths: (UInt32, UInt32, UInt32)
        var revision: Int64

        var id: Range<Int> { Int(start)..<Int(start + lengths.0) }
        var name: Range<Int> { id.upperBound..<id.upperBound + Int(lengths.1) }
        var owner: Range<Int> { name.upperBound..<name.upperBound + Int(lengths.2) }
    }

    private struct ActionRow {
        var token: UInt32
        var verdict: UInt32
        var call: UInt32
        var covers: UInt32
        var blocked: BlockedReason?
        var waiting = false
        var awaitsApproval = false
    }

    private struct ViolationRow {
        var token: UInt32
        var verdict: UInt32
        var source: UInt32
        var blocked: BlockedReason?
    }

    /// What an action has of its rule.
    private struct Call: Hashable {
        var policy: String
        var rule: String
        var action: Action
        var overlap: TimeSpan
        var cap: OverlapCap
    }

    /// What a violation has of its rule.
    private struct Source: Hashable {
        var policy: String
        var rule: String
        var mode: Mode
    }

    // MARK: - Filling

    /// Takes in what was decided about one token.
    package mutating func add(_ token: Token, _ decision: Planner.Decision, by policies: [Policy]) {
        let violating = decision.rulings.filter { $0.verdict.status == .violating }
        guard decision.action != nil || !violating.isEmpty else { return }
        let place = addToken(id: token.id.text, name: token.name, owner: token.owner, revision: token.revision)
        var shared: (verdict: Verdict, place: UInt32)?
        if let action = decision.action { shared = (action.verdict, add(action, of: place)) }
        for ruling in violating {
            let policy = policies[ruling.policy]
            let rule = policy.rules[ruling.rule].name
            let verdict = shared?.verdict == ruling.verdict ? shared?.place : nil
            let cure = decision.action.flatMap { $0.cures(rule, of: policy.name) ? $0 : nil }
            violations.append(
                ViolationRow(
                    token: place, verdict: verdict ?? addVerdict(ruling.verdict),
                    source: sources.place(of: Source(policy: policy.name, rule: rule, mode: policy.mode)),
                    blocked: cure?.blocked))
        }
    }

    /// Takes in an action alone.
    package mutating func add(_ action: PlannedAction) {
        let token = addToken(
            id: action.tokenID.text, name: action.name, owner: action.owner, revision: action.revision)
        _ = add(action, of: token)
    }

    /// Returns the place of its verdict.
    private mutating func add(_ action: PlannedAction, of token: UInt32) -> UInt32 {
        let verdict = addVerdict(action.verdict)
        let call = Call(
            policy: action.policy, rule: action.rule, action: action.action, overlap: action.overlap, cap: action.cap)
        order.append(UInt32(actions.count))
        if let refused = action.refused { refusedUses[UInt32(actions.count)] = refused }
        if let next = action.early { early[UInt32(actions.count)] = next }
        if let begins = action.mayBegin { mayBegin[UInt32(actions.count)] = begins }
        actions.append(
            ActionRow(
                token: token, verdict: verdict, call: calls.place(of: call), covers: covers.place(of: action.covers),
                blocked: action.blocked, waiting: action.waiting, awaitsApproval: action.awaitsApproval))
        return verdict
    }

    private mutating func addVerdict(_ verdict: Verdict) -> UInt32 {
        verdicts.append(verdict)
        return UInt32(verdicts.count - 1)
    }

    private mutating func addToken(id: String, name: String, owner: String, revision: Int64) -> UInt32 {
        let lengths = (UInt32(id.utf8.count), UInt32(name.utf8.count), UInt32(owner.utf8.count))
        let length = Int(lengths.0 + lengths.1 + lengths.2)
        // A text lies in one piece: one that does not fit begins the next.
        if texts.last.map({ $0.count + length > Self.pieceOfText }) ?? true {
            var piece: [UInt8] = []
            piece.reserveCapacity(max(length, Self.pieceOfText))
            texts.append(piece)
        }
        let text = texts.count - 1
        let row = TokenRow(
            text: UInt32(text), start: UInt32(texts[text].count), lengths: lengths, revision: revision)
        for part in [id, name, owner] { texts[text].append(contentsOf: part.utf8) }
        tokens.append(row)
        return UInt32(tokens.count - 1)
    }

    // MARK: - The order of a plan

    /// Oldest deadline first, none last; then by token.
    package mutating func sort() {
        var sorted = order
        sorted.sort { left, right in
            let (one, other) = (actions[Int(left)], actions[Int(right)])
            let (first, second) = (verdicts[Int(one.verdict)].deadline, verdicts[Int(other.verdict)].deadline)
            return first == second ? isEarlierToken(one.token, than: other.token) : first.precedes(second)
        }
        order = sorted
    }

    /// The places of the actions in the plan, by the ids of their tokens.
    func placesByToken() -> [Int] {
        order.indices.sorted { left, right in
            isEarlierToken(actions[Int(order[left])].token, than: actions[Int(order[right])].token)
        }
    }

    private func isEarlierToken(_ one: UInt32, than other: UInt32) -> Bool {
        let (left, right) = (tokens[Int(one)], tokens[Int(other)])
        return texts[Int(left.text)][left.id].lexicographicallyPrecedes(texts[Int(right.text)][right.id])
    }

    // MARK: - Reading

    var actionCount: Int { order.count }

    func action(_ place: Int) -> PlannedAction {
        let row = actions[Int(order[place])]
        let token = tokens[Int(row.token)]
        let call = calls[row.call]
        return PlannedAction(
            tokenID: TokenID(text(of: token, token.id)), name: text(of: token, token.name),
            owner: text(of: token, token.owner), revision: token.revision, action: call.action, policy: call.policy,
            rule: call.rule, verdict: verdicts[Int(row.verdict)], overlap: call.overlap, cap: call.cap,
            blocked: row.blocked, waiting: row.waiting, mayBegin: mayBegin[order[place]],
            awaitsApproval: row.awaitsApproval, covers: covers[row.covers], refused: refusedUses[order[place]],
            early: early[order[place]])
    }

    /// Lets an action wait for a later run.
    mutating func hold(_ place: Int) { actions[Int(order[place])].waiting = true }

    /// Lets an action wait for an approval.
    mutating func holdForApproval(_ place: Int) {
        actions[Int(order[place])].waiting = true
        actions[Int(order[place])].awaitsApproval = true
    }

    /// Whether an action is taken and changes something, and whose it is, without a look at its token.
    func effect(_ place: Int) -> (takesEffect: Bool, policy: String) {
        let row = actions[Int(order[place])]
        let call = calls[row.call]
        return (row.blocked == nil && !row.waiting && call.action != .notify, call.policy)
    }

    func awaitsApproval(_ place: Int) -> Bool { actions[Int(order[place])].awaitsApproval }

    var violationCount: Int { violations.count }

    func violation(_ place: Int) -> Violation {
        let row = violations[place]
        let token = tokens[Int(row.token)]
        let source = sources[row.source]
        return Violation(
            tokenID: TokenID(text(of: token, token.id)), name: text(of: token, token.name), policy: source.policy,
            rule: source.rule, verdict: verdicts[Int(row.verdict)], mode: source.mode, blocked: row.blocked)
    }

    private func text(of token: TokenRow, _ range: Range<Int>) -> String {
        String(decoding: texts[Int(token.text)][range], as: UTF8.self)
    }
}

extension PlannedAction {
    /// Whether it is the action of a rule, or covers it.
    fileprivate func cures(_ rule: String, of policy: String) -> Bool {
        (self.policy, self.rule) == (policy, rule) || covers.contains { $0.policy == policy && $0.rule == rule }
    }
}
