/// The whole answer to a request.
///
/// Printing it shows the status and the size, never headers or body.
package struct Response: Sendable {
    package let status: Int
    /// As received, in order; names keep their case.
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]

    package init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The first value of a header, whatever the case of its name.
    package func header(_ name: String) -> String? {
        let wanted = name.lowercased()
        return headers.first { $0.name.lowercased() == wanted }?.value
    }
}

extension Response: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "status \(status), \(body.count) bytes" }
    package var debugDescription: String { description }
    /// Empty, so that `dump` and printed containers show no body either.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
