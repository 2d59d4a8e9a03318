import Crypto
import Dispatch
import HTTPServer

/// Threads for questions that take longer than a verification can wait: the threads of the HTTP server, each of which
/// has connections of its own, stay free for those.
final class Workers: Sendable {
    private struct Line: Sendable {
        let queue: DispatchQueue
        /// What is under way there and waits.
        var length = 0
    }

    /// How many questions are looked into at once: each reader has its own connection to the store.
    private static let count = 4
    /// How many wait for one thread before whoever comes next is sent away.
    private static let longest = 64

    private let lines = Locked<[Line]>(
        (0..<Workers.count).map { Line(queue: DispatchQueue(label: "rota.api.\($0)")) })

    /// Has it answered on the thread where the fewest wait; with 503 at once where too many wait everywhere.
    func answer(_ body: @escaping @Sendable () -> Response) -> Answer {
        .later { [self] respond in
            let line = lines.withLock { lines -> (index: Int, queue: DispatchQueue)? in
                guard let index = lines.indices.min(by: { lines[$0].length < lines[$1].length }),
                    lines[index].length < Self.longest
                else { return nil }
                lines[index].length += 1
                return (index, lines[index].queue)
            }
            guard let line else {
                return respond(
                    .problem(
                        503, "Unavailable", detail: "too many questions wait: try again in a moment",
                        headers: [API.noStore, ("Retry-After", "1")]))
            }
            line.queue.async { [self] in
                let response = body()
                lines.withLock { $0[line.index].length -= 1 }
                respond(response)
            }
        }
    }
}
