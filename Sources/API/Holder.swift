import Crypto
import Engine
import HTTPServer
import JSON
import RotaCore

extension API {
    /// What has become of a value, told to its holder: 200 while it is accepted; else 401 with when it ended, how, and
    /// which value has taken its place. Somebody whose job fails at night can tell a rotation from a revocation.
    ///
    /// Of a value that is nobody's, nothing is told but that. It counts as a use.
    func describeSelf(_ request: Request) throws -> Response {
        let held = try hold(request)
        return Self.document(held, status: 200)
    }

    /// Gives the token another value in all its places, for whoever holds the current one; it answers when that is the
    /// current one there, and 202 where it will be later. The new value is read from where it lives and is never in an
    /// answer, so that a thief gains nothing by it.
    ///
    /// With a value that has been replaced already nothing is begun: whoever did not get the first answer asks again.
    func rotateSelf(_ request: Request) throws -> Answer {
        if let refused = Self.refusal(ofSiteOf: request) { return .now(refused.response) }
        let held = try hold(request)
        // It is tried again by itself, at its own pace: whoever asks every second does not quicken it.
        guard held.fate.standing == .valid, !held.isUnderWay else { return .now(Self.standing(held)) }
        if let brake = parts.brake() { return .now(Self.braked(brake)) }
        let digest = try presented(request)
        return .later { [self] respond in
            parts.rotate(digest, { tellRotation($0, request) }) { result in respond(answer(result, request)) }
        }
    }

    private func answer(
        _ result: Result<(outcome: RotateForHolder.Outcome, held: HeldValue?), any Error>, _ request: Request
    ) -> Response {
        switch result {
        case .success((let outcome, let held)):
            guard let held else { return Refused.unauthorized([Challenge.invalidToken], request).response }
            return answer(outcome, held, request)
        case .failure(let error):
            if case .held(let brake)? = error as? StoreError { return Self.braked(brake) }
            // It was cut off by the end of the process, and goes on with the next one.
            if error is CancellationError { return Self.stopping }
            if let refusal = error as? Errands.Refusal { return refusal.response }
            parts.report(error, request.id)
            return Self.trouble(error)
        }
    }

    private func answer(_ outcome: RotateForHolder.Outcome, _ held: HeldValue, _ request: Request) -> Response {
        let now = parts.clock.now()
        switch outcome {
        case .unknown: return Refused.unauthorized([Challenge.invalidToken], request).response
        case .underWay: return Self.document(held, status: 202)
        case .settled:
            guard held.fate.standing == .valid, !held.isUnderWay else { return Self.standing(held) }
            return .problem(
                409, "Conflict", detail: "it cannot be rotated at present", headers: Self.retry(after: .minutes(1)))
        case .impossible(.issuerNotDriven):
            return Self.unrotatable(
                BlockedReason.issuerNotDriven.rawValue, "\(held.token.issuer) issues it: rotate it there")
        case .impossible(let reason): return Self.unrotatable(reason.rawValue, reason.message)
        case .inOverlap(let end):
            let when = end.map { " until \($0)" } ?? " while it is in use"
            return Self.unrotatable(
                "in-overlap", "an older value is accepted\(when): it is not rotated again before that one has ended",
                retryAfter: end.map { $0 - now } ?? .hours(1))
        case .conflict(let end):
            return Self.unrotatable(
                BlockedReason.conflict.rawValue, "a place of the token holds what Rota did not write there",
                retryAfter: end - now)
        case .failed(let end):
            return .problem(
                503, "Unavailable", detail: "a place of the token could not be written to; nothing has changed",
                headers: Self.retry(after: end - now))
        case .held(let brake): return Self.braked(brake)
        case .stopping: return Self.stopping
        }
    }

    /// How it stands after a rotation, or while one is under way.
    private static func standing(_ held: HeldValue) -> Response {
        let isThere = held.fate.successor != nil
        guard held.fate.standing.isAccepted || isThere else { return dead(held) }
        return document(held, status: isThere ? 200 : 202)
    }

    private static func document(_ held: HeldValue, status: Int) -> Response {
        var writer = JSONWriter(reservingCapacity: 512)
        writer.beginObject()
        writer.held(held)
        writer.endObject()
        return .json(writer.bytes, status: status, headers: [noStore])
    }

    private static func unrotatable(_ reason: String, _ detail: String, retryAfter: TimeSpan? = nil) -> Response {
        .problem(409, "Conflict", detail: detail, headers: retryAfter.map(retry) ?? [noStore]) { writer in
            writer.key("reason")
            writer.string(reason)
        }
    }

    private static func braked(_ brake: Brake) -> Response {
        .problem(
            503, "Unavailable", detail: "nothing is rotated at present: \(brake.code)",
            headers: retry(after: .minutes(5)))
    }

    private static func retry(after span: TimeSpan) -> [(name: String, value: String)] {
        [noStore, (name: "Retry-After", value: "\(max(1, span.seconds))")]
    }

    // MARK: - Who holds what

    /// The value that a request came with, whose use is noted; a dead one is refused with what has become of it.
    private func hold(_ request: Request) throws -> HeldValue {
        let held = try look(request)
        let known = try parts.readers.value(with: try presented(request))
        if let known {
            note(
                known, held.fate.standing.isAccepted ? .accepted : .refused,
                Origin(of: request, trusting: parts.trustedProxies), at: parts.clock.now())
        }
        guard held.fate.standing.isAccepted else { throw Refused(Self.dead(held)) }
        return held
    }

    private func look(_ request: Request) throws -> HeldValue {
        let digest = try presented(request)
        let now = parts.clock.now()
        guard let held = try parts.readers.read({ try HeldValue(with: digest, in: $0, at: now) }) else {
            throw refuseWrongValue(request)
        }
        return held
    }

    private static func dead(_ held: HeldValue) -> Response {
        .problem(
            401, "Unauthorized", detail: held.fate.message,
            headers: [noStore, ("WWW-Authenticate", Challenge.invalidToken)]
        ) { writer in
            writer.key("reason")
            writer.string(held.fate.standing.rawValue)
            writer.key("token")
            writer.beginObject()
            writer.key("id")
            writer.string(held.token.id.text)
            writer.key("name")
            writer.string(held.token.name)
            writer.endObject()
            writer.fate(held.fate, of: held.version)
        }
    }
}

extension JSONWriter {
    /// A token as its holder may see it, his value, and what has become of that.
    fileprivate mutating func held(_ held: HeldValue) {
        let token = held.token
        key("active")
        bool(held.fate.standing.isAccepted)
        key("token")
        beginObject()
        for (name, text) in [
            ("id", token.id.text), ("name", token.name), ("description", token.description), ("owner", token.owner),
            ("integration", token.integration),
        ] {
            key(name)
            string(text)
        }
        key("scopes")
        beginArray()
        for scope in token.scopes { string(scope) }
        endArray()
        key("created_at")
        string(token.createdAt.description)
        key("expires_at")
        string(token.expiresAt?.description)
        endObject()
        key("standing")
        string(held.fate.standing.rawValue)
        fate(held.fate, of: held.version)
    }

    fileprivate mutating func fate(_ fate: ValueFate, of version: Version) {
        key("since")
        string(fate.since?.description)
        key("version")
        beginObject()
        key("number")
        integer(version.number)
        key("issued_at")
        string(version.issuedAt?.description)
        key("ends_at")
        string(version.endsAt?.description)
        endObject()
        key("successor")
        guard let successor = fate.successor else { return null() }
        beginObject()
        key("number")
        integer(successor.number)
        key("issued_at")
        string(successor.issuedAt?.description)
        endObject()
    }
}
