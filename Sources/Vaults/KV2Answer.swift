import Crypto
import Engine
import HTTPClient
import JSON
import RotaCore

/// What the server holds at a path: the newest version and its fields.
struct KV2Content: Sendable {
    /// 0 when nothing was ever written.
    var version: Int64
    /// Empty when the newest version is deleted or destroyed.
    var fields: JSON.Object
    /// Whether the version was deleted, so that its fields cannot be told.
    var isDeleted = false

    /// The value of a field; what is not a text comes as its JSON.
    func value(of field: String) -> Secret? {
        switch fields[field] {
        case nil: nil
        case .string(let text): Secret(utf8: text)
        case let other?: Secret(utf8: other.serialized())
        }
    }

    /// The body of a conditional write of these fields over this version.
    func body(of fields: JSON.Object) -> [UInt8] {
        let request: JSON = ["options": ["cas": .integer(version)], "data": .object(fields)]
        return request.serializedBytes()
    }
}

/// Printing it shows no field: one of them is the value.
extension KV2Content: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    var description: String { "version \(version), \(fields.count) fields" }
    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(self, children: []) }
}

/// What came back. Errors made of it hold the server's own `errors` texts and nothing else of the body.
struct KV2Answer: Sendable {
    let response: Response
    let purpose: Purpose
    /// What went out with the request: must not come back in a message.
    let secrets: [Secret]

    var document: JSON? {
        try? JSON.parse(response.body, maximumBytes: Exchange.largestAnswer)
    }

    /// Reads the answer to a read of `data/...`.
    func content() throws(VaultError) -> KV2Content {
        guard response.status == 200 || response.status == 404 else { throw failure }
        let data = document?["data"]
        let version = data?["metadata"]?["version"]?.integer
        if response.status == 404 {
            // A version that was deleted or destroyed still counts: the next write has to name it.
            if let version { return KV2Content(version: version, fields: [:], isDeleted: true) }
            guard errors == [] else { throw failure }
            return KV2Content(version: 0, fields: [:])
        }
        guard let version, version > 0, let data = data?["data"] else {
            throw VaultError(.garbled, "the answer is not that of a KV version 2 read")
        }
        // Written as `null` by other clients; the same as no fields.
        guard let fields = data.isNull ? [:] : data.object else {
            throw VaultError(.garbled, "the answer is not that of a KV version 2 read")
        }
        return KV2Content(version: version, fields: fields)
    }

    /// Reads the answer to a conditional write; throws unless the server says yes in its own words.
    func requireAccepted() throws(VaultError) {
        guard response.status == 200 else { throw failure }
        guard document?["data"]?["version"]?.integer != nil else {
            throw VaultError(.unknownOutcome, "the answer to the write is not that of a KV version 2 mount")
        }
    }

    /// What it means that the status is not the one of success.
    var failure: VaultError {
        let errors = errors
        let told = errors?.joined(separator: "; ") ?? ""
        let status = response.status
        let message = "status \(status)" + (told.isEmpty ? "" : ": \(presentable(told, hiding: secrets))")
        switch status {
        case 300..<400: return VaultError(.garbled, "\(message): a redirect, which is not followed")
        case 400 where told.contains("check-and-set"): return VaultError(.refused, message)
        case 401, 403: return VaultError(.denied, message)
        case 404: return VaultError(errors == nil ? .garbled : .missing, message)
        case 412, 429, 503: return VaultError(.transient, message, retryAfter: response.retryAfter)
        case 400..<500: return VaultError(.rejected, message)
        case 500...:
            return VaultError(
                purpose == .writing ? .unknownOutcome : .transient, message, retryAfter: response.retryAfter)
        default:
            return VaultError(
                purpose == .writing ? .unknownOutcome : .garbled,
                "\(message), which this interface never gives")
        }
    }

    /// The server's `errors`; nil when the answer is not one of its own.
    private var errors: [String]? {
        document?["errors"]?.array?.compactMap(\.string)
    }

    /// Whether our token was refused, or what it wanted.
    var isDenied: Bool { response.status == 401 || response.status == 403 }

    /// How long the server asked to be left alone before it will do what it has not done.
    var pauseAsked: TimeSpan? {
        response.status == 429 || response.status == 503 ? response.retryAfter : nil
    }
}
