package import RotaCore

/// What is otherwise than in an earlier report. Its size does not depend on how many tokens there are.
package struct ReportComparison: Sendable {
    /// How something that is not as it was has changed.
    package enum Change: String, Sendable, CaseIterable {
        /// It was kept, or not known, and is broken now.
        case worsened
        /// A token that the earlier report does not have breaks it.
        case arrived
        /// It was broken and is kept now.
        case mended
        /// It was broken and is waived now.
        case waived
        /// It was broken, and is not known now.
        case unknown
        /// It was broken, and is not asked of the token any more: it ended, or no policy asks.
        case gone
    }

    /// One rule over one token.
    package struct Entry: Hashable, Sendable {
        package var tokenID: TokenID
        package var name: String
        package var rule: RuleReference
        package var message: String
    }

    package static let mostListed = 100

    package var earlier: EarlierReport.Facts
    package var hasSamePolicies: Bool
    /// Verdicts, as they were.
    package var before = StatusCounts()
    package var now = StatusCounts()
    package var counts: [Change: Int] = [:]
    /// The first of each.
    package var listed: [Change: [Entry]] = [:]
    package var stillViolating = 0
    /// Tokens under policy.
    package var tokensBefore = 0
    package var tokensNow = 0
    package var newTokens = 0
    /// The names of the first.
    package var newListed: [String] = []
    package var goneTokens: Int { tokensBefore - (tokensNow - newTokens) }
}

/// Holds verdicts against those of an earlier report. It takes some six bytes for each token, and eight for each
/// violation, of the earlier one.
struct ComparedVerdicts {
    private let earlier: EarlierReport
    private var tokens = FingerprintSet()
    private var fates = ViolationFates()
    private var result: ReportComparison

    /// Reads the earlier report.
    init(_ earlier: EarlierReport, with facts: ReportFacts) throws {
        self.earlier = earlier
        var before = StatusCounts()
        var count = 0
        var tokens = FingerprintSet()
        var fates = ViolationFates()
        let read = try earlier.read { row in
            before.add(row.status)
            if tokens.insert(Self.hash(row.tokenID)) { count += 1 }
            if row.status == .violating { fates.insert(Self.hash(row.tokenID, row.rule)) }
        }
        fates.settle()
        try Self.require(read, comparableWith: facts)
        self.tokens = tokens
        self.fates = fates
        result = ReportComparison(
            earlier: read, hasSamePolicies: read.policiesDigest == facts.policies.digest, before: before,
            tokensBefore: count)
    }

    private static func require(_ earlier: EarlierReport.Facts, comparableWith facts: ReportFacts) throws {
        guard earlier.isRedacted == facts.isRedacted else {
            throw IncomparableReports(
                description: earlier.isRedacted
                    ? "the earlier report is redacted, and this one is not"
                    : "this report is redacted, and the earlier one is not")
        }
        guard earlier.instance == facts.store.instance else {
            throw IncomparableReports(description: "the earlier report is of another store, \(earlier.instance)")
        }
        guard earlier.owner == facts.owner else {
            let whose = earlier.owner.map { "the owner '\($0)'" } ?? "all owners"
            throw IncomparableReports(description: "the earlier report is of \(whose)")
        }
    }

    /// - parameter rulings: none for a token that is not judged.
    mutating func add(_ token: Token, _ rulings: [Planner.Ruling], of policies: [Policy]) {
        guard !rulings.isEmpty else { return }
        let isNew = !tokens.contains(Self.hash(token.id))
        result.tokensNow += 1
        if isNew {
            result.newTokens += 1
            if result.newListed.count < ReportComparison.mostListed { result.newListed.append(token.name) }
        }
        for ruling in rulings {
            let policy = policies[ruling.policy]
            let rule = RuleReference(policy: policy.name, rule: policy.rules[ruling.rule].name)
            result.now.add(ruling.verdict.status)
            // Nearly all are compliant, and were.
            if ruling.verdict.status == .compliant, fates.isEmpty { continue }
            let isEarlier = fates.meet(
                Self.hash(token.id, rule), ViolationFates.Fate(ruling.verdict.status))
            if !isEarlier, ruling.verdict.status == .violating {
                list(
                    isNew ? .arrived : .worsened,
                    ReportComparison.Entry(
                        tokenID: token.id, name: token.name, rule: rule, message: ruling.verdict.reason.message))
            }
        }
    }

    private mutating func list(_ change: ReportComparison.Change, _ entry: ReportComparison.Entry) {
        result.counts[change, default: 0] += 1
        if result.listed[change, default: []].count < ReportComparison.mostListed {
            result.listed[change, default: []].append(entry)
        }
    }

    /// Reads the earlier report again, to name what is not violating any more.
    mutating func finish() throws -> ReportComparison {
        let (earlier, fates) = (earlier, fates)
        _ = try earlier.read { row in
            guard row.status == .violating, let fate = fates.fate(of: Self.hash(row.tokenID, row.rule)) else { return }
            guard let change = Self.change(fate) else {
                result.stillViolating += 1
                return
            }
            list(
                change,
                ReportComparison.Entry(tokenID: row.tokenID, name: row.name, rule: row.rule, message: row.message))
        }
        return result
    }

    private static func hash(_ id: TokenID) -> UInt64 { UInt64(bitPattern: Int64(id.hashValue)) }

    private static func hash(_ id: TokenID, _ rule: RuleReference) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(id)
        hasher.combine(rule.policy)
        hasher.combine(rule.rule)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }

    /// Nil: it is as it was.
    private static func change(_ fate: ViolationFates.Fate) -> ReportComparison.Change? {
        switch fate {
        case .gone: .gone
        case .still: nil
        case .mended: .mended
        case .waived: .waived
        case .unknown: .unknown
        }
    }
}
