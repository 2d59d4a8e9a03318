import Crypto
import Documents
import Engine
import JSON
import RotaCore
import Stores

extension Command {
    static let initialise = Command(
        words: ["init"],
        summary: "set up a configuration, a first policy, a store and an admin token",
        discussion: """
            Writes rota.yaml and Policies/baseline.yaml where there are none, makes the store that rota.yaml
            names, the folders of its directory vaults that no token has a place in, and an admin token, whose
            value is the last line of the output: it is shown this once.
            Nothing that exists is ever overwritten, so it does no harm to run it again. Where no token with the
            scope rota:admin is accepted any more, since the last one was revoked or has ended, it makes another.
            """,
        options: [Option("directory", "DIRECTORY", help: "where to set up; the working directory")],
        examples: [
            "rota init --directory /etc/rota", "rota init --directory /etc/rota --json | jq -r .value",
        ],
        exitCodes: [.done, .failed, .usage, .outcomeUnknown],
        run: setUp)
}

private func setUp(_ invocation: Invocation) throws -> ExitCode {
    guard !invocation.arguments.has("config") else {
        throw Failure.usage("init takes no --config", hint: "it writes rota.yaml into --directory DIRECTORY")
    }
    let folder = invocation.arguments.value("directory") ?? "."
    try makeDirectory(folder)
    var setup = Setup(invocation)
    try setup.write(StarterFiles.configuration, to: absolutePath("rota.yaml", in: folder))
    let configuration = try Configuration.read(absolutePath("rota.yaml", in: folder))
    // Only the layout that we write ourselves is filled: somebody else's policies are his.
    if configuration.policies == absolutePath("Policies", in: folder) {
        try makeDirectory(configuration.policies)
        try setup.write(StarterFiles.policy, to: absolutePath("baseline.yaml", in: configuration.policies))
    }
    let composition = Composition(invocation, configuration: configuration)
    try setup.makeStore(composition)
    let store = try composition.openStore()
    defer { store.close() }
    try setup.makeFolders(configuration, in: store)
    try setup.makeAuditKey(configuration, in: store)
    let admin = try makeAdminToken(in: store, composition)
    try setup.report(admin, identity: store.identity())
    return .done
}

/// A token that may do everything; nil when the store has one that is accepted.
private func makeAdminToken(in store: any Store, _ composition: Composition) throws -> IssuedToken? {
    var draft = TokenDraft(name: "admin")
    draft.description = "admin token, made by rota init"
    draft.owner = Process.userName()
    draft.scopes = ["rota:admin"]
    draft.prefix = composition.configuration.tokenPrefix
    let change = composition.change("init")
    draft.expiresAt = change.at + .days(365)
    return try store.transaction {
        guard try !hasAdminToken(store, at: change.at) else { return nil }
        // One that is past its end, or quarantined, keeps its name.
        var number = 1
        while let other = try store.token(named: draft.name), other.end == nil {
            number += 1
            draft.name = "admin-\(number)"
        }
        return try issueToken(draft, in: store, random: composition.invocation.random, change: change)
    }
}

private func hasAdminToken(_ store: any Store, at now: Instant) throws -> Bool {
    var found = false
    try store.eachToken(states: [.active]) { token in
        found = token.scopes.contains("rota:admin") && token.canAuthenticate(at: now)
        return !found
    }
    return found
}

/// What was made and what was there already.
private struct Setup {
    private let invocation: Invocation
    private var made: [String] = []
    private var kept: [String] = []

    init(_ invocation: Invocation) { self.invocation = invocation }

    /// Writes a file unless there is one.
    mutating func write(_ text: String, to path: String) throws(Failure) {
        guard kindOfFile(at: path) == nil else { return kept.append(path) }
        let file = try NewFile(at: path, suffix: Hex.encode(invocation.random.bytes(4)))
        try file.write(Array(text.utf8))
        try file.place(replacing: false)
        made.append(path)
    }

    mutating func makeStore(_ composition: Composition) throws {
        let location = composition.configuration.store
        let path = String(location.dropFirst("sqlite:".count))
        guard kindOfFile(at: path) == nil else { return kept.append(path) }
        let identity = StoreIdentity(
            instance: Hex.encode(invocation.random.bytes(16)), generation: 1,
            createdAt: invocation.clock.now())
        try createStore(at: location, identity: identity, change: composition.change("init"))
        made.append(path)
    }

    /// Those of directory vaults that nobody has used: where one is gone that tokens have places in, it is missed.
    mutating func makeFolders(_ configuration: Configuration, in store: any Store) throws {
        let used = try store.destinationCounts()
        for vault in configuration.vaults where used[vault.name] == nil {
            guard case .directory(let path) = vault.kind, kindOfFile(at: path) == nil else { continue }
            try makeDirectory(path)
            made.append(path)
        }
    }

    /// Where the configuration names a file for it that is not there, and nothing was signed yet by another one.
    mutating func makeAuditKey(_ configuration: Configuration, in store: any Store) throws {
        guard case .file(let path) = configuration.auditKey, kindOfFile(at: path) == nil,
            try store.checkpointKeys().isEmpty
        else { return }
        let signer = try CheckpointSigner.make(for: try store.identity(), invocation.random)
        made.append(
            try CheckpointSigner.write(
                signer, configuration, suffix: Hex.encode(invocation.random.bytes(4)), replacing: false))
    }

    func report(_ admin: IssuedToken?, identity: StoreIdentity) throws(Failure) {
        let output = invocation.output
        if invocation.wantsJSON {
            let now = invocation.clock.now()
            let document: [(String, JSON)] = [
                ("made", .array(made.map { .string($0) })), ("kept", .array(kept.map { .string($0) })),
                ("instance", .string(identity.instance)), ("generation", .integer(identity.generation)),
                ("token", admin.map { TokenDocument.json($0.token, at: now) } ?? .null),
            ]
            guard let value = admin?.value else {
                return output.document(.object(JSON.Object(document + [("value", .null)])))
            }
            let text = JSON.object(JSON.Object(document)).serialized().dropLast()
            return output.reveal(value, after: "\(text),\"value\":\"", before: "\"}\n")
        }
        for path in made { output.line("made  \(printable(path))") }
        for path in kept { output.line("kept  \(printable(path))") }
        guard let value = admin?.value else {
            return output.line("nothing is overwritten; there is an admin token already")
        }
        output.line("the admin token, which may do everything (rota:admin), shown this once:")
        output.reveal(value)
    }
}
