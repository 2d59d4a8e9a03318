package import JSON

/// What is answered: a plain value.
package struct Response: Sendable {
    package var status: Int
    /// Values hold no control character: what does is not sent.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// The body, where it is too long for memory.
    package var spooled: SpooledBody?
    /// The connection ends with it.
    package var closes = false

    package init(_ status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A JSON document.
    package static func json(
        _ body: [UInt8], status: Int = 200, headers: [(name: String, value: String)] = []
    ) -> Response {
        Response(status, headers: [("Content-Type", "application/json")] + headers, body: body)
    }

    /// What went wrong, as RFC 9457 has it.
    ///
    /// - parameters:
    ///   - title: what kind of problem, the same each time.
    ///   - detail: what it was this time, without anything that is nobody's business.
    ///   - members: writes further members of the document, each a key with its value.
    package static func problem(
        _ status: Int, _ title: String, detail: String? = nil, headers: [(name: String, value: String)] = [],
        members: (inout JSONWriter) -> Void = { _ in }
    ) -> Response {
        var writer = JSONWriter(reservingCapacity: 128)
        writer.beginObject()
        writer.key("title")
        writer.string(title)
        writer.key("status")
        writer.integer(status)
        if let detail {
            writer.key("detail")
            writer.string(detail)
        }
        members(&writer)
        writer.endObject()
        return Response(
            status, headers: [("Content-Type", "application/problem+json")] + headers, body: writer.bytes)
    }

    /// The same on a connection that ends with it.
    package func closing() -> Response {
        var response = self
        response.closes = true
        return response
    }
}

/// How a handler answers.
package enum Answer: Sendable {
    case now(Response)
    /// Somebody else will have the answer, on a thread of his own: the connection waits, and its thread serves
    /// others. The closure is called at once, with whom to give the answer to.
    case later(@Sendable (Responder) -> Void)
}
