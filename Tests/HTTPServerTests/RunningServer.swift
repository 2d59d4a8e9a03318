import Addresses
import Crypto
import Glibc
import HTTPServer
import Testing

/// A server on a free port that says back what it understood.
final class RunningServer: Sendable {
    let listener: Listener
    let seen = Locked<[Request]>([])

    init(
        _ change: (inout Listener.Configuration) -> Void = { _ in },
        answer: @escaping @Sendable (Request) -> Answer = { .now(RunningServer.echo($0)) }
    ) throws {
        let seen = seen
        guard let address = ListenAddress("127.0.0.1:0") else { throw RawClient.Failed(errno: 0) }
        var configuration = Listener.Configuration(address)
        configuration.threads = 2
        change(&configuration)
        listener = try Listener.start(configuration) { request in
            seen.withLock { $0.append(request) }
            return answer(request)
        }
    }

    static func echo(_ request: Request) -> Response {
        let path = request.target.segments.joined(separator: "|")
        return Response(200, body: Array("\(request.method) \(path) \(request.body.count)".utf8))
    }

    var port: UInt16 {
        if case .tcp(_, let port) = listener.address { port } else { 0 }
    }

    /// Runs a test against it, and stops it whatever comes.
    static func use(
        _ change: (inout Listener.Configuration) -> Void = { _ in },
        answer: @escaping @Sendable (Request) -> Answer = { .now(RunningServer.echo($0)) },
        _ body: (RunningServer) async throws -> Void
    ) async throws {
        let server = try RunningServer(change, answer: answer)
        do {
            try await body(server)
        } catch {
            await server.listener.stop(within: 0)
            throw error
        }
        await server.listener.stop(within: 0)
    }

    /// Sends bytes on a connection of their own; what comes back until the server closes it.
    func exchange(_ bytes: [UInt8]) throws -> (text: String, isClosed: Bool) {
        let client = try RawClient(port: port)
        client.send(bytes)
        return client.readToEnd()
    }
}

/// Waits, at most twenty seconds, for something that another thread does; no thread of the pool is held meanwhile.
func eventually(_ condition: () throws -> Bool) async throws {
    for _ in 0..<20_000 {
        if try condition() { return }
        // What is waited for is another thread's doing, of which nobody is told: it is looked for again.
        try await Task.sleep(for: .milliseconds(1))
    }
    #expect(try condition())
}

/// Waits for the server's own threads, which tell nobody when they are done: a look each millisecond, for twenty
/// seconds at the most, so that one that never is fails the test and does not keep the others.
func waitUntil(_ isSo: () -> Bool) {
    for _ in 0..<20_000 where !isSo() { usleep(1000) }
    #expect(isSo())
}
