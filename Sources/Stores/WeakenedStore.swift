package import Engine
import SQLite

/// Opens a store without some of the conditions of its statements: how a test shows that it would be noticed if one of
/// them were missing. Nothing but tests may open one (TidyTests).
///
/// - Parameters:
///   - replacing: parts of statements, each with what stands in its place.
///   - pragma: run on the connection.
/// - throws: `StoreError.failed` when a part is in no statement: the test has been left behind by what it tests.
package func openWeakenedStore(
    at location: String, endpoints: [Endpoint], replacing: [String: String], pragma: String? = nil
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
    if let pragma { try driver.script(pragma) }
    return SQLStore(driver, endpoints: endpoints)
}
