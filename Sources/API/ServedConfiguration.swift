package import Engine
package import JSON
package import RotaCore
package import TransparencyLog

/// What requests go by of the configuration in force: read anew by each of them, since it may change.
package struct ServedConfiguration: Sendable {
    /// A vault without what it takes to get in.
    package struct Vault: Sendable {
        package var name: String
        /// As `rota vault list --json` shows it, but for its destinations.
        package var document: JSON

        package init(name: String, document: JSON) {
            self.name = name
            self.document = document
        }
    }

    /// A webhook without its secret.
    package struct Webhook: Sendable {
        package var endpoint: Endpoint
        /// Without what may be a credential.
        package var shownURL: String
        package var events: [String]
        package var format: String

        package init(endpoint: Endpoint, shownURL: String, events: [String], format: String) {
            self.endpoint = endpoint
            self.shownURL = shownURL
            self.events = events
            self.format = format
        }
    }

    /// Somebody else who can say who signs in at the pages.
    package struct SignIn: Sendable {
        /// What one attempt is known by, until the person comes back.
        package struct Attempt: Hashable, Sendable {
            package var state: String
            package var nonce: String
            package var verifier: String
        }

        package var name: String
        package var label: String
        /// Where the provider sends him back to.
        package var callback: String
        /// Where a person is sent.
        package var address: @Sendable (_ attempt: Attempt) async throws -> String
        /// Who came back with a code: the owner of a token.
        package var identify: @Sendable (_ code: String, _ attempt: Attempt) async throws -> String

        package init(
            name: String, label: String, callback: String,
            address: @escaping @Sendable (_ attempt: Attempt) async throws -> String,
            identify: @escaping @Sendable (_ code: String, _ attempt: Attempt) async throws -> String
        ) {
            self.name = name
            self.label = label
            self.callback = callback
            self.address = address
            self.identify = identify
        }
    }

    package var policies: PolicySet
    package var limits: Limits
    /// Of policies without one of their own.
    package var schedule: Schedule
    package var calendar: FreezeCalendar?
    package var scopes: [ScopeEntry]
    package var tokenPrefix: String
    package var longestWaiver: TimeSpan
    package var vaults: [Vault]
    package var knownVaults: KnownVaults
    package var caveats: [String: String]
    /// Whose signatures count; nil where the audit log has no key.
    package var auditKey: NoteKey?
    /// What names in redacted reports become pseudonyms with; nil where the audit log has no key.
    package var pseudonymKey: [UInt8]?
    package var webhooks: [Webhook]
    package var signIns: [SignIn] = []
    /// Patterns of places that who only issues may have values brought to.
    package var issueInto: [String] = []
    /// How many live tokens of an owner there may be that were made over HTTP before who only issues makes no more.
    package var issueLimit = usualIssueLimit
    package static let usualIssueLimit = 500
    /// The names of those who are given checkpoints of the audit log.
    package var witnesses: [String] = []
    package var reports = ReportMeans()
    package var rotate: RotateUseCase
    package var run: RunUseCase
    /// Does a command as it is done at home.
    ///
    /// - throws: `CommandRefusal` where nothing was done.
    package var command: @Sendable (CommandRequest) async throws -> CommandAnswer = { _ in
        throw CommandRefusal(.failed, "no commands are done here")
    }
    /// Tries a vault that is configured, in a place that is left as it was; answers as `rota vault check --json` does.
    package var tryVault: @Sendable (_ name: String) async -> JSON
    /// Sends a test event to a webhook that is configured; answers as `rota webhook test --json` does.
    package var testWebhook: @Sendable (_ name: String, _ actor: AuditActor) async throws -> JSON
    package var perform: Perform
    /// Has something done that takes its time, beside fewer than so many others.
    package typealias Perform =
        @Sendable (_ most: Int, _ errand: @escaping @Sendable () async -> Void) throws -> Void

    package init(
        policies: PolicySet, limits: Limits, schedule: Schedule, calendar: FreezeCalendar?, scopes: [ScopeEntry],
        tokenPrefix: String, longestWaiver: TimeSpan, vaults: [Vault], knownVaults: KnownVaults,
        caveats: [String: String], webhooks: [Webhook], signIns: [SignIn] = [], rotate: RotateUseCase,
        run: RunUseCase,
        tryVault: @escaping @Sendable (_ name: String) async -> JSON,
        testWebhook: @escaping @Sendable (_ name: String, _ actor: AuditActor) async throws -> JSON,
        perform: @escaping Perform
    ) {
        self.policies = policies
        self.limits = limits
        self.schedule = schedule
        self.calendar = calendar
        self.scopes = scopes
        self.tokenPrefix = tokenPrefix
        self.longestWaiver = longestWaiver
        self.vaults = vaults
        self.knownVaults = knownVaults
        self.caveats = caveats
        self.webhooks = webhooks
        self.signIns = signIns
        self.rotate = rotate
        self.run = run
        self.tryVault = tryVault
        self.testWebhook = testWebhook
        self.perform = perform
    }

    package var vaultNames: Set<String> { knownVaults.names }
}
