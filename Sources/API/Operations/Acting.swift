import Documents
import Engine
import HTTPServer
import JSON
import RotaCore

extension Call {
    /// Who acts, in the audit log and where somebody else has to approve.
    var principal: Principal {
        var principal = Principal(
            name: caller.owner.isEmpty ? caller.name : caller.owner, account: "token:\(caller.name)",
            tokenID: caller.tokenID, tokenName: caller.name)
        principal.request = RequestOrigin(id: request.id, address: address)
        return principal
    }

    /// By now: it may have waited for another writer.
    func change(_ cause: String) -> Change { Change(actor: principal.actor, at: clock.now(), cause: cause) }

    /// Whether he may know of all tokens.
    var seesAll: Bool { [Role.admin, Role.operate, Role.audit].contains(where: caller.has) }

    /// Whether he may know of a token: who neither operates nor audits knows of those of his own owner.
    func sees(_ token: Token) -> Bool {
        if seesAll { return true }
        return !caller.owner.isEmpty && token.owner == caller.owner
    }

    /// What he sends.
    func document() throws -> JSON.Object {
        // Where nothing has to be sent nothing has to be said of it.
        if request.method == "POST", request.body.isEmpty, request.headers["content-type"] == nil { return [:] }
        guard isJSON else {
            throw Refused(
                .problem(
                    415, "Unsupported media type", detail: "send application/json",
                    headers: [API.noStore, ("Accept-Post", "application/json")]))
        }
        let document: JSON
        do throws(JSONError) {
            document = try JSON.parse(request.body, maximumBytes: 256 << 10, maximumDepth: 16)
        } catch {
            throw Refused.invalid("the body is no JSON: \(error)")
        }
        guard let members = document.object else { throw Refused.invalid("the body is no JSON object") }
        return members
    }

    private var isJSON: Bool {
        let type = request.headers["content-type"]?.lowercased() ?? ""
        let kinds = ["application/json"] + (request.method == "PATCH" ? ["application/merge-patch+json"] : [])
        return kinds.contains { type == $0 || type.hasPrefix("\($0);") }
    }
}

extension API {
    /// Answers from the store, on a thread that blocks nobody.
    func read(_ call: Call, _ body: @escaping @Sendable (any StoreReads) throws -> Response) -> Answer {
        onWorker(call.request) {
            do { return try parts.readers.read { try body($0) } } catch { throw try refused(error, call) }
        }
    }

    /// Does something in one transaction, and answers with a document once it is committed. With a key it is done
    /// once: whoever sends it again has the same answer.
    ///
    /// - parameters:
    ///   - making: what it makes, as the member of the answer and the list that has it from then on.
    ///   - tell: called when it is committed.
    func write(
        _ call: Call, making: (member: String, list: String)? = nil, telling tell: @escaping @Sendable () -> Void = {},
        _ body: @escaping @Sendable (any Store) throws -> JSON
    ) -> Answer {
        write(call) {
            (try body($0), nil as Bool?)
        } respond: { document, _, status in
            tell()
            return .json(document, status: status, Self.location(of: document, making))
        }
    }

    /// Where what was made is found from then on.
    static func location(of document: JSON, _ made: (member: String, list: String)?) -> [(name: String, value: String)]
    {
        guard let made, let id = document[made.member]?["id"]?.string else { return [] }
        return [("Location", "\(made.list)/\(id)")]
    }

    /// The same, where there is something besides that is not remembered.
    func write<Extra: Sendable>(
        _ call: Call, _ body: @escaping @Sendable (any Store) throws -> (JSON, Extra?),
        respond make: @escaping @Sendable (JSON, Extra?, Int) -> Response
    ) -> Answer {
        let key: RequestKey?
        do { key = try RequestKey(of: call) } catch { return .now(answer(call) { throw error }) }
        return .later { [self] respond in
            parts.store.write { store in
                try call.requireStanding(in: store)
                return try Self.once(call, key, in: store, body)
            } then: { result in
                respond(
                    answer(call) {
                        let done = try result.get()
                        postures.forget()
                        var response = make(done.document, done.extra, call.status)
                        if done.isAgain { response.headers.append(("Idempotent-Replayed", "true")) }
                        return response
                    })
            }
        }
    }

    /// Has something done that takes its time, by the configuration in force.
    func perform(_ call: Call, _ body: @escaping @Sendable (ServedConfiguration) async throws -> Response) -> Answer {
        entrust({ [self] error in answer(call) { throw error } }) { [self] configuration in
            let response = try await whileStanding(call) { try await body(configuration) }
            postures.forget()
            return response
        }
    }

    /// Has something done by those who attend to what takes its time.
    ///
    /// - parameters:
    ///   - most: not beside as many others.
    ///   - otherwise: what an error is answered with, such as that nobody can attend to it (`Errands.Refusal`).
    func entrust(
        upTo most: Int = Errands.most, _ otherwise: @escaping @Sendable (any Error) -> Response,
        _ body: @escaping @Sendable (ServedConfiguration) async throws -> Response
    ) -> Answer {
        .later { [self] respond in
            let configuration = parts.configuration()
            do {
                try configuration.perform(most) {
                    do {
                        let response = try await body(configuration)
                        respond(response)
                    } catch { respond(otherwise(error)) }
                }
            } catch { respond(otherwise(error)) }
        }
    }

    /// What an error is answered with.
    func answer(_ call: Call, _ body: () throws -> Response) -> Response {
        do {
            do { return try body() } catch { throw try refused(error, call) }
        } catch let refused as Refused {
            return refused.response
        } catch {
            if error is CancellationError { return Self.stopping }
            if let refusal = error as? Errands.Refusal { return refusal.response }
            parts.report(error, call.request.id)
            return Self.trouble(error)
        }
    }

    /// Errors of the engine that are the caller's to know of; throws all others again.
    func refused(_ error: any Error, _ call: Call) throws -> Refused {
        let face = call.face
        switch error {
        case let loss as Standing.Loss: return self.refused(loss, call.standing, call.request)
        case let refused as Refused:
            if let token = refused.ofOthers {
                parts.noteRefused(
                    RefusedAccess(
                        token: token, callerID: call.caller.tokenID, actor: call.principal.actor, at: call.now))
                _ = told(
                    OAuthError(status: 404, code: "not_yours", description: "it is somebody else's"), of: call.caller,
                    call.request)
            }
            return refused
        case let refusal as PlanRefusal:
            return refusal.isUnknown
                ? .missing("plan") : .conflict(refusal.message, hint: face.worded(refusal.hint), reason: "refused")
        case let refusal as WaiverRefusal:
            switch refusal.kind {
            case .unknown where refusal.message.hasPrefix("there is no waiver"): return .missing("waiver")
            case .unknown, .term: return .senseless("\(refusal.message); \(face.worded(refusal.hint))")
            case .forbidden: return .conflict(refusal.message, hint: face.worded(refusal.hint), reason: "refused")
            }
        case StoreError.held(let brake):
            return .conflict("nothing was done: \(brake.message)", hint: face.worded(brake.hint), reason: brake.code)
        case StoreError.nameTaken where call.seesAll, StoreError.placeTaken where call.seesAll:
            return .conflict("\(error)")
        // Whose it is is not for the caller to know.
        case StoreError.nameTaken: return .conflict("the name is an active token's already", reason: "name-taken")
        case StoreError.placeTaken(let place, _):
            return .conflict("\(place) is a destination of another token already", reason: "place-taken")
        case StoreError.refused(let what, let hint): return .conflict(what, hint: face.worded(hint))
        case let refusal as CommandRefusal: return Refused(refusal.worded(for: face).response)
        default: throw error
        }
    }

    static let stopping = Response.problem(
        503, "Unavailable", detail: "Rota is being stopped, or reads its configuration: ask again",
        headers: [noStore, ("Retry-After", "1")])
}
