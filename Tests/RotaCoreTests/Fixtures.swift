import RotaCore

/// Noon of an ordinary day: what "now" is in these tests.
let now = Instant(seconds: 1_790_000_000)

let second = TimeSpan(seconds: 1)

func ago(_ span: TimeSpan) -> Instant { now - span }

/// A token of ours with one value, issued `age` ago.
func token(
    _ id: String = "tok_1", age: TimeSpan? = .days(1), oldest: TimeSpan? = nil,
    created: TimeSpan = .days(500),
    usage: Usage = .lastUsed(now), expiresIn: TimeSpan? = nil, rotationOpen: Bool = false,
    awaitingRetirement: Bool = false, issuer: Issuer = .rota, state: TokenState = .active,
    owner: String = "team-a",
    labels: [String: String] = ["env": "production"], scopes: [String] = ["export:read"],
    destinations: Int = 1
) -> Token {
    Token(
        id: TokenID(id), revision: 7, name: id, owner: owner, integration: "snowflake", scopes: scopes,
        labels: labels, issuer: issuer, state: state, createdAt: ago(created),
        expiresAt: expiresIn.map { now + $0 }, usage: usage,
        values: ValueSummary(
            currentIssuedAt: age.map(ago), oldestIssuedAt: (oldest ?? age).map(ago),
            rotationOpen: rotationOpen,
            awaitingRetirement: awaitingRetirement),
        destinationCount: destinations)
}

/// As if uses had been watched always.
func evaluate(_ rule: Rule, of token: Token, at now: Instant) -> Verdict {
    evaluate(rule, of: token, at: now, tracking: .unbroken)
}

extension Planner {
    /// Of a token that nobody was told of yet.
    func decide(_ token: Token, at now: Instant, destinations: () -> [Destination]) -> Decision {
        decide(token, at: now, notices: { [] }, destinations: destinations)
    }

    func decide(_ token: Token, in quarantine: Quarantine, at now: Instant, refused: () -> RefusedUses?) -> Decision {
        decide(token, in: quarantine, at: now, notices: { [] }, refused: refused)
    }
}
