import CEL

/// What has to hold of a token besides `match`: an expression of the Common Expression Language.
///
/// Pure: the same token and instant, the same answer. One that errs decides nothing about the token, so that nothing is
/// done to it.
package struct Condition: Hashable, Sendable, CustomStringConvertible {
    /// As it is written in the policy.
    package let source: String
    private let program: Program

    /// Steps that one evaluation may take.
    private static let costLimit = 100_000

    /// Seconds that a zone is ahead of UTC, at an instant in seconds since 1970; nil for a zone that there is not.
    package typealias Zones = @Sendable (_ name: String) -> Zone?

    /// - parameter zones: by their names, for `now.getHours("Europe/London")`.
    /// - throws: `ConditionFault` with the place in the source.
    package init(_ source: String, zones: @escaping Zones = { $0 == "UTC" ? .utc : nil }) throws(ConditionFault) {
        let environment = Environment(
            variables: TokenField.allCases.map { Environment.Variable($0.rawValue, $0.type) },
            zone: { name in Self.offsets(of: zones(name)) })
        do throws(ProgramError) {
            program = try Program(source, environment: environment)
        } catch {
            throw ConditionFault(line: error.line, column: error.column, message: error.message, hint: error.hint)
        }
        self.source = source
    }

    private static func offsets(of zone: Zone?) -> Environment.ZoneOffset? {
        guard let zone else { return nil }
        return { zone.offset(at: $0) }
    }

    package var description: String { source }

    package static func == (left: Condition, right: Condition) -> Bool { left.source == right.source }
    package func hash(into hasher: inout Hasher) { hasher.combine(source) }

    /// Whether it looks at this of a token.
    package func asks(for field: TokenField) -> Bool {
        TokenField.allCases.firstIndex(of: field).map(program.slots.contains) ?? false
    }

    /// Something that a token may not have, and that is read without `has()`: then it errs.
    package struct Unasked: Hashable, Sendable {
        package var field: TokenField
        /// Both from 1, within the condition.
        package var line: Int
        package var column: Int
    }

    /// Each field of this kind, where it is first read. One that is asked for anywhere in the condition is none.
    package var unasked: [Unasked] {
        program.unaskedReads.compactMap { read in
            let field = TokenField.allCases[read.slot]
            return field.mayBeAbsent ? Unasked(field: field, line: read.line, column: read.column) : nil
        }
    }

    /// What it comes to.
    package enum Answer: Hashable, Sendable {
        case holds, fails
        case errs(ConditionError)
    }

    /// - parameter idle: the idle clock of the token at `now`; nil where its use is not known.
    package func answer(for token: Token, at now: Instant, idle: IdleClock?) -> Answer {
        switch decide(token, at: now, idle: idle) {
        case .success(true): .holds
        case .success(false): .fails
        case .failure(let error): .errs(ConditionError(error.reason))
        }
    }

    /// Why it errs, with the place in it: `1:18: 'token.expires_at' has no value`; nil where it does not.
    package func complaint(about token: Token, at now: Instant, idle: IdleClock?) -> String? {
        guard case .failure(let error) = decide(token, at: now, idle: idle) else { return nil }
        return error.description
    }

    private func decide(_ token: Token, at now: Instant, idle: IdleClock?) -> Result<Bool, EvaluationError> {
        program.decide(TokenFacts(token: token, now: now, idle: idle), costLimit: Self.costLimit)
    }
}

/// Why a text is no condition.
package struct ConditionFault: Error, Hashable, Sendable {
    /// Both from 1, within the condition.
    package var line: Int
    package var column: Int
    package var message: String
    package var hint: String?
}

/// Why a condition came to nothing, as plain data: it is part of a verdict.
package enum ConditionError: Hashable, Sendable {
    case absent(TokenField)
    case noSuchKey, indexOutOfRange, wrongType, overflow, divisionByZero, invalid, tooCostly

    init(_ reason: EvaluationError.Reason) {
        self =
            switch reason {
            case .absent(let name): TokenField(rawValue: name).map(Self.absent) ?? .noSuchKey
            case .noSuchKey, .duplicateKey: .noSuchKey
            case .indexOutOfRange: .indexOutOfRange
            case .noOverload: .wrongType
            case .overflow: .overflow
            case .divisionByZero: .divisionByZero
            case .invalid: .invalid
            case .costExceeded: .tooCostly
            }
    }

    /// A phrase.
    package var message: String {
        switch self {
        case .absent(let field): "the token has no '\(field.rawValue)', which has() tells before"
        case .noSuchKey: "it reads a key that is not there, which has() or 'in' tells before"
        case .indexOutOfRange: "it reads an element that is not there"
        case .wrongType: "it does something with a value of another type"
        case .overflow: "a result is out of range"
        case .divisionByZero: "it divides by zero"
        case .invalid: "a text is not what a function needs"
        case .tooCostly: "it takes too many steps"
        }
    }
}

/// What a condition may name.
package enum TokenField: String, Sendable, CaseIterable {
    case now
    case name = "token.name"
    case description = "token.description"
    case owner = "token.owner"
    case integration = "token.integration"
    case issuer = "token.issuer"
    case scopes = "token.scopes"
    case labels = "token.labels"
    /// How many there are.
    case destinations = "token.destinations"
    case createdAt = "token.created_at"
    /// Of the current value; absent where it is not known, or there is none.
    case valueIssuedAt = "token.value_issued_at"
    /// Of the oldest value that authenticates, as `max-age` counts; absent likewise.
    case age = "token.age"
    /// Absent where it was never used, or its use is not known.
    case lastUsedAt = "token.last_used_at"
    /// As `unused-for` counts; absent where its use is not known.
    case idle = "token.idle"
    /// Absent where it has no end.
    case expiresAt = "token.expires_at"

    /// Whether a token may be without it.
    var mayBeAbsent: Bool {
        switch self {
        case .valueIssuedAt, .age, .lastUsedAt, .idle, .expiresAt: true
        case .now, .name, .description, .owner, .integration, .issuer, .scopes, .labels, .destinations, .createdAt:
            false
        }
    }

    var type: ValueType {
        switch self {
        case .name, .description, .owner, .integration, .issuer: .string
        case .scopes: .list(.string)
        case .labels: .map(.string, .string)
        case .destinations: .int
        case .now, .createdAt, .valueIssuedAt, .lastUsedAt, .expiresAt: .timestamp
        case .age, .idle: .duration
        }
    }
}

/// A token at an instant, as a condition sees it.
private struct TokenFacts: Variables {
    private static let fields = TokenField.allCases

    let token: Token
    let now: Instant
    let idle: IdleClock?

    func value(of slot: Int) -> Value? {
        switch Self.fields[slot] {
        case .now: .instant(seconds: now.seconds)
        case .name: .string(token.name)
        case .description: .string(token.description)
        case .owner: .string(token.owner)
        case .integration: .string(token.integration)
        case .issuer: .string(token.issuer.description)
        case .scopes: .list(of: token.scopes)
        case .labels: .map(of: token.labels)
        case .destinations: .int(Int64(token.destinationCount))
        case .createdAt: .instant(seconds: token.createdAt.seconds)
        case .valueIssuedAt: token.values.currentIssuedAt.map { .instant(seconds: $0.seconds) }
        case .age: token.values.oldestIssuedAt.map { .span(seconds: max(0, (now - $0).seconds)) }
        case .lastUsedAt: if case .lastUsed(let at) = token.usage { .instant(seconds: at.seconds) } else { nil }
        case .idle: (idle?.idleness.time).map { .span(seconds: $0.seconds) }
        case .expiresAt: token.expiresAt.map { .instant(seconds: $0.seconds) }
        }
    }
}
