/// One request, whole and checked: a plain value.
package struct Request: Sendable {
    /// What it is called in the log, and in its answer as `X-Request-Id`: a name that it came with, or one of ours,
    /// which no other request ever has.
    package var id: String
    /// In capitals, as it came.
    package var method: String
    package var target: Target
    package var headers: Headers
    package var body: [UInt8]
    /// The body of a request that brings a file.
    package var file: SpooledBody?
    package var peer: Peer

    package init(
        id: String = "", method: String, target: Target, headers: Headers = Headers(), body: [UInt8] = [],
        peer: Peer = .unix
    ) {
        self.id = id
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.peer = peer
    }
}
