import API
import Engine
import HTTPClient
import JSON
import OpenID
import RotaCore
import TransparencyLog
import Webhooks

extension Composition {
    /// What of the configuration requests go by, without a secret in it.
    func served(
        _ policies: PolicySet, _ store: StoreQueue, _ rotator: Rotator, _ run: RunUseCase, _ errands: Errands,
        _ commands: ServedCommands
    ) throws(Failure) -> ServedConfiguration {
        var served = ServedConfiguration(
            policies: policies, limits: configuration.limits, schedule: configuration.schedule,
            calendar: configuration.freezeCalendar, scopes: configuration.scopes,
            tokenPrefix: configuration.tokenPrefix, longestWaiver: configuration.longestWaiver,
            vaults: configuration.vaults.map { ServedConfiguration.Vault(name: $0.name, document: $0.json) },
            knownVaults: configuration.knownVaults, caveats: configuration.caveats,
            webhooks: configuration.webhooks.map { webhook in
                ServedConfiguration.Webhook(
                    endpoint: webhook.endpoint, shownURL: webhook.shownURL, events: webhook.events,
                    format: webhook.format.rawValue)
            },
            signIns: try signIns(), rotate: RotateUseCase(store: store, rotator: rotator, clock: invocation.clock),
            run: run,
            tryVault: { name in
                guard let vault = configuration.vaults.first(where: { $0.name == name }) else { return .null }
                return await Trial(of: vault, HTTPClient(addressPolicy: .any), invocation.clock).json
            },
            testWebhook: { name, actor in try await testWebhook(name, by: actor, store) },
            perform: { most, errand in try errands.ask(upTo: most, errand) })
        let signer = try configuration.auditKey == nil ? nil : CheckpointSigner.find(configuration)
        (served.auditKey, served.pseudonymKey) = (signer?.key, signer?.pseudonymKey)
        served.issueInto = configuration.issueInto
        served.issueLimit = configuration.issueLimit
        served.witnesses = configuration.witnesses.map(\.name)
        served.reports = reportMeans(commands.texts)
        served.command = { try await commands.answer($0) }
        return served
    }

    private func reportMeans(_ texts: PolicyTexts?) -> ReportMeans {
        var means = ReportMeans()
        means.texts = texts
        if configuration.auditKey != nil {
            means.seal = { store, change in
                // Read anew each time, as where checkpoints are signed: it may have been changed.
                let signer = try CheckpointSigner.find(configuration)
                return ReportSeal(
                    signer: signer, checkpoint: try issueCheckpoint(in: store, by: signer, change: change))
            }
        }
        means.withPast = { instant, period, body in
            var remarks: [String] = []
            do {
                try withPastStore(self, at: instant, period: period, warn: { remarks.append($0) }, body)
            } catch let failure as Failure {
                throw CommandRefusal(failure)
            }
            return remarks
        }
        return means
    }

    private func signIns() throws(Failure) -> [ServedConfiguration.SignIn] {
        guard let signIn = configuration.signIn else { return [] }
        var providers: [ServedConfiguration.SignIn] = []
        for settings in signIn.providers {
            let secret = try settings.secret.resolve(for: "sign-in '\(settings.name)': client-secret")
            let provider = OpenIDProvider(settings.settings, secret: secret)
            let callback = "\(signIn.address)/admin/sign-in/\(settings.name)/callback"
            let clock = invocation.clock
            providers.append(
                ServedConfiguration.SignIn(
                    name: settings.name, label: settings.label, callback: callback,
                    address: {
                        try await provider.address(
                            for: OpenIDProvider.Attempt($0), callback: callback, at: clock.now())
                    },
                    identify: { code, attempt in
                        try await provider.identify(
                            code, OpenIDProvider.Attempt(attempt), callback: callback, at: clock.now())
                    }))
        }
        return providers
    }

    private func testWebhook(_ name: String, by actor: AuditActor, _ store: StoreQueue) async throws -> JSON {
        guard let webhook = configuration.webhooks.first(where: { $0.name == name }) else { return .null }
        let now = invocation.clock.now()
        let (event, result) = try await webhook.test(by: actor, random: invocation.random, at: now)
        let change = Change(actor: actor, at: now, cause: "webhook test got through")
        let isEnabledAgain =
            result.kind == .delivered
            ? try await store.write { store in
                try store.disabledEndpoints().contains { $0.name == name }
                    && store.enableEndpoint(name, change: change)
            } : false
        return result.json(name, event, isEnabledAgain: isEnabledAgain)
    }
}

extension OpenIDProvider.Attempt {
    fileprivate init(_ attempt: ServedConfiguration.SignIn.Attempt) {
        self.init(state: attempt.state, nonce: attempt.nonce, verifier: attempt.verifier)
    }
}
