import Engine
import Reports
import RotaCore
import SQLite
import Stores
import TestSupport
import Testing

/// What is older than it is kept goes, a little at a time; what is younger stays, whatever is set or written by hand.
@Suite struct RetentionTests {
    private static let all = Retention(
        Dictionary(uniqueKeysWithValues: RecordKind.allCases.map { ($0, TimeSpan.days(396)) }))
    /// Rows of each kind that are older than an instant and not needed any more, by words of their own.
    private static let old: [RecordKind: String] = [
        .findings: "SELECT count(*) FROM findings WHERE closed_at < $1",
        .actions: "SELECT count(*) FROM run_actions WHERE run IN (SELECT id FROM runs WHERE finished_at < $1)",
        .deliveries: """
        SELECT count(*) FROM events WHERE at < $1 AND id NOT IN
          (SELECT event_id FROM deliveries WHERE state = 'waiting' OR changed_at >= $1)
        """,
        .uses: """
        SELECT (SELECT count(*) FROM usage u WHERE day < $1 AND day <
            (SELECT max(day) FROM usage n WHERE n.token_id = u.token_id AND n.version = u.version AND n.day < $1))
          + (SELECT count(*) FROM usage_reports u WHERE noted_at < $1 AND noted_at <
            (SELECT max(noted_at) FROM usage_reports n WHERE n.token_id = u.token_id AND n.noted_at < $1))
        """,
    ]
    private static let tables = ["findings", "run_actions", "events", "deliveries", "usage", "plans", "usage_reports"]

    private func number(_ quarter: SimulatedQuarter, _ sql: String, _ instant: Instant? = nil) throws -> Int {
        let path = String(quarter.location.dropFirst("sqlite:".count))
        let connection = try Connection(path: path, mode: .readOnly)
        var count = 0
        try connection.query(sql.replacing("$1", with: "\(instant?.seconds ?? 0)")) { row in
            count = Int(row.integer(0))
            return true
        }
        return count
    }

    private func execute(_ quarter: SimulatedQuarter, _ sql: String) throws {
        let path = String(quarter.location.dropFirst("sqlite:".count))
        try Connection(path: path, mode: .readWrite).executeScript("PRAGMA foreign_keys = OFF; \(sql)")
    }

    private func pruner(_ quarter: SimulatedQuarter, _ retention: Retention = all) -> Pruner {
        Pruner(store: quarter.store, retention: retention, clock: quarter.clock)
    }

    @Test func `what is older than thirteen months goes, and all else and the proof of it stay`() async throws {
        let quarter = try SimulatedQuarter(seed: 5)
        try await quarter.live(reportsAt: [])
        // In the middle of the quarter is then what was thirteen months ago.
        quarter.clock.advance(by: .days(396 - 45))
        let horizon = (quarter.clock.now() - .days(396)).midnight
        let before = try Self.tables.map { try number(quarter, "SELECT count(*) FROM \($0)") }
        let old = try Self.old.mapValues { try number(quarter, $0, horizon) }
        #expect(old.values.allSatisfy { $0 > 0 }, "\(old)")
        let entries = try await quarter.store.read { try $0.newestEntry() }

        let removed = try await pruner(quarter).prune(actor: "rota")

        for (kind, count) in old {
            #expect(removed.first { $0.kind == kind }?.rows == count, "\(kind)")
            #expect(try number(quarter, Self.old[kind] ?? "", horizon) == 0, "\(kind)")
        }
        let after = try Self.tables.map { try number(quarter, "SELECT count(*) FROM \($0)") }
        #expect(before[0] - after[0] == old[.findings] && before[1] - after[1] == old[.actions])
        #expect(before[2] - after[2] == old[.deliveries] && before[4] - after[4] + before[6] - after[6] == old[.uses])
        #expect(after[3] > 0 && after[3] < before[3])
        // One entry says so; and there is no second one where nothing is left.
        #expect(try await quarter.store.read { try $0.newestEntry() } == entries + 1)
        #expect(try await pruner(quarter).prune(actor: "rota").isEmpty)
        #expect(try await quarter.store.read { try $0.newestEntry() } == entries + 1)

        let folder = quarter.scratch.path
        let store = try openStore(at: quarter.location, endpoints: [])
        defer { store.close() }
        let verdict = try verifyState(of: store, in: "\(folder)/a")
        #expect(verdict.faults == [])
        // Younger ones are not to be taken away by hand, nor is it to be said that they may.
        try execute(quarter, "DELETE FROM findings WHERE id = (SELECT max(id) FROM findings WHERE closed_at NOTNULL)")
        try execute(quarter, "UPDATE store SET value = '\(quarter.clock.now().seconds)' WHERE key = 'pruned.findings'")
        let found = try verifyState(of: store, in: "\(folder)/b")
        #expect(Set(found.faults.map(\.kind)) == ["finding", "store"])
    }

    @Test func `a row of the last thirteen months is never removed, whatever is set`() async throws {
        let quarter = try SimulatedQuarter(seed: 6)
        try await quarter.live(reportsAt: [])
        quarter.clock.advance(by: .days(200))
        let before = try Self.tables.map { try number(quarter, "SELECT count(*) FROM \($0)") }
        func after() throws -> [Int] { try Self.tables.map { try number(quarter, "SELECT count(*) FROM \($0)") } }

        let day = Retention(Dictionary(uniqueKeysWithValues: RecordKind.allCases.map { ($0, TimeSpan.days(1)) }))
        #expect(try await pruner(quarter, day).prune(actor: "rota").isEmpty)
        #expect(try after() == before)
        // Nor where somebody asks the store itself for it, or has written into it that they may go.
        let now = quarter.clock.now()
        await #expect(throws: StoreError.self) {
            try await quarter.store.write { store in
                try store.announcePruning(
                    [PrunedRecords(kind: .findings, horizon: now - .days(395), rows: 1, isCut: false)],
                    change: Change(actor: "cli:mallory", at: now, cause: "test"))
            }
        }
        for kind in RecordKind.allCases {
            try execute(quarter, "INSERT INTO store (key, value) VALUES ('pruned.\(kind.rawValue)', '\(now.seconds)')")
            #expect(try await quarter.store.write { try $0.prune(kind, limit: 1000, at: now) } == 0, "\(kind)")
        }
        #expect(try after() == before)
    }

    @Test func `a report of an instant since the horizon is the same, whatever has gone`() async throws {
        let quarter = try SimulatedQuarter(seed: 9)
        try await quarter.live(reportsAt: [])
        quarter.clock.advance(by: .days(396 - 45))
        let horizon = (quarter.clock.now() - .days(396)).midnight
        let store = try openStore(at: quarter.location, endpoints: [])
        defer { store.close() }
        func made(_ days: Int64) throws -> [ReportKind: String] {
            let instant = horizon + .days(days)
            let past = try PastStore(of: store, at: instant, period: .hours(12), in: "\(quarter.scratch.path)/past")
            defer { past.remove() }
            let request = quarter.request(now: quarter.clock.now(), asOf: instant, period: .hours(12))
            return try SimulatedQuarter.files(request, from: past.store)
        }
        let days: [Int64] = [1, 3, 9]
        let before = try days.map(made)
        #expect(try await !pruner(quarter, Retention([.uses: .days(396)])).prune(actor: "rota").isEmpty)
        #expect(try days.map(made) == before)
    }

    @Test func `nothing is removed while there is a brake`() async throws {
        let quarter = try SimulatedQuarter(seed: 7)
        try await quarter.live(reportsAt: [])
        quarter.clock.advance(by: .days(500))
        let now = quarter.clock.now()
        try await quarter.store.write { store in
            try store.freeze(
                Freeze(reason: "a question of the court", actor: "cli:alice", begunAt: now, endsAt: nil),
                change: Change(actor: "cli:alice", at: now, cause: "freeze"))
        }
        let count = try number(quarter, "SELECT count(*) FROM findings")
        #expect(try await pruner(quarter).prune(actor: "rota").isEmpty)
        #expect(try number(quarter, "SELECT count(*) FROM findings") == count)
    }

    @Test func `a report of what is gone says so, and shows no zeros in its place`() async throws {
        let quarter = try SimulatedQuarter(seed: 8)
        try await quarter.live(reportsAt: [])
        let end = quarter.clock.now()
        quarter.clock.advance(by: .days(396 - 45))
        _ = try await pruner(quarter).prune(actor: "rota")
        let horizon = (quarter.clock.now() - .days(396)).midnight
        let store = try openStore(at: quarter.location, endpoints: [])
        defer { store.close() }
        let past = try PastStore(of: store, at: end, period: .days(90), in: "\(quarter.scratch.path)/past")
        defer { past.remove() }
        let request = quarter.request(now: quarter.clock.now(), asOf: end, period: .days(90))
        let files = try SimulatedQuarter.files(request, from: past.store)
        for (kind, words) in [
            (ReportKind.html, "Not all of the period is known"), (.markdown, "Not all of the period"),
        ] {
            let text = try #require(files[kind])
            #expect(text.contains(words) && text.contains("what runs did before \(horizon.date)"), "\(kind)")
        }
        let json = try #require(files[.json])
        #expect(json.contains("{\"kind\":\"actions\",\"before\":\"\(horizon)\"}"))
        // What is told of runs begins where it is known; findings are in the log, all of them.
        #expect(json.contains("\"activity\":{\"from\":\"\(horizon)\"") || json.contains("\"from\":\"\(horizon)\""))
        #expect(!json.contains("\"kind\":\"findings\",\"before\""))
        // A period that is known as a whole is told without a word of it.
        let short = quarter.request(now: quarter.clock.now(), asOf: end, period: .days(7))
        #expect(try SimulatedQuarter.files(short, from: past.store)[.html]?.contains("Not all of the period") == false)
    }
}
