/// One request, whole and checked: a plain value.
package struct Request: Sendable {
    /// Which request of this server it is, from 1.
    package var number: UInt64
    /// In capitals, as it came.
    package var method: String
    package var target: Target
    package var headers: Headers
    package var body: [UInt8]
    package var peer: Peer

    package init(
        number: UInt64 = 0, method: String, target: Target, headers: Headers = Headers(), body: [UInt8] = [],
        peer: Peer = .unix
    ) {
        self.number = number
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.peer = peer
    }
}
