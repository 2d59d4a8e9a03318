package import Crypto
package import Engine
package import HTTPClient
import JSON
package import RotaCore

/// An endpoint of any make that takes a value by a request which the configuration describes.
///
/// What it promises is up to what is described (``HTTPVaultConfiguration/capabilities``): without reading, the
/// endpoint's yes is all that is known of a write; without an ETag, the last of several writes wins.
package final class HTTPVault: Vault {
    package let name: String
    package let capabilities: VaultCapabilities

    /// The base of what has no version that we know of.
    private static let unversioned = "unversioned"
    /// The base of what is not there, where what is there has an ETag.
    private static let absent = "absent"

    private let configuration: HTTPVaultConfiguration
    private let credential: Credential?
    private let exchange: Exchange

    /// - Parameters:
    ///   - credential: for the header that the configuration names.
    ///   - client: with an address policy that lets it reach the endpoint; may be shared.
    package init(
        _ configuration: HTTPVaultConfiguration, credential: Credential?, client: HTTPClient, clock: any WallClock
    ) {
        name = configuration.name
        capabilities = configuration.capabilities
        self.configuration = configuration
        self.credential = credential
        exchange = Exchange(
            client: client, clock: clock, timeout: configuration.timeout,
            connectTimeout: configuration.connectTimeout,
            certificateAuthorityFile: configuration.certificateAuthorityFile,
            requestsInFlight: configuration.requestsInFlight)
    }

    /// Reads a place that nobody uses, where there is a way to read; else only sees that the credential is there.
    package func check() async throws(VaultError) {
        guard let reading = configuration.reading else {
            _ = try await credential?.read()
            return
        }
        let usesField = configuration.write.placeholders.contains(.field)
        let place = Destination(vault: name, path: "rota-check", field: usesField ? "rota-check" : nil)
        let answer = try await send(reading.call, to: place, for: .reading)
        guard reading.call.success.contains(answer.status) || answer.status == 404 else {
            throw failure(answer, for: .reading)
        }
    }

    package func probe(_ destination: Destination) async throws(VaultError) -> Observation {
        try requireUsable(destination)
        guard let reading = configuration.reading else {
            return Observation(base: Self.unversioned, value: nil)
        }
        let answer = try await send(reading.call, to: destination, for: .reading)
        if answer.status == 404 {
            return Observation(base: configuration.usesETag ? Self.absent : Self.unversioned, value: nil)
        }
        guard reading.call.success.contains(answer.status) else { throw failure(answer, for: .reading) }
        return Observation(base: try base(of: answer), value: try value(in: answer, reading, destination))
    }

    package func write(
        _ value: Secret, to destination: Destination, over observation: Observation
    ) async throws(VaultError) {
        guard let text = String(validating: value.copyBytes(), as: UTF8.self) else {
            throw VaultError(.rejected, "the value is not UTF-8, and this kind of vault takes texts")
        }
        try await change(configuration.write, destination, observation, value: text)
    }

    /// Never called by the engine, since nothing here can be fenced.
    package func fence(_ destination: Destination, at observation: Observation) async throws(VaultError) {
        throw VaultError(.rejected, "a place behind '\(name)' cannot be fenced")
    }

    package func remove(_ destination: Destination, at observation: Observation) async throws(VaultError) {
        guard let remove = configuration.remove else {
            throw VaultError(.rejected, "the vault '\(name)' has no 'remove' request; the value stays there")
        }
        guard !configuration.usesETag || observation.base != Self.absent else {
            // No condition says that nothing may be there: it is looked whether that is still so.
            guard try await probe(destination).base == Self.absent else {
                throw VaultError(.refused, "there is something now where nothing was")
            }
            return
        }
        try await change(remove, destination, observation)
    }
}

extension HTTPVault {
    private func change(
        _ call: HTTPVaultConfiguration.Call, _ destination: Destination, _ observation: Observation,
        value: String? = nil
    ) async throws(VaultError) {
        let answer = try await send(
            call, to: destination, value: value, condition: condition(observation), for: .writing)
        guard call.success.contains(answer.status) else { throw failure(answer, for: .writing) }
    }

    /// RFC 9110 section 13.1.
    private func condition(_ observation: Observation) -> (name: String, value: String)? {
        guard configuration.usesETag else { return nil }
        return observation.base == Self.absent ? ("If-None-Match", "*") : ("If-Match", observation.base)
    }

    private func send(
        _ call: HTTPVaultConfiguration.Call, to destination: Destination, value: String? = nil,
        condition: (name: String, value: String)? = nil, for purpose: Purpose
    ) async throws(VaultError) -> Response {
        try requireUsable(destination)
        func text(_ placeholder: Template.Placeholder) -> String {
            switch placeholder {
            case .value: value ?? ""
            case .path: destination.path
            case .field: destination.field ?? ""
            }
        }
        var headers = [condition].compactMap(\.self)
        for header in call.headers {
            let value = header.value.filled(text)
            guard value.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
                throw VaultError(.rejected, "header \(header.name) cannot hold anything but printable ASCII")
            }
            headers.append((header.name, value))
        }
        if let header = configuration.credential, let credential {
            let secret = try await credential.read()
            headers.append((header.name, header.prefix + String(decoding: secret.copyBytes(), as: UTF8.self)))
        }
        let request = Request(
            method: call.method, url: call.url.filled(path: destination.path, field: destination.field),
            headers: headers, body: call.body?.filled(text) ?? [])
        return try await exchange.send(request, for: purpose) { response in
            [429, 503].contains(response.status) ? response.retryAfter : nil
        }
    }

    /// A destination has a field exactly where the requests have a place for it: else two of them would be one.
    private func requireUsable(_ destination: Destination) throws(VaultError) {
        _ = try PercentEncoding.encode(path: destination.path)
        let usesField = configuration.write.placeholders.contains(.field)
        guard let field = destination.field else {
            guard !usesField else {
                throw VaultError(.rejected, "the vault '\(name)' needs a field: \(destination.path)#field")
            }
            return
        }
        guard usesField else {
            throw VaultError(.rejected, "the vault '\(name)' has no fields; take '#\(field.prefix(40))' out")
        }
        let isPlain = field.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        guard !field.isEmpty, field.utf8.count <= 256, isPlain, field != ".", field != ".." else {
            throw VaultError(.rejected, "a field has 1 to 256 bytes and no control characters")
        }
    }

    private func base(of answer: Response) throws(VaultError) -> String {
        guard configuration.usesETag else { return Self.unversioned }
        guard let tag = answer.header("ETag"), tag.hasPrefix("\""), tag.count >= 2, tag.hasSuffix("\"") else {
            throw VaultError(.garbled, "the answer has no strong ETag, and 'conditional: etag' needs one")
        }
        return tag
    }

    private func value(
        in answer: Response, _ reading: HTTPVaultConfiguration.Reading, _ destination: Destination
    ) throws(VaultError) -> Secret? {
        guard let pointer = reading.pointer else {
            return answer.body.isEmpty ? nil : Secret(copying: answer.body)
        }
        guard let document = try? JSON.parse(answer.body, maximumBytes: Exchange.largestAnswer) else {
            throw VaultError(.garbled, "the answer is not JSON")
        }
        switch pointer.find(in: document, path: destination.path, field: destination.field) {
        case nil, .null, .string(""): return nil
        case .string(let text): return Secret(utf8: text)
        case let other?: return Secret(utf8: other.serialized())
        }
    }

    /// What it means that the status is none of those that are a yes. The body is not shown: nobody knows what a
    /// server of any make repeats in it.
    private func failure(_ answer: Response, for purpose: Purpose) -> VaultError {
        let status = answer.status
        let isConditional = configuration.usesETag && purpose == .writing
        let uncertain: VaultError.Kind = purpose == .writing ? .unknownOutcome : .transient
        switch status {
        case 300..<400: return VaultError(.garbled, "status \(status): a redirect, which is not followed")
        case 409, 412:
            return isConditional
                ? VaultError(.refused, "status \(status): it has changed since it was read")
                : VaultError(.rejected, "status \(status)")
        case 401, 403, 407: return VaultError(.denied, "status \(status)")
        case 404, 405, 410: return VaultError(.missing, "status \(status)")
        case 408: return VaultError(uncertain, "status \(status)")
        case 429, 503: return VaultError(.transient, "status \(status)", retryAfter: answer.retryAfter)
        case 400..<500: return VaultError(.rejected, "status \(status)")
        case 500...: return VaultError(uncertain, "status \(status)", retryAfter: answer.retryAfter)
        default:
            return VaultError(
                purpose == .writing ? .unknownOutcome : .garbled,
                "status \(status), which is not among the ones for success")
        }
    }
}
