/// One numbered step of the schema, with both dialects side by side; a released step never changes.
struct Migration: Sendable {
    let number: Int
    let sqlite: String
    let postgres: String

    /// All steps, in order.
    static let all: [Migration] = [.first]

    /// Written once, since the dialects differ in few words.
    init(number: Int, _ text: (_ dialect: Dialect) -> String) {
        self.number = number
        sqlite = text(.sqlite)
        postgres = text(.postgres)
    }
}

/// The words in which the two databases differ.
struct Dialect: Sendable {
    let integer: String
    let bytes: String
    /// A row number that the database gives, and never gives again.
    let growing: String
    /// The end of CREATE TABLE.
    let strict: String

    static let sqlite = Dialect(
        integer: "INTEGER", bytes: "BLOB", growing: "INTEGER PRIMARY KEY AUTOINCREMENT", strict: "STRICT")
    static let postgres = Dialect(
        integer: "BIGINT", bytes: "BYTEA", growing: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", strict: "")
}
