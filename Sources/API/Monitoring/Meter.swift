import Crypto
import HTTPServer

/// How often each question was asked, what was answered, and how long that took, since the process began.
final class Meter: Sendable {
    /// What is told apart of requests, by its place in the count.
    enum Endpoint: Int, CaseIterable {
        case authorize, introspect, revoke, holder, operations, pages

        var name: String {
            switch self {
            case .authorize: "authorize"
            case .introspect: "introspect"
            case .revoke: "revoke"
            case .holder: "self"
            case .operations: "api"
            case .pages: "pages"
            }
        }

        /// Whether it answers what a value is worth, which somebody waits for at each request of his own.
        var verifies: Bool { self == .authorize || self == .introspect }
    }

    /// Of one endpoint. Flat arrays, since it is counted within a few microseconds of each answer.
    struct Counts {
        /// By status, below 600.
        var answers = [Int](repeating: 0, count: 600)
        /// How many took no longer than each of the bounds, those of the smaller bounds not among them; and longer.
        var durations = [Int](repeating: 0, count: Meter.bounds.count + 1)
        /// All of them together, in nanoseconds.
        var nanoseconds: UInt64 = 0
    }

    /// In seconds: from what a look into memory takes to what nobody waits for.
    static let bounds = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 10]
    private static let boundsInNanoseconds = bounds.map { UInt64($0 * 1e9) }

    private let counts = Locked([Counts](repeating: Counts(), count: Endpoint.allCases.count))
    private let nanoseconds: @Sendable () -> UInt64

    /// - parameter nanoseconds: a clock that only goes forward.
    init(_ nanoseconds: @escaping @Sendable () -> UInt64) { self.nanoseconds = nanoseconds }

    /// What was counted, by endpoint.
    var readings: [(endpoint: Endpoint, counts: Counts)] {
        Array(zip(Endpoint.allCases, counts.withLock(\.self)))
    }

    /// Answers by `body`, and counts it: when the answer is there, be it later.
    func counted(_ endpoint: Endpoint, _ body: () throws -> Answer) rethrows -> Answer {
        let start = nanoseconds()
        do {
            switch try body() {
            case .now(let response):
                count(endpoint, response.status, since: start)
                return .now(response)
            case .later(let begin):
                return .later { [self] respond in
                    begin(
                        Responder { [self] response in
                            count(endpoint, response.status, since: start)
                            respond(response)
                        })
                }
            }
        } catch {
            count(endpoint, API.trouble(error).status, since: start)
            throw error
        }
    }

    private func count(_ endpoint: Endpoint, _ status: Int, since start: UInt64) {
        let end = nanoseconds()
        let taken = end > start ? end - start : 0
        let bound = Self.boundsInNanoseconds.firstIndex { taken <= $0 } ?? Self.bounds.count
        counts.withLock { counts in
            counts[endpoint.rawValue].answers[status] += 1
            counts[endpoint.rawValue].durations[bound] += 1
            counts[endpoint.rawValue].nanoseconds += taken
        }
    }
}
