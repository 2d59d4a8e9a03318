import Crypto
import Engine
import HTTPServer
import JSON
import RotaCore

/// What bears an `Idempotency-Key` is done once: whoever lost the answer asks again, and has the first one.
extension API {
    /// Does something within a transaction, unless it was done already for the same key.
    static func once<Extra>(
        _ call: Call, _ key: RequestKey?, in store: any Store, _ body: (any Store) throws -> (JSON, Extra?)
    ) throws -> (document: JSON, extra: Extra?, isAgain: Bool) {
        if let known = try known(call, key, in: store) { return (known, nil, true) }
        let start = call.now - AnsweredRequest.lifetime
        let (document, extra) = try body(store)
        if let key {
            try store.rememberRequest(
                AnsweredRequest(
                    request: key.request, status: call.status, answer: document.serialized()),
                of: call.caller.tokenID, key: key.text, at: call.now, forgetting: start)
        }
        return (document, extra, false)
    }

    /// What was answered under the key before; nil: nothing.
    static func known(_ call: Call, _ key: RequestKey?, in store: any Store) throws -> JSON? {
        let start = call.now - AnsweredRequest.lifetime
        guard let key, let known = try store.answeredRequest(of: call.caller.tokenID, key: key.text, since: start)
        else { return nil }
        guard known.request == key.request else { throw RequestKey.otherRequest }
        return try JSON.parse(known.answer, maximumBytes: known.answer.utf8.count)
    }

    /// Has something done that takes its time and more than one transaction: with a key once.
    ///
    /// That it is begun is written down with the first change that it makes, so that whoever asks again never has it
    /// done twice: he is told 409 while it is under way, the first answer once there is one, and 409 where the process
    /// ended before. What was refused, or came to no change at all, is not remembered.
    func performOnce(
        _ call: Call, _ body: @escaping @Sendable (ServedConfiguration) async throws -> Response
    ) throws -> Answer {
        guard let key = try RequestKey(of: call) else { return perform(call, body) }
        return perform(call) { [self] configuration in
            let name = "\(call.caller.tokenID.text) \(key.text)"
            guard underWay.withLock({ $0.insert(name).inserted }) else { throw RequestKey.isUnderWay }
            defer { underWay.withLock { _ = $0.remove(name) } }
            if let known = try await parts.store.read({ try Self.answered(call, key, in: $0) }) {
                return .json(
                    Array(known.answer.utf8), status: known.status,
                    headers: [Self.noStore, ("Idempotent-Replayed", "true")])
            }
            FirstChange.current?.require { try Self.begin(call, key, in: $0) }
            return try await finish(call, key) { try await body(configuration) }
        }
    }

    /// Within the transaction of its first change.
    private static func begin(_ call: Call, _ key: RequestKey, in store: any Store) throws {
        // Another server has taken it up meanwhile.
        guard try answered(call, key, in: store) == nil else { throw RequestKey.isUnderWay }
        try store.rememberRequest(
            AnsweredRequest(request: key.request, status: AnsweredRequest.begun, answer: ""),
            of: call.caller.tokenID, key: key.text, at: call.now, forgetting: call.now - AnsweredRequest.lifetime)
    }

    /// What was answered before; nil: it is new.
    private static func answered(
        _ call: Call, _ key: RequestKey, in store: any Store
    ) throws -> AnsweredRequest? {
        let start = call.now - AnsweredRequest.lifetime
        guard let known = try store.answeredRequest(of: call.caller.tokenID, key: key.text, since: start) else {
            return nil
        }
        guard known.request == key.request else { throw RequestKey.otherRequest }
        guard known.status != AnsweredRequest.begun else { throw RequestKey.wasInterrupted }
        return known
    }

    /// Remembers what it was answered with, or nothing where nothing was done.
    private func finish(
        _ call: Call, _ key: RequestKey, _ body: () async throws -> Response
    ) async throws -> Response {
        let caller = call.caller.tokenID
        let response: Response
        do {
            response = try await body()
        } catch {
            if FirstChange.current?.isMade == true, isRefusal(error, call) {
                try await parts.store.write { try $0.forgetRequest(of: caller, key: key.text) }
            }
            throw error
        }
        let isGood = (200..<300).contains(response.status)
        guard isGood || FirstChange.current?.isMade == true else { return response }
        let answer = AnsweredRequest(
            request: key.request, status: response.status, answer: String(decoding: response.body, as: UTF8.self))
        do {
            try await parts.store.write { store in
                guard isGood else { return try store.forgetRequest(of: caller, key: key.text) }
                try store.finishRequest(answer, of: caller, key: key.text)
            }
        } catch {
            // It is done all the same; whoever asks again is told that nobody knows, and not that it was not.
            parts.report(error, call.request.id)
        }
        return response
    }

    /// Whether nothing was done.
    private func isRefusal(_ error: any Error, _ call: Call) -> Bool {
        if error is Refused { return true }
        return (try? refused(error, call)) != nil
    }
}

/// What a request is known by when it comes again (`Idempotency-Key`), and what it asked for.
struct RequestKey: Sendable {
    var text: String
    /// Digest of what was asked.
    var request: String

    /// Nil where it has none.
    init?(of call: Call) throws {
        guard call.takesKey, let key = call.request.headers["idempotency-key"] else { return nil }
        guard (1...AnsweredRequest.longestKey).contains(key.utf8.count),
            key.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw Refused.invalid("an Idempotency-Key has 1 to \(AnsweredRequest.longestKey) visible characters") }
        self.init(key, asked: "\(call.request.method) \(call.request.target.whole)", call.request.body)
    }

    init(_ text: String, asked: String, _ body: [UInt8]) {
        self.text = text
        request = Hex.encode(SHA256.digest(of: Array("\(asked)\n".utf8) + body))
    }

    static let otherRequest = Refused(
        .problem(
            422, "Unprocessable content", detail: "this Idempotency-Key came with another request before",
            headers: [API.noStore]))

    static let isUnderWay = Refused(
        .problem(
            409, "Conflict", detail: "what was asked for under this Idempotency-Key is under way",
            headers: [API.noStore, ("Retry-After", "2")]
        ) { writer in
            writer.key("reason")
            writer.string("under-way")
        })

    static let wasInterrupted = Refused.conflict(
        "what was asked for under this Idempotency-Key was begun before a restart, or by another server, and nobody "
            + "here knows how far it came",
        hint: "look at the token, the plan or the runs before you ask anew, with another key", reason: "interrupted")
}
