import Crypto
import Engine
import HTTPServer
import RotaCore

extension API {
    /// Tells the log that a caller was refused, and gives the refusal back.
    ///
    /// - parameter caller: whose value it was, where anybody's.
    func told(_ refusal: OAuthError, of caller: KnownValue? = nil, _ request: Request) -> OAuthError {
        let (isTold, untold) = refusals.admit(at: parts.clock.now())
        guard isTold else { return refusal }
        var fields = [
            LogField("request_id", request.id), LogField("path", request.target.path),
            LogField("status", refusal.status), LogField("error", refusal.code),
        ]
        if let caller { fields += [LogField("caller", caller.name), LogField("caller_id", caller.tokenID.text)] }
        fields.append(LogField("from", Origin(of: request, trusting: parts.trustedProxies).source ?? "unix"))
        if untold > 0 { fields.append(LogField("not_told", untold)) }
        parts.tell("a caller was refused", fields)
        return refusal
    }

    /// Tells the log who asked for a token's end, and what came of it.
    ///
    /// - parameter token: nil where nobody knows the value.
    func tellRevocation(of token: TokenID?, _ outcome: Revocation.Outcome, by caller: Caller, _ request: Request) {
        var fields = [
            LogField("request_id", request.id), LogField("outcome", outcome.rawValue),
            LogField("caller", caller.value.name), LogField("caller_id", caller.value.tokenID.text),
        ]
        if let token { fields.append(LogField("token", token.text)) }
        parts.tell("a revocation was asked for over HTTP", fields)
    }
}

extension API {
    /// Tells the log who has approved what, by which token and from where.
    func tellApproval(of what: String, by call: Call) {
        parts.tell(
            "something was approved",
            [
                LogField("request_id", call.request.id), LogField("approved", what),
                LogField("caller", call.caller.name), LogField("caller_id", call.caller.tokenID.text),
                LogField("from", Origin(of: call.request, trusting: parts.trustedProxies).source ?? "unix"),
            ])
    }
}

extension API {
    /// Tells the log that a holder had his token rotated, and what came of it: the cause, which names places, to nobody
    /// else.
    func tellRotation(_ result: RotationResult, _ request: Request) {
        var fields = [
            LogField("request_id", request.id), LogField("outcome", result.outcome.rawValue),
            LogField("token", result.tokenID.text),
        ]
        if let cause = result.cause { fields.append(LogField("cause", cause)) }
        parts.tell("a rotation was asked for over HTTP", fields)
    }
}

/// Bounds how many refusals are told within a second: whoever tries values must not fill the disk with it.
final class RefusalLimit: Sendable {
    static let mostPerSecond = 20

    private struct State {
        var second: Instant?
        var told = 0
        var untold = 0
    }

    private let state = Locked(State())

    /// Whether one more is told, and how many before it were not.
    func admit(at now: Instant) -> (isTold: Bool, untold: Int) {
        state.withLock { state in
            if state.second != now {
                state.second = now
                state.told = 0
            }
            guard state.told < Self.mostPerSecond else {
                state.untold += 1
                return (false, 0)
            }
            defer { state.untold = 0 }
            state.told += 1
            return (true, state.untold)
        }
    }
}
