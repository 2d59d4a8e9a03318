/// One numbered step of the schema, in both dialects; a released step never changes.
struct Migration: Sendable {
    let number: Int64
    let sqlite: String
    let postgres: String

    /// All steps, in order, and numbered without a gap: a store remembers the number of the last one alone.
    static let all: [Migration] = [
        .first, .places, .runs, .usage, .schedules, .overlaps, .firstBases, .appendOnly, .blocks, .disabledEndpoints,
        .freezes, .quarantines, .earlyRetirement, .absences, .obstacles, .facts, .unused, .notices, .endsAtClaims,
        .plans, .waivers, .sources, .findingCounts, .gauges, .lists, .checkpoints,
        .pastStates, .witnesses, .retention, .served, .usageOrigins, .usageReportTimes,
    ]

    /// A step for which the dialects have no words in common.
    init(number: Int64, sqlite: String, postgres: String) {
        self.number = number
        self.sqlite = sqlite
        self.postgres = postgres
    }

    /// The step is written once, around the few words in which the dialects differ.
    init(number: Int64, _ text: (_ dialect: Dialect) -> String) {
        self.number = number
        sqlite = text(.sqlite)
        postgres = text(.postgres)
    }
}

/// The words in which the two databases differ.
struct Dialect: Sendable {
    /// A whole number of 64 bits.
    let integer: String
    let bytes: String
    /// Text that is ordered by its bytes, whatever the locale.
    let ordered: String
    /// A row number that the database gives, and never gives again.
    let growing: String
    /// What stands after the last bracket of CREATE TABLE.
    let strict: String

    static let sqlite = Dialect(
        integer: "INTEGER", bytes: "BLOB", ordered: "TEXT", growing: "INTEGER PRIMARY KEY AUTOINCREMENT",
        strict: " STRICT")
    static let postgres = Dialect(
        integer: "BIGINT", bytes: "BYTEA", ordered: "TEXT COLLATE \"C\"",
        growing: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", strict: "")
}
