package import Addresses
import Crypto
package import Engine
package import HTTPServer
import JSON
package import RotaCore

/// The HTTP interface: routes, and the calls of the engine that they lead to.
///
/// Everything here runs on the HTTP server's own threads, which may block: reads go straight to the store, each
/// on a connection of its own; what writes is handed to the store's thread, and answered from there.
package struct API: Sendable {
    /// Rotates the token of whoever holds a value, by the configuration in force, and tells what came of it when it is
    /// done; `begun` is told of each rotation that was begun.
    package typealias Rotate =
        @Sendable (
            _ digest: Digest, _ begun: @escaping @Sendable (RotationResult) -> Void,
            _ finish:
                @escaping @Sendable (
                    Result<(outcome: RotateForHolder.Outcome, held: HeldValue?), any Error>
                ) -> Void
        ) -> Void

    /// What the interface works with.
    package struct Parts: Sendable {
        package var readers: any StoreReaders
        /// For what changes anything.
        package var store: StoreQueue
        package var revoke: RevokeUseCase
        /// What of the configuration is in force.
        package var configuration: @Sendable () -> ServedConfiguration
        package var random: any RandomSource
        /// For what is too long for memory.
        package var scratch: SpoolFolder
        package var rotate: Rotate
        package var clock: any WallClock
        /// Told of each use of a value, accepted or refused.
        package var note: @Sendable (Use) -> Void
        /// Told who asked for a token that he may not know of: it must cost no time that he could tell.
        package var noteRefused: @Sendable (RefusedAccess) -> Void
        /// Told what went wrong on our side, which nobody outside is, and in which request.
        package var report: @Sendable (any Error, _ request: String) -> Void
        /// Told who was refused, and who ended what: a message and its fields for the log, without any value.
        package var tell: @Sendable (_ message: String, _ fields: [LogField]) -> Void
        /// Whose word about where a request came from is taken; Unix sockets are trusted always.
        package var trustedProxies: [CIDR]
        /// False from the moment on when no new requests should be sent here.
        package var isReady: @Sendable () -> Bool
        /// False from the moment on when the store is known not to be the one that others write: then nothing is
        /// answered by it.
        package var hasStore: @Sendable () -> Bool
        /// What keeps anything destructive from being done; answers are given all the same.
        package var brake: @Sendable () -> Brake?
        /// For monitoring: what vaults were asked for, and how long the store's log is, in bytes.
        package var vaultMeter: VaultMeter
        package var logSize: @Sendable () -> Int64
        /// A clock that only goes forward.
        package var nanoseconds: @Sendable () -> UInt64
        package var version: String

        package init(
            readers: any StoreReaders, store: StoreQueue, revoke: RevokeUseCase,
            configuration: @escaping @Sendable () -> ServedConfiguration, random: any RandomSource,
            scratch: SpoolFolder = SpoolFolder("/tmp"), rotate: @escaping Rotate,
            clock: any WallClock, note: @escaping @Sendable (Use) -> Void,
            noteRefused: @escaping @Sendable (RefusedAccess) -> Void = { _ in },
            report: @escaping @Sendable (any Error, _ request: String) -> Void = { _, _ in },
            tell: @escaping @Sendable (_ message: String, _ fields: [LogField]) -> Void = { _, _ in },
            trustedProxies: [CIDR] = [], isReady: @escaping @Sendable () -> Bool = { true },
            hasStore: @escaping @Sendable () -> Bool = { true }, brake: @escaping @Sendable () -> Brake? = { nil },
            vaultMeter: VaultMeter = VaultMeter(), logSize: @escaping @Sendable () -> Int64 = { 0 },
            nanoseconds: @escaping @Sendable () -> UInt64 = { 0 }, version: String = ""
        ) {
            self.readers = readers
            self.store = store
            self.configuration = configuration
            self.random = random
            self.scratch = scratch
            self.revoke = revoke
            self.rotate = rotate
            self.clock = clock
            self.note = note
            self.noteRefused = noteRefused
            self.report = report
            self.tell = tell
            self.trustedProxies = trustedProxies
            self.isReady = isReady
            self.hasStore = hasStore
            self.brake = brake
            self.vaultMeter = vaultMeter
            self.logSize = logSize
            self.nanoseconds = nanoseconds
            self.version = version
        }
    }

    let parts: Parts
    let refusals = RefusalLimit()
    let meter: Meter
    let remembered = RememberedGauges()
    let postures = RememberedPosture()
    let workers = Workers()
    /// For what looks at all tokens: two at a time, two more that wait, and the others come again.
    let reporters = Workers(count: 2, longest: 2, patience: 10)
    /// For what takes minutes where there are millions, so that usual reports and the page of policies need not wait:
    /// the past, rebuilt, and the archive of everything.
    let rebuilders = Workers(count: 1, longest: 2, patience: 30)
    /// Who asked with which key for what is under way.
    let underWay = Locked<Set<String>>([])
    let sessions: Sessions
    let guesses = GuessLimit()
    /// Apart from those who sign in: a client with a wrong value keeps no person out. There may be many of them behind
    /// an address.
    let wrongValues = GuessLimit(most: mostWrongValues)
    static let mostWrongValues = 300
    /// Whether the log was told of a proxy that does not say whom it asks for.
    let isUnnamedTold = Locked(false)
    let attempts = SignInAttempts()
    /// Those who leave for a provider, whether they come back or not.
    let leavings = GuessLimit(most: mostWrongValues)

    package init(_ parts: Parts) {
        self.parts = parts
        meter = Meter(parts.nanoseconds)
        sessions = Sessions(random: parts.random)
    }

    /// Which request goes where.
    package var router: Router {
        var router = Router { error, request in
            parts.report(error, request.id)
            return Self.trouble(error)
        }
        let description = Array(
            OpenAPI(operations: Operation.described, version: parts.version).document.serialized().utf8)
        for operation in Operation.described {
            router.on(operation.takesAnyMethod ? nil : [operation.method], operation.path) { request, path in
                switch operation.handler {
                case .role(let handler):
                    try meter.counted(.operations) { try attend(operation, handler, request, path) }
                case .open(let handler): try handler(self, request)
                }
            }
        }
        // Some proxies put the path and query of the request that they ask about behind ours: there the client writes
        // what follows, which says nothing; scopes stand before it.
        router.on(nil, "/v1/authorize/{...}") { request, _ in try verify { try authorize(request, needing: []) } }
        router.on(nil, "/v1/authorize-for/{scopes}/{...}") { request, parameters in
            let scopes = Self.scopes(in: parameters["scopes"] ?? "") ?? []
            // A slip there must not make it a question without scopes.
            return try verify { try authorize(request, needing: scopes.isEmpty ? nil : scopes) }
        }
        router.on(["GET"], "/openapi.json") { _, _ in .now(.json(description)) }
        addPages(to: &router)
        return router
    }

    /// A browser that remembers a password sends it along with a form of any page. Nil: it is no page of another site.
    /// No page has a browser send a bearer token without leave from here: of whoever brings one, `Origin` says nothing.
    static func refusal(ofSiteOf request: Request) -> Refused? {
        let isRemembered = request.headers["authorization"]?.lowercased().hasPrefix("basic") ?? false
        let isTaken = isRemembered ? isOurs(request) : isOfThisSite(request)
        return isTaken ? nil : .forbidden("a page of another site asks for this")
    }

    private static func isOfThisSite(_ request: Request) -> Bool {
        let site = request.headers["sec-fetch-site"] ?? "none"
        return site == "none" || site == "same-origin"
    }

    /// Whether no page of another site asks, as far as the browser says. Older ones, and proxies, leave one or the
    /// other header out; what is no browser sends neither.
    static func isOurs(_ request: Request) -> Bool {
        guard isOfThisSite(request) else { return false }
        guard let origin = request.headers["origin"] else { return true }
        guard let host = request.headers["host"] else { return false }
        return origin == "https://\(host)" || origin == "http://\(host)"
    }

    /// Who may have it done, has it done.
    private func attend(
        _ operation: Operation, _ handler: @Sendable (API, Call) throws -> Answer, _ request: Request,
        _ path: Router.Parameters
    ) throws -> Answer {
        try whileStored {
            if request.method != "GET", let refused = Self.refusal(ofSiteOf: request) { throw refused }
            let standing = try requireRole(operation.roles, request)
            let query = request.target.query.map { FormFields($0.utf8) } ?? FormFields([])
            guard let query else { throw Refused.invalid("the query is not percent-encoded as it should be") }
            let known = operation.parameters.map(\.name)
            guard query.isPlain else {
                let names = query.names
                let double = names.first { name in names.count { $0 == name } > 1 }
                throw Refused.invalid(
                    double.map { "the query has '\(abridged($0))' twice" }
                        ?? "a field of the query is no UTF-8, percent-encoded")
            }
            if let stray = query.names.first(where: { name in !known.contains { "\($0)" == name } }) {
                let near = nearest(to: stray, among: known.map { "\($0)" }).map { "; did you mean '\($0)'?" } ?? ""
                throw Refused.invalid("the query has no field '\(abridged(stray))'\(near)")
            }
            let call = Call(
                request: request, path: path, query: query, standing: standing,
                address: Origin(of: request, trusting: parts.trustedProxies).source, now: parts.clock.now(),
                clock: parts.clock,
                status: operation.answer.status, takesKey: operation.takesKey)
            return try screen(operation, call) ?? handler(self, call)
        }
    }

    func verify(_ body: () throws -> Response) throws -> Answer {
        try meter.counted(.authorize) { try whileStored { .now(try body()) } }
    }

    /// Runs the body of an OAuth endpoint, whose refusals have a form of their own.
    func oauth(_ request: Request, _ body: () throws -> Answer) throws -> Answer {
        guard parts.hasStore() else { return .now(OAuthError.unavailable(Self.isReplaced).response) }
        do {
            return try body()
        } catch let error as OAuthError {
            return .now(error.response)
        } catch {
            parts.report(error, request.id)
            return .now(OAuthError.trouble(error).response)
        }
    }

    /// A problem of ours, without a word about what it is.
    static func trouble(_ error: any Error) -> Response {
        guard let passing = passingTrouble(error) else {
            return .problem(500, "Internal error", detail: "the log has more")
        }
        return .problem(503, "Unavailable", detail: passing, headers: [("Retry-After", "1")])
    }

    /// What is wrong, where the same request may well succeed later; nil for all else.
    static func passingTrouble(_ error: any Error) -> String? {
        if let failure = error as? SpooledBody.Failure, failure.isFull {
            return "there is no room for a long answer now: others are being sent"
        }
        return switch error as? StoreError {
        case .busy?: "try again in a moment"
        case .full?: "the disk of the store is full"
        default: nil
        }
    }
}
