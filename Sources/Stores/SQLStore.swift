import Engine
import JSON
import RotaCore
import SQLite

/// The token store over whichever database its driver speaks to.
///
/// Reads are in `SQLStore+Reads`; every transition of a token, a version or a push row is in `Gate`; what
/// else is written is in `SQLStore+Tokens`, `SQLStore+Runs` and `SQLStore+Schedules`; audit entries and events
/// in `Journal`.
final class SQLStore: Store {
    let driver: any Driver
    /// Who gets events: settled when an event is written.
    private(set) var endpoints: [Endpoint]
    private var decoder = TokenDecoder()

    /// A row of `tokens`.
    func decode(_ row: borrowing Row) throws -> Token { try decoder.decode(row) }

    /// A row that has only what a token is judged by.
    func decodeJudged(_ row: borrowing Row) throws -> Token { try decoder.decodeJudged(row) }

    /// Within `load`: what would be looked up has been looked at, and there is no index to do it by.
    private(set) var isLoading = false

    /// What lies beside the store.
    private(set) var mark: StoreMarkFile?
    /// Why the clock that this process goes by cannot be acted on.
    var clockDoubt: ClockDoubt?
    /// Asks the clock itself.
    var clockLook: (@Sendable () -> ClockDoubt?)?
    /// The freezes that are known beforehand.
    var calendar: FreezeCalendar?
    /// Of a store that was rebuilt: what had been sent by then, of which it has no rows.
    var deliveriesThen: DeliveryCounts?
    /// Of the transaction that is under way: whether the store was in doubt at its beginning, the generation that has
    /// begun in it, whether it has an audit entry, and what of the clock goes with it.
    private(set) var doubtAtBegin: StoreDoubt?
    var begunGeneration: Int64?
    var hasAudited = false
    var keptClock: ClockMark?

    init(_ driver: any Driver, endpoints: [Endpoint]) {
        self.driver = driver
        self.endpoints = endpoints
        mark = driver.mark()
    }

    func transaction<R>(_ body: () throws -> R) throws -> R {
        var next: ((FileIdentity, FileIdentity) -> StoreMark)?
        // Of a task that has the store to itself, as a command that a server does has; the queue sees to its own.
        let first = FirstChange.coming
        return try driver.transaction {
            doubtAtBegin = try lookForDoubt()
            (begunGeneration, hasAudited, keptClock) = (nil, false, nil)
            try first?.check(in: self)
            let result = try body()
            next = try nextMark()
            return result
        } committed: {
            first?.noteMade()
            if let next { mark?.write(next) }
        }
    }

    /// Marks a store that is new, or comes from a release that made no mark, within the transaction that makes it what
    /// it is.
    ///
    /// - parameter replacing: whether over a mark that is there; that of a store which was here before says nothing.
    func markAtBegin(replacing: Bool) throws {
        guard let mark, replacing || mark.read() == nil else { return }
        (begunGeneration, hasAudited, keptClock) = (try identity().generation, true, nil)
        if let next = try nextMark() { self.mark?.write(next) }
    }

    func savepoint<R>(_ body: () throws -> R) throws -> R {
        try driver.savepoint(body)
    }

    func snapshot<R>(_ body: () throws -> R) throws -> R {
        try driver.snapshot(body)
    }

    func takeUpService() -> Bool {
        driver.keepLittle()
        return driver.hold(.service)
    }

    func announce(to endpoints: [Endpoint]) {
        self.endpoints = endpoints
    }

    func load<R>(_ body: () throws -> R) throws -> R {
        isLoading = true
        defer { isLoading = false }
        return try driver.withoutIndexes(of: ["tokens", "versions", "destinations"], body)
    }

    func close() {
        driver.close()
    }

    // MARK: - Identity

    /// Writes down which store this is, once, when it is made.
    func begin(_ identity: StoreIdentity, change: Change) throws {
        let facts = [
            ("instance", identity.instance), ("generation", String(identity.generation)),
            ("created_at", String(identity.createdAt.seconds)),
        ]
        for (key, value) in facts { try driver.execute(.addFact, [.text(key), .text(value)]) }
        try audit(
            "store.init", of: identity.instance, change,
            ["generation": .integer(identity.generation), Self.toldInFull: true])
    }

    func identity() throws -> StoreIdentity {
        let instance = try fact("instance") { $0 }
        return StoreIdentity(
            instance: instance, generation: try fact("generation", Int64.init),
            generationID: try driver.first(.fact, [.text("generation_id")]) { $0.text(0) } ?? "",
            createdAt: Instant(seconds: try fact("created_at", Int64.init)))
    }

    private func fact<R>(_ key: String, _ read: (String) -> R?) throws -> R {
        guard let value = try driver.first(.fact, [.text(key)], { read($0.text(0)) }) ?? nil else {
            throw StoreError.unusable("the store does not say its \(key)", hint: "restore it from a backup")
        }
        return value
    }
}
