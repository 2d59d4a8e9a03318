import Engine
import HTTPServer
import JSON

extension API {
    static let healthy = Response.json(Array(#"{"status":"ok"}"#.utf8), headers: [noStore])

    /// Whether requests should come here: the store can be read, and no stop has begun. Tells what holds the daemon
    /// back from anything destructive, too.
    func readiness(_ request: Request) throws -> Response {
        guard parts.hasStore() else { return Self.notReady(Self.isReplaced) }
        guard parts.isReady() else { return Self.notReady("it is about to stop") }
        do {
            _ = try parts.readers.read { try $0.identity() }
        } catch {
            parts.report(error, request.id)
            return Self.notReady("the store cannot be read")
        }
        guard let brake = parts.brake() else { return Self.healthy }
        // Requests are welcome: values are answered for as ever. Why it is held is none of a stranger's business.
        let body: JSON = ["status": "ok", "held": .string(brake.code)]
        return .json(Array(body.serialized().utf8), headers: [Self.noStore])
    }

    static let isReplaced = "the store was replaced"

    static func notReady(_ detail: String) -> Response {
        .problem(503, "Not ready", detail: detail, headers: [noStore])
    }

    static let noStore = (name: "Cache-Control", value: "no-store")
}
