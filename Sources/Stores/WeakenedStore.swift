package import Engine
import SQLite

/// A commit that fails though the disk is well.
package enum CommitFault: Sendable, CaseIterable {
    /// As when somebody else writes for longer than anybody waits: nothing was done.
    case refused
    /// Nobody knows what was done (I11): nothing was.
    case unknownAndLost
    /// Nobody knows what was done (I11): all of it was.
    case unknownAndKept

    var error: SQLiteError {
        // SQLITE_BUSY and SQLITE_IOERR.
        SQLiteError(
            code: self == .refused ? 5 : 10, message: "a test's fault", isCommitOutcomeUnknown: self != .refused)
    }
}

/// Opens a store without some of the conditions of its statements, or with commits that fail: how a test shows that it
/// would be noticed if one of them were missing. Nothing but tests may open one (TidyTests).
///
/// - Parameters:
///   - replacing: parts of statements, each with what stands in its place.
///   - pragma: run on the connection.
///   - commitFault: asked before each commit, on the thread of the store; nil where it succeeds.
/// - throws: `StoreError.failed` when a part is in no statement: the test has been left behind by what it tests.
package func openWeakenedStore(
    at location: String, endpoints: [Endpoint], replacing: [String: String], pragma: String? = nil,
    commitFault: (() -> CommitFault?)? = nil
) throws -> any Store {
    let driver = try connect(try sqlitePath(location), .readWrite)
    for (part, replacement) in replacing {
        let affected = Statement.all.filter { $0.text.text.contains(part) }
        guard !affected.isEmpty else { throw StoreError.failed("no statement has '\(part)'") }
        for statement in affected {
            let text = (driver.replaced[statement.text] ?? statement.text).text
            driver.replaced[statement.text] = SQL(text.replacing(part, with: replacement))
        }
    }
    driver.commitFault = commitFault
    if let pragma { try driver.script(pragma) }
    return SQLStore(driver, endpoints: endpoints)
}
