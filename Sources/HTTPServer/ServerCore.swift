import Addresses
import CMicroHTTPD
import Crypto
import Synchronization

/// What all connections of a server share; libmicrohttpd's callbacks get a pointer to it.
final class ServerCore: Sendable {
    let limits: Limits
    let handler: @Sendable (Request) -> Answer
    let observer: (@Sendable (Served) -> Void)?
    let files: FileReception?
    let fileSlots: FileSlots
    let connections: ConnectionTable
    let pending = PendingAnswers()
    let ticker = Ticker()
    /// Random, so that no two starts of a server have the same names for their requests.
    private let series = Hex.encode(Random.bytes(8))
    private let numbers = Atomic<UInt64>(0)
    private let draining = Atomic(false)
    /// The tick in which another one took over; negative before.
    private let retiredAt = Atomic(-1)

    init(
        limits: Limits, trustedProxies: [CIDR], observer: (@Sendable (Served) -> Void)?, files: FileReception?,
        handler: @escaping @Sendable (Request) -> Answer
    ) {
        self.limits = limits
        self.handler = handler
        self.observer = observer
        self.files = files
        fileSlots = FileSlots(limits.files)
        connections = ConnectionTable(perAddress: limits.connectionsPerAddress, unlimited: trustedProxies)
    }

    var isDraining: Bool { draining.load(ordering: .relaxed) }
    /// Whether a connection ends with its next answer.
    var isLeaving: Bool { isDraining || ticksSinceRetired != nil }
    var ticksSinceRetired: Int? {
        let tick = retiredAt.load(ordering: .relaxed)
        return tick < 0 ? nil : ticker.now - tick
    }
    /// Another one serves those who come from now on.
    func retire() { retiredAt.store(ticker.now, ordering: .relaxed) }
    func drain() { draining.store(true, ordering: .relaxed) }
    func newRequestID() -> String { "\(series)-\(numbers.wrappingAdd(1, ordering: .relaxed).newValue)" }

    /// Moves time on, and shuts who is too slow.
    func tick() {
        ticker.advance()
        shutSlow()
    }

    func shutSlow() {
        let patience = Patience(limits)
        let now = ticker.now
        let isDraining = isDraining
        let isCrowded = connections.count > limits.connections / 4 * 3
        connections.shut { patience.isOver($0, now: now, isCrowded: isCrowded, isDraining: isDraining) }
    }
}
