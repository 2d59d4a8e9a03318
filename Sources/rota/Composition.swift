import Engine
import Glibc
import HTTPClient
import RotaCore
import Stores
import Vaults
import Webhooks

/// Puts the parts together that a configuration names.
struct Composition: Sendable {
    let configuration: Configuration
    let invocation: Invocation

    init(_ invocation: Invocation) throws(Failure) {
        self.invocation = invocation
        if let surroundings = invocation.surroundings {
            configuration = surroundings.configuration
            return
        }
        try Process.requireFiles()
        configuration = try Configuration.load(invocation.arguments)
    }

    init(_ invocation: Invocation, configuration: Configuration) {
        self.invocation = invocation
        self.configuration = configuration
    }

    /// The store, on the calling thread.
    func openStore(_ patience: StorePatience = StorePatience(), checking: Bool = false) throws -> any Store {
        let store = try Stores.openStore(
            at: configuration.store, endpoints: configuration.webhooks.map(\.endpoint), patience: patience,
            checking: checking)
        store.followCalendar(configuration.freezeCalendar)
        return store
    }

    /// For what a person does in an emergency: to wait serves him better than to be refused, once he knows for what.
    var urgentPatience: StorePatience {
        let output = invocation.output
        return StorePatience(seconds: 600) {
            output.warning(
                "another process is writing to the store, as a large import does; this waits up to ten minutes until "
                    + "it has finished, and nothing is done before that")
        }
    }

    /// The store; nil where none was made yet.
    func openExistingStore() throws -> (any Store)? {
        guard kindOfFile(at: String(configuration.store.trimmingPrefix("sqlite:"))) != nil else { return nil }
        return try openStore()
    }

    /// The store behind its own thread, open until the command has ended; after a COMMIT of unknown outcome
    /// the process ends (I11).
    ///
    func openQueue(_ patience: StorePatience = StorePatience()) throws -> StoreQueue {
        if let surroundings = invocation.surroundings { return surroundings.queue }
        let queue = StoreQueue(try openStore(patience)) { abandon(Failure($0)) }
        invocation.endings.add { await queue.close() }
        return queue
    }

    /// The same for who answers others meanwhile: its thread gives way. Refuses a store that is damaged anywhere.
    func openServedQueue(_ patience: StorePatience) throws -> StoreQueue {
        let thread = CourteousQueue("rota.store")
        let queue = StoreQueue(try openStore(patience, checking: true), on: thread.async) { abandon(Failure($0)) }
        invocation.endings.add { await queue.close() }
        return queue
    }

    /// Ends the process, since nobody knows any more what the store holds (I11).
    func abandon(_ failure: Failure) {
        invocation.output.failure(failure)
        _exit(ExitCode.outcomeUnknown.rawValue)
    }

    /// The vaults by name, with their credentials.
    func vaults(_ chosen: [VaultSettings]) throws -> [String: any Vault] {
        var vaults: [String: any Vault] = [:]
        // Vaults live on internal networks; one client, with its thread, serves them all.
        let client = HTTPClient(addressPolicy: .any)
        for settings in chosen {
            do throws(Failure) {
                vaults[settings.name] = try settings.vault(client: client, clock: invocation.clock)
            } catch {
                throw error.about("vault '\(settings.name)'")
            }
        }
        return vaults
    }

    /// Runs `body` with the vaults, and gives back afterwards what was obtained for them, whatever happens.
    ///
    /// - parameter chosen: nil: all that are configured.
    func withVaults<R>(
        _ chosen: [VaultSettings]? = nil, _ body: ([String: any Vault]) async throws -> R
    ) async throws -> R {
        if let surroundings = invocation.surroundings {
            let names = chosen.map { Set($0.map(\.name)) }
            return try await body(surroundings.vaults.filter { names?.contains($0.key) ?? true })
        }
        let vaults = try vaults(chosen ?? configuration.vaults)
        let result: Result<R, any Error>
        do {
            result = .success(try await body(vaults))
        } catch {
            result = .failure(error)
        }
        await Self.close(vaults)
        return try result.get()
    }

    /// Gives back what was obtained for the vaults.
    static func close(_ vaults: [String: any Vault]) async {
        await withTaskGroup { group in
            for vault in vaults.values {
                group.addTask { await vault.close() }
            }
        }
    }

    func rotator(
        _ store: StoreQueue, _ vaults: [String: any Vault], stop: StopSignal = StopSignal()
    ) -> Rotator {
        #if DEBUG
            let reached = Failpoint.chosen()
        #else
            let reached: @Sendable (RotationStep) -> Void = { _ in }
        #endif
        let rate = RotationRate(
            perSecond: configuration.rotationsPerSecond, clock: invocation.clock,
            nanoseconds: SystemClock.nanoseconds)
        return Rotator(
            store: store, vaults: vaults, clock: invocation.clock, random: invocation.random, stop: stop, rate: rate,
            reached: reached)
    }

    func deliverer(_ store: StoreQueue) throws -> Deliverer {
        let endpoints = try configuration.webhooks.map { try $0.resolved() }
        return Deliverer(
            store: store, transport: WebhookTransport(endpoints: endpoints), clock: invocation.clock,
            random: invocation.random)
    }

    func change(_ cause: String) -> Change {
        Change(actor: invocation.actor, at: invocation.clock.now(), cause: cause)
    }
}

extension VaultSettings {
    /// With its credential, to write to it.
    func vault(client: HTTPClient, clock: SystemClock) throws(Failure) -> any Vault {
        switch kind {
        case .directory(let path): DirectoryVault(name: name, root: path)
        case .keyValue2(let settings): try settings.vault(named: name, client: client, clock: clock)
        case .awsSecretsManager(let settings): try settings.vault(named: name, client: client, clock: clock)
        case .http(let settings): try settings.vault(client: client, clock: clock)
        }
    }
}

extension WebhookSettings {
    /// What the engine knows of it: no secret.
    var endpoint: Endpoint {
        Endpoint(
            name: name, events: events.map { Glob($0) }, retries: retries ?? Endpoint.standardRetries,
            place: Endpoint.place(at: url))
    }

    /// With its secrets, to send to it.
    func resolved() throws(Failure) -> WebhookEndpoint {
        var keys: [WebhookSecret] = []
        for reference in secrets {
            let text = try reference.resolve(for: "webhook '\(name)': secret")
            do throws(WebhookSecretFault) {
                keys.append(try WebhookSecret(text))
            } catch {
                throw .usage("webhook '\(name)': \(reference): \(error.description)", hint: error.hint)
            }
        }
        return WebhookEndpoint(
            name: name, url: url, secrets: keys, events: events.map { Glob($0) },
            retries: retries ?? Endpoint.standardRetries, allowedAddresses: allowedAddresses, format: format)
    }
}
