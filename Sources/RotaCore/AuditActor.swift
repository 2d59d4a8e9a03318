/// Who does something: a person, a policy, or Rota itself.
package struct AuditActor: Hashable, Sendable, ExpressibleByStringInterpolation, CustomStringConvertible {
    /// Such as `cli:alice`, `token:deploy`, `policy:production-rotation`, `rota`.
    package var name: String
    /// What it was asked for by; nil where nobody asked over HTTP.
    package var request: RequestOrigin?

    package init(_ name: String, request: RequestOrigin? = nil) {
        self.name = name
        self.request = request
    }

    package init(stringLiteral name: String) { self.init(name) }

    package var description: String { name }
}

/// A request as the audit log knows it.
package struct RequestOrigin: Hashable, Sendable {
    /// As it is answered with (`X-Request-Id`), and in the log of the server.
    package var id: String
    /// Of whoever sent it; nil where it came over a Unix socket, or a proxy did not say.
    package var address: String?

    package init(id: String, address: String?) {
        self.id = id
        self.address = address
    }
}
