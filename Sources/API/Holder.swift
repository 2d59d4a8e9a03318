import Crypto
import Engine
import HTTPServer
import JSON
import RotaCore

/// What whoever holds a value is told of it and of its token, and of nothing else.
private struct Held {
    var token: Token
    var version: Version
    var fate: ValueFate
    /// The rotation that its token is in; nil where it is in none.
    var rotation: Rotation?
}

extension API {
    /// What has become of a value, told to its holder: 200 while it is accepted; else 401 with when it ended, how, and
    /// which value has taken its place. Somebody whose job fails at night can tell a rotation from a revocation.
    ///
    /// Of a value that is nobody's, nothing is told but that. It counts as a use.
    func describeSelf(_ request: Request) throws -> Response {
        let held = try hold(request)
        var writer = JSONWriter(reservingCapacity: 512)
        writer.beginObject()
        writer.held(held)
        writer.endObject()
        return .json(writer.bytes, headers: [Self.noStore])
    }

    /// Gives the token another value in all its places, for whoever holds the current one; it answers when that is the
    /// current one there, and 202 where it will be later. The new value is read from where it lives and is never in an
    /// answer, so that a thief gains nothing by it.
    ///
    /// With a value that has been replaced already nothing is begun: whoever did not get the first answer asks again.
    func rotateSelf(_ request: Request) throws -> Answer {
        let held = try hold(request)
        guard held.fate.standing == .valid else { return .now(try rotated(request)) }
        guard held.token.issuer == .rota else {
            return .now(Self.unrotatable(.issuerNotDriven, "\(held.token.issuer) issues it: rotate it there"))
        }
        // It is tried again by itself, at its own pace: whoever asks every second does not quicken it.
        if let rotation = held.rotation, rotation.phase == .open {
            return .now(try rotated(request))
        }
        if let brake = parts.brake() { return .now(Self.braked(brake)) }
        return .later { [self] respond in
            parts.rotate(held.token.id, "its holder asked for it over HTTP", "token:\(held.token.name)") { result in
                respond(answer(result, request))
            }
        }
    }

    private func answer(_ result: Result<RotationResult?, any Error>, _ request: Request) -> Response {
        do {
            guard let result = try result.get() else { throw Refused.unauthorized([Challenge.invalidToken]) }
            tellRotation(result, request)
            if let blocked = result.blocked { return Self.unrotatable(blocked, blocked.message) }
            switch result.outcome {
            case .done, .started: return try rotated(request)
            // Somebody else has begun or ended something meanwhile, or too many values are valid.
            case .skipped, .waiting, .blocked:
                let now = try look(request)
                guard now.fate.standing == .valid, now.rotation?.phase != .open else { return try rotated(request) }
                if let brake = parts.brake() { return Self.braked(brake) }
                return .problem(
                    409, "Conflict", detail: "it cannot be rotated at present: try later, or ask who operates Rota",
                    headers: [Self.noStore, ("Retry-After", "60")])
            case .failed:
                return .problem(
                    503, "Unavailable", detail: "a place of the token cannot be written to; nothing has changed",
                    headers: [Self.noStore, ("Retry-After", "60")])
            }
        } catch let refused as Refused {
            return refused.response
        } catch {
            if case .held(let brake)? = error as? StoreError { return Self.braked(brake) }
            parts.report(error, request.id)
            return Self.trouble(error)
        }
    }

    /// How it stands now, after a rotation or while one is under way.
    private func rotated(_ request: Request) throws -> Response {
        let held = try look(request)
        guard held.fate.standing.isAccepted else { throw Refused(Self.dead(held)) }
        let isThere = held.fate.successor != nil
        var writer = JSONWriter(reservingCapacity: 512)
        writer.beginObject()
        writer.held(held)
        writer.endObject()
        return .json(writer.bytes, status: isThere ? 200 : 202, headers: [Self.noStore])
    }

    private static func unrotatable(_ reason: BlockedReason, _ detail: String) -> Response {
        .problem(409, "Conflict", detail: detail, headers: [noStore]) { writer in
            writer.key("reason")
            writer.string(reason.rawValue)
        }
    }

    private static func braked(_ brake: Brake) -> Response {
        .problem(
            503, "Unavailable", detail: "nothing is rotated at present: \(brake.code)",
            headers: [noStore, ("Retry-After", "300")])
    }

    // MARK: - Who holds what

    /// The value that a request came with, whose use is noted; a dead one is refused with what has become of it.
    private func hold(_ request: Request) throws -> Held {
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

    private func look(_ request: Request) throws -> Held {
        let digest = try presented(request)
        let now = parts.clock.now()
        let held = try parts.readers.read { store -> Held? in
            guard let (token, version) = try store.version(with: digest) else { return nil }
            let quarantine = token.state == .quarantined ? try store.quarantine(of: token.id) : nil
            let fate = ValueFate(
                of: version, among: try store.versions(of: token.id), of: token, quarantinedAt: quarantine?.since,
                at: now)
            return Held(token: token, version: version, fate: fate, rotation: try store.rotation(of: token.id))
        }
        guard let held else { throw Refused.unauthorized([Challenge.invalidToken]) }
        return held
    }

    private static func dead(_ held: Held) -> Response {
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
    fileprivate mutating func held(_ held: Held) {
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
