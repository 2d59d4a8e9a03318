/// What one server takes on, so that nobody can exhaust it.
///
/// Times are in milliseconds. They bound the whole of a step, however busily its bytes trickle.
package struct Limits: Hashable, Sendable {
    /// Open connections; further ones wait in the system's queue.
    package var connections = 4096
    /// Open connections of one address (of one /64 for IPv6); further ones are closed at once. Trusted proxies,
    /// who speak for many, and Unix sockets are counted in the total only.
    package var connectionsPerAddress = 256
    /// Bytes from the method to the end of the header.
    package var headBytes = 16 << 10
    package var headerFields = 100
    package var bodyBytes = 64 << 10
    /// The same for a request that brings a file; and how long it may take to come, as a long answer may to be taken.
    package var fileBytes = 64 << 20
    package var fileMilliseconds = 600_000
    /// How many bring one at a time.
    package var files = 4
    /// From the opening of a connection, or the first line of a request, to the request's last byte.
    package var requestMilliseconds = 10_000
    /// From one request's end to the next one's first line.
    package var idleMilliseconds = 75_000
    /// For the answer to be taken.
    package var responseMilliseconds = 30_000

    package init() {}
}
