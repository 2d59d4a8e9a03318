import Glibc
import Synchronization

/// Time as a server needs it: ticks since its start, counted by the reaper's thread.
///
/// A tick that comes late makes somebody wait longer and harms nobody, so nothing here reads a clock.
final class Ticker: Sendable {
    static let millisecondsPerTick = 100
    private let ticks = Atomic(0)

    var now: Int { ticks.load(ordering: .relaxed) }
    func advance() { ticks.wrappingAdd(1, ordering: .relaxed) }
}

/// When a connection has taken too long, in ticks.
///
/// libmicrohttpd knows idle times only: a byte every second would hold a connection for ever.
struct Patience {
    private let request: Int
    private let idle: Int
    private let response: Int
    private let file: Int

    init(_ limits: Limits) {
        request = limits.requestMilliseconds / Ticker.millisecondsPerTick
        idle = limits.idleMilliseconds / Ticker.millisecondsPerTick
        response = limits.responseMilliseconds / Ticker.millisecondsPerTick
        file = limits.fileMilliseconds / Ticker.millisecondsPerTick
    }

    /// - parameters:
    ///   - isCrowded: connections are becoming scarce; then a quarter of the time must do.
    ///   - isDraining: the server is about to stop; then nobody waits for a next request.
    func isOver(_ connection: Connection, now: Int, isCrowded: Bool, isDraining: Bool) -> Bool {
        let (phase, since) = connection.progress
        let allowed: Int
        switch phase {
        case .handling: return false
        case .idle where isDraining: return true
        case .fresh where isDraining: allowed = min(request, 1000 / Ticker.millisecondsPerTick)
        case .fresh, .receiving: allowed = request
        case .idle: allowed = idle
        case .sending: allowed = response
        case .uploading, .sendingFile: allowed = file
        }
        // The tick in which it began was not a whole one.
        return now - since > (isCrowded ? allowed / 4 : allowed)
    }
}
