import Crypto
import Documents
import Engine
import JSON
import RotaCore

extension Command {
    static let vaultAdopt = Command(
        words: ["vault", "adopt"],
        summary: "take over what destinations hold already, so that a rotation may replace it",
        discussion: """
            Reads what each destination of a token holds and records its SHA-256, never the value. From then on a
            rotation writes over that value, and over no other: one that changes later is a conflict again. A
            value of another token is never adopted. On a terminal it asks; else it needs --yes.
            """,
        operand: Operand(name: "TOKEN", help: "a name or an id; else --all", count: .optional),
        options: [
            Option("all", help: "the destinations of all live tokens that rota issues"),
            Option("vault", "NAME", help: "only destinations in this vault"),
            Option("dry-run", help: "show what would be adopted, and record nothing"),
            Option("yes", help: "do not ask"),
        ],
        examples: ["rota vault adopt ingest --dry-run", "rota vault adopt --all --vault main --yes"],
        exitCodes: [.done, .failed, .usage, .refused, .partlyFailed, .outcomeUnknown],
        run: adoptDestinations)
}

private func adoptDestinations(_ invocation: Invocation) async throws -> ExitCode {
    let arguments = invocation.arguments
    let name = arguments.operands.first
    guard (name != nil) != arguments.has("all") else {
        throw Failure.usage("expected a TOKEN or --all", hint: "see 'rota vault adopt --help'")
    }
    guard arguments.has("dry-run") || arguments.has("yes") || invocation.mayAsk else {
        throw Failure.nobodyToAsk(hint: "look first with --dry-run, then give --yes")
    }
    let composition = try Composition(invocation)
    let vault = try arguments.value("vault").map { try composition.configuration.vaults(named: $0) }
    let store = try composition.openQueue()
    let tokens = try await store.read { try $0.adoptable(name) }
    let places = try await composition.withVaults(vault) { vaults in
        try await survey(tokens, in: arguments.value("vault"), store, vaults, invocation.output)
    }
    let isDry = arguments.has("dry-run")
    let adoption = Adoption(places: places, isDry: isDry)
    if !invocation.wantsJSON { adoption.show(on: invocation.output, all: name != nil) }
    let outcomes = try await adoption.carryOut(store, invocation)
    if invocation.wantsJSON { invocation.output.document(adoption.json(outcomes)) }
    let isWhole = outcomes.allSatisfy { $0 == .adopted || $0 == .nothingToDo }
    return isWhole ? .done : .partlyFailed
}

/// All places, by the names of their tokens.
private func survey(
    _ tokens: [TokenID], in vault: String?, _ store: StoreQueue, _ vaults: [String: any Vault], _ output: Output
) async throws -> [SurveyedPlace] {
    let found = Locked<[SurveyedPlace]>([])
    let total = try await store.read { try $0.countPlaces(of: tokens, in: vault) }
    let progress = Progress(on: output)
    try await DestinationSurvey(store: store, vaults: vaults).look(at: tokens, in: vault) { place in
        let count = found.withLock { places in
            places.append(place)
            return places.count
        }
        progress.show("reading", done: count, of: total, "destinations")
    }
    return found.withLock { places in
        places.sorted { ($0.token.name, $0.destination.id) < ($1.token.name, $1.destination.id) }
    }
}

private struct Adoption {
    let places: [SurveyedPlace]
    let isDry: Bool

    private var adoptable: Int { places.count { AdoptUseCase.outlook($0) == .adopted } }

    func show(on output: Output, all: Bool) {
        var table = Table(["token", "destination", "holds", "outcome"], on: output)
        for place in places where all || AdoptUseCase.outlook(place) != .nothingToDo {
            table.add([
                place.token.name, place.destination.description, place.content.words,
                AdoptUseCase.outlook(place).words,
            ])
        }
        table.finish()
        if places.contains(where: { AdoptUseCase.outlook($0) == .refused }) {
            output.remark(
                "a value of another token that is accepted is not taken over: take it away there, or give one of "
                    + "the two another place ('rota token edit')")
        }
        let others = places.count - adoptable
        output.line(
            "\(counted(adoptable, "value")) to adopt, "
                + "\(counted(others, "other destination")) of \(counted(Set(places.map(\.token.id)).count, "token"))")
    }

    /// Asks where that is to be done, and records. What is refused or cannot be read stays as it is.
    func carryOut(_ store: StoreQueue, _ invocation: Invocation) async throws -> [AdoptUseCase.Outcome] {
        guard !isDry, adoptable > 0 else { return places.map(AdoptUseCase.outlook) }
        if !invocation.arguments.has("yes") {
            let question = "adopt \(counted(adoptable, "value")), so that rotations may write over them? [y/N] "
            guard Terminal.confirm(question) else { throw Failure("nothing was adopted") }
        }
        let outcomes = try await AdoptUseCase(store: store, clock: invocation.clock)
            .adopt(places, actor: invocation.actor, cause: "vault adopt")
        guard !invocation.wantsJSON else { return outcomes }
        invocation.output.line("\(counted(outcomes.count { $0 == .adopted }, "value")) adopted")
        for (place, outcome) in zip(places, outcomes) where outcome == .overtaken {
            invocation.output.warning("\(printable("\(place.destination)")): \(outcome.words)")
        }
        return outcomes
    }

    func json(_ outcomes: [AdoptUseCase.Outcome]) -> JSON {
        [
            "dry_run": .bool(isDry),
            "places": .array(
                zip(places, outcomes).map { place, outcome in
                    [
                        "token_id": .string(place.token.id.text), "name": .string(place.token.name),
                        "destination": .string(place.destination.description),
                        "holds": .string(place.content.word), "detail": .string(place.content.words),
                        "outcome": .string(outcome.rawValue),
                    ]
                }),
            "totals": .object(
                JSON.Object(
                    AdoptUseCase.Outcome.allCases.map { outcome in
                        (
                            outcome.rawValue.replacing("-", with: "_"),
                            .integer(outcomes.count { $0 == outcome })
                        )
                    })),
        ]
    }
}

extension Store {
    /// Those whose destinations may be taken over: of all, the ones that rota issues.
    fileprivate func adoptable(_ name: String?) throws -> [TokenID] {
        if let name {
            let token = try requireToken(name)
            guard token.issuer == .rota else {
                throw Failure.usage(
                    "token '\(token.name)' is issued by \(token.issuer)",
                    hint: "rota never writes over its value, so there is nothing to take over")
            }
        }
        return try liveTokens(named: name, issuedByUs: true)
    }
}

extension AdoptUseCase.Outcome {
    fileprivate var words: String {
        switch self {
        case .adopted: "adopt"
        case .nothingToDo: "nothing to do"
        case .refused: "refused: it is accepted"
        case .unreadable: "cannot be read"
        case .overtaken: "it has changed meanwhile; look again"
        }
    }
}

extension PlaceContent {
    /// For scripts.
    fileprivate var word: String {
        switch self {
        case .empty: "empty"
        case .version: "own"
        case .adopted: "adopted"
        case .otherToken: "other-token"
        case .ended: "ended"
        case .unknown: "unknown"
        case .writeOnly: "write-only"
        case .unreadable: "unreadable"
        }
    }

    /// For people.
    fileprivate var words: String {
        switch self {
        case .empty: "nothing"
        case .version(let number, let state): "its version \(number) (\(state.rawValue))"
        case .adopted: "the value that was adopted"
        case .otherToken(let name): "a value of the token '\(name)'"
        case .ended(let name, _): "an ended value of the token '\(name)'"
        case .unknown: "a value that rota does not know"
        case .writeOnly: "what nobody can read"
        case .unreadable(let cause): cause
        }
    }
}
