import Crypto
import Engine
import HTTPClient
import RotaCore

/// What is lost when the outcome of a request is not known.
enum Purpose: Sendable {
    case reading, writing
}

/// Whether a call waits for its turn.
enum Turn: Sendable {
    case inLine
    /// What those who have their turn wait for: a login. There is one of these at a time.
    case atOnce
}

/// Sends requests to one server: a bounded number at once, none while it does not answer or wants to be left
/// alone; and says what it means when no answer comes.
final class Exchange: Sendable {
    static let largestAnswer = 1 << 20
    /// How often a request is sent, by default, that the server each time asks to come back with.
    private static let mostSends = 3

    private let client: HTTPClient
    private let timeout: Duration
    private let connectTimeout: Duration
    private let certificateAuthorityFile: String?
    private let turnstile: Turnstile
    private let breaker: Breaker
    private let throttle: Throttle

    /// - Parameters:
    ///   - client: with an address policy that lets it reach the server; may be shared.
    ///   - timeout: from submission to the last byte of the answer.
    ///   - certificateAuthorityFile: PEM file of the only authorities to trust; the system's if nil.
    ///   - requestsInFlight: calls above it wait.
    init(
        client: HTTPClient, clock: any WallClock, timeout: Duration, connectTimeout: Duration,
        certificateAuthorityFile: String?, requestsInFlight: Int
    ) {
        self.client = client
        self.timeout = timeout
        self.connectTimeout = connectTimeout
        self.certificateAuthorityFile = certificateAuthorityFile
        turnstile = Turnstile(places: requestsInFlight)
        breaker = Breaker(clock: clock)
        throttle = Throttle(clock: clock)
    }

    /// Sends a request and gives the answer, whatever its status.
    ///
    /// - Parameters:
    ///   - turn: whether it waits in line behind the calls that came before it.
    ///   - sends: how often at most, where the answers are that the server will not do it now.
    ///   - pause: how long it is to be left alone, for such an answer; nil for all others.
    ///   - request: made when its turn has come, anew for each time that it is sent.
    func send(
        for purpose: Purpose, _ turn: Turn = .inLine, atMost sends: Int = mostSends,
        pause: (Response) -> TimeSpan?, request: () async throws(VaultError) -> Request
    ) async throws(VaultError) -> Response {
        for _ in 1..<max(1, sends) {
            let response = try await send(for: purpose, turn, request)
            guard let wait = pause(response) else { return response }
            throttle.hold(for: wait)
            guard wait <= Throttle.patience else { return response }
        }
        return try await send(for: purpose, turn, request)
    }

    /// The same for a request that may be as old as it likes.
    func send(
        _ request: Request, for purpose: Purpose, atMost sends: Int = mostSends, pause: (Response) -> TimeSpan?
    ) async throws(VaultError) -> Response {
        try await send(for: purpose, atMost: sends, pause: pause) { request }
    }

    private func send(
        for purpose: Purpose, _ turn: Turn, _ request: () async throws(VaultError) -> Request
    ) async throws(VaultError) -> Response {
        try await throttle.pass()
        switch turn {
        case .atOnce: return try await send(try await request(), for: purpose)
        case .inLine:
            return try await turnstile.pass { () async throws(VaultError) -> Response in
                try await send(try await request(), for: purpose)
            }
        }
    }

    private func send(_ request: Request, for purpose: Purpose) async throws(VaultError) -> Response {
        var request = request
        request.timeout = timeout
        request.connectTimeout = connectTimeout
        request.maximumResponseBytes = Self.largestAnswer
        request.certificateAuthorityFile = certificateAuthorityFile
        try breaker.check()
        do throws(HTTPError) {
            let response = try await client.send(request)
            breaker.answered()
            return response
        } catch {
            throw failure(error, purpose)
        }
    }

    private func failure(_ error: HTTPError, _ purpose: Purpose) -> VaultError {
        let uncertain: VaultError.Kind = purpose == .writing ? .unknownOutcome : .transient
        switch error {
        case .notSent:
            breaker.wasNotAnswered(error.description)
            return VaultError(.transient, error.description)
        case .unknownOutcome:
            breaker.wasNotAnswered(error.description)
            return VaultError(uncertain, error.description)
        case .responseTooLarge, .responseLost:
            breaker.answered()
            return VaultError(purpose == .writing ? .unknownOutcome : .garbled, error.description)
        case .cancelled, .shutDown: return VaultError(uncertain, error.description)
        case .invalidRequest: return VaultError(.rejected, error.description)
        }
    }
}

extension Response {
    private static let longestWait: Int64 = 86_400

    /// `Retry-After` in whole seconds; a date is not looked at.
    var retryAfter: TimeSpan? {
        guard let text = header("Retry-After"), let seconds = Int64(text), seconds >= 0 else { return nil }
        return TimeSpan(seconds: min(seconds, Self.longestWait))
    }
}

private let longestMessage = 300

/// What a server said, as a message may hold it: printable, on one line, short, and without what must not be
/// seen.
func presentable(_ text: String, hiding secrets: [Secret]) -> String {
    for secret in secrets
    where secret.count > 0 && text.contains(String(decoding: secret.copyBytes(), as: UTF8.self)) {
        return "(the answer repeats a secret and is not shown)"
    }
    let scalars = text.unicodeScalars
    let printable = scalars.prefix(longestMessage).map { scalar -> Character in
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse: " "
        default: Character(scalar)
        }
    }
    return String(printable)
        + (scalars.count > longestMessage ? "..." : "")
}
