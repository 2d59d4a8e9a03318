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

    private let lines: Locked<[Line]>
    /// How many are under way and wait for one thread before whoever comes next is sent away.
    private let longest: Int
    /// Whoever is sent away is told to come again after so many seconds.
    private let patience: Int

    /// - parameter count: how many questions are looked into at once: each reader has its own connection to the store.
    init(count: Int = 4, longest: Int = 64, patience: Int = 1) {
        lines = Locked((0..<count).map { Line(queue: DispatchQueue(label: "rota.api.\($0)")) })
        self.longest = longest
        self.patience = patience
    }

    /// Has it done on the thread where the fewest wait; false, and it is never done, where too many wait everywhere.
    func take(_ body: @escaping @Sendable () -> Void) -> Bool {
        let line = lines.withLock { lines -> (index: Int, queue: DispatchQueue)? in
            guard let index = lines.indices.min(by: { lines[$0].length < lines[$1].length }),
                lines[index].length < longest
            else { return nil }
            lines[index].length += 1
            return (index, lines[index].queue)
        }
        guard let line else { return false }
        line.queue.async { [self] in
            body()
            lines.withLock { $0[line.index].length -= 1 }
        }
        return true
    }

    /// Has it answered on one of the threads; with 503 at once where too many wait.
    func answer(_ body: @escaping @Sendable () -> Response) -> Answer {
        .later { [self] respond in
            if !take({ respond(body()) }) { respond(busy) }
        }
    }

    var busy: Response {
        .problem(
            503, "Unavailable", detail: "too many questions wait: try again in a moment",
            headers: [API.noStore, ("Retry-After", String(patience))])
    }
}
