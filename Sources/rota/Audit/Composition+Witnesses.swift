import Crypto
import Engine
import HTTPClient
import JSON
import RotaCore
import TransparencyLog
import Webhooks
import Witnesses

extension WitnessSettings {
    /// As `kind` has it in the configuration.
    var kindName: String {
        switch kind {
        case .webhook: "webhook"
        case .file: "file"
        case .vault: "vault"
        case .email: "email"
        }
    }

    /// Where it is, without what may be a credential.
    var shownPlace: String {
        switch kind {
        case .webhook(let webhook): webhook.shownURL
        case .file(let folder): folder
        case .vault(let destination): destination.description
        case .email(let mail): mail.to.joined(separator: " ")
        }
    }

    /// Whether it can be asked what it holds; of what others were sent, their people know.
    var canBeAsked: Bool {
        switch kind {
        case .file, .vault: true
        case .webhook, .email: false
        }
    }

    /// The vault that it needs.
    fileprivate var vault: String? { if case .vault(let destination) = kind { destination.vault } else { nil } }

    fileprivate func witness(
        _ vaults: [String: any Vault], _ client: () -> HTTPClient
    ) throws(Failure) -> any CheckpointWitness {
        switch kind {
        case .file(let folder): return FileWitness(name: name, folder: folder)
        case .vault(let destination):
            guard let vault = vaults[destination.vault] else {
                throw Failure("the vault '\(destination.vault)' is not configured")
            }
            return VaultWitness(name: name, vault: vault, destination: destination)
        case .webhook(let webhook):
            return WebhookWitness(
                name: name, transport: WebhookTransport(endpoints: [try webhook.resolved()]),
                endpoint: webhook.endpoint)
        case .email(let mail):
            return MailWitness(name: name, settings: try mail.resolved(for: name), client: client())
        }
    }
}

extension MailSettings {
    /// With its password.
    fileprivate func resolved(for witness: String) throws(Failure) -> MailWitness.Settings {
        var settings = MailWitness.Settings(host: host, port: port, security: security, from: from, to: to)
        settings.user = user
        settings.password = try password?.resolve(for: "witness '\(witness)': password")
        settings.certificateAuthorityFile = certificateAuthority
        return settings
    }
}

/// One that cannot be asked, since what it takes to reach it is missing: that is its failure alone.
private struct UnreadyWitness: CheckpointWitness {
    let name: String
    let kind: String
    let place: String
    let cause: WitnessError

    func held(of log: String) async throws(WitnessError) -> String? { throw cause }
    func take(_ checkpoint: OfferedCheckpoint, at now: Instant) async throws(WitnessError) { throw cause }
}

extension Composition {
    /// The configured witnesses, with what it takes to reach them.
    func witnesses(_ store: StoreQueue, _ vaults: [String: any Vault], by actor: AuditActor) -> TellWitnesses {
        let client = Locked<HTTPClient?>(nil)
        let charges = configuration.witnesses.map { settings in
            TellWitnesses.Charge(witness(settings, vaults, client), every: settings.interval)
        }
        #if DEBUG
            let given = Failpoint.chosenWitness()
        #else
            let given: @Sendable (String) -> Void = { _ in }
        #endif
        return TellWitnesses(store: store, charges: charges, clock: invocation.clock, actor: actor, given: given)
    }

    private func witness(
        _ settings: WitnessSettings, _ vaults: [String: any Vault], _ client: Locked<HTTPClient?>
    ) -> any CheckpointWitness {
        do throws(Failure) {
            // Servers of mail live on internal networks; one client, with its thread, serves them all.
            return try settings.witness(vaults) {
                client.withLock { client in
                    let made = client ?? HTTPClient(addressPolicy: .any)
                    client = made
                    return made
                }
            }
        } catch {
            return UnreadyWitness(
                name: settings.name, kind: settings.kindName, place: "unready", cause: WitnessError(error.message))
        }
    }

    /// Does something with the witnesses, and gives back afterwards what was obtained for their vaults.
    func withWitnesses<R>(
        _ store: StoreQueue, by actor: AuditActor, _ body: (TellWitnesses) async throws -> R
    ) async throws -> R {
        let needed = Set(configuration.witnesses.compactMap(\.vault))
        return try await withVaults(configuration.vaults.filter { needed.contains($0.name) }) { vaults in
            try await body(witnesses(store, vaults, by: actor))
        }
    }

    /// Gives the newest checkpoint to those whose turn it is, at the end of a command that may have signed one; what
    /// does not work is told, and tried again.
    func tellWitnesses(_ store: StoreQueue, within span: TimeSpan) async {
        guard configuration.auditKey != nil, !configuration.witnesses.isEmpty else { return }
        do {
            let results = try await withWitnesses(store, by: "rota") { witnesses in
                try await witnesses.tell(within: max(1, span.seconds) * 1000)
            }
            for result in results ?? [] {
                guard let cause = result.cause else { continue }
                invocation.output.warning(
                    "witness '\(result.name)' took no checkpoint of the audit log: \(printable(cause))")
            }
        } catch {
            invocation.output.warning("no witness was told: \(Failure(error).message)")
        }
    }

    /// The checkpoints that witnesses hold which can be asked; why one could not be is told.
    ///
    /// What was sent by mail or to a webhook only whoever got it has.
    ///
    /// - parameter keys: whose log it is; without any, that of the newest checkpoint here.
    func askedWitnesses(_ keys: [NoteKey]) async throws -> AskedWitnesses {
        let (newest, records) = try withStore { (try $0.newestCheckpoint(), try $0.witnesses()) }
        let log =
            newest.flatMap { GivenCheckpoint($0.note, source: "the store")?.checkpoint.origin } ?? keys.first?.name
        guard let log else {
            throw Failure("whose log it is nobody knows: nothing of it was signed yet", hint: "rota audit witness")
        }
        let needed = Set(configuration.witnesses.compactMap(\.vault))
        return try await withVaults(configuration.vaults.filter { needed.contains($0.name) }) { vaults in
            var asked = AskedWitnesses()
            let client = Locked<HTTPClient?>(nil)
            for settings in configuration.witnesses where settings.canBeAsked {
                let took = records.first { $0.name == settings.name }?.taken
                var answer = AskedWitnesses.Answer(name: settings.name, took: took)
                do throws(WitnessError) {
                    if let text = try await witness(settings, vaults, client).held(of: log) {
                        guard let given = GivenCheckpoint(text, source: "witness '\(settings.name)'") else {
                            throw WitnessError("what it holds is no checkpoint")
                        }
                        answer.holds = given.checkpoint.size
                        asked.held.append(given)
                    }
                } catch {
                    answer.cause = error.message
                    invocation.output.warning("witness '\(settings.name)' was not asked: \(printable(error.message))")
                }
                asked.answers.append(answer)
            }
            return asked
        }
    }
}

/// What witnesses said that were asked for what they hold.
struct AskedWitnesses: Sendable {
    struct Answer: Sendable {
        var name: String
        /// What it took last, by the store.
        var took: WitnessRecord.Taken?
        /// How many entries the newest checkpoint that it holds is of; nil where it holds none, or could not be asked.
        var holds: Int?
        /// Why it could not be asked.
        var cause: String?

        var json: JSON {
            [
                "name": .string(name), "holds": holds.map { .integer($0) } ?? .null,
                "took": took.map { .integer($0.size) } ?? .null,
                "cause": cause.map { .string($0) } ?? .null,
            ]
        }

        /// It holds less than it took.
        var loss: String? {
            guard cause == nil, let took, (holds ?? 0) < took.size else { return nil }
            let held = holds.map { "one of \($0)" } ?? "none"
            return "witness '\(name)' took the checkpoint of \(took.size) entries at \(took.at), and holds \(held) now"
        }
    }

    var held: [GivenCheckpoint] = []
    var answers: [Answer] = []

    /// - throws: where one has lost what it took, or none could be asked.
    func requireAll() throws(Failure) {
        let losses = answers.compactMap(\.loss)
        guard losses.isEmpty else {
            throw Failure(
                "a witness does not hold what it took", hint: "ask who keeps it; 'rota audit witness' gives it anew",
                details: losses)
        }
        guard answers.isEmpty || answers.contains(where: { $0.cause == nil }) else {
            throw Failure("no witness could be asked", hint: "the warnings say why", code: .partlyFailed)
        }
    }
}
