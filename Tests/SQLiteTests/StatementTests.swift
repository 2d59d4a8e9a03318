import SQLite
import Testing

@Suite struct StatementTests {
    private let scratch = Scratch()

    @Test func `values come back as they were bound`() throws {
        let connection = try scratch.stocked()
        let texts = ["", "plain", "é😀", "with\u{0}nul", String(repeating: "x", count: 100_000)]
        let numbers: [Value] = [.integer(.min), .integer(.max), .integer(0), .null, .integer(-1)]
        let images: [Value] = [.blob([]), .blob([0, 255, 0]), .null, .blob([1]), .blob([2])]
        for (index, text) in texts.enumerated() {
            try connection.execute(
                "INSERT INTO item (id, name, weight, image) VALUES ($1, $2, $3, $4)",
                [.integer(Int64(index)), .text(text), numbers[index], images[index]])
        }
        var index = 0
        try connection.query("SELECT name, weight, image FROM item ORDER BY id") { row in
            let (text, number) = (row.text(0), row.optionalInteger(1))
            let (image, isNull) = (row.optionalBlob(2), row.isNull(1))
            #expect(text == texts[index])
            #expect(number.map(Value.integer) ?? .null == numbers[index])
            #expect(isNull == (numbers[index] == .null))
            #expect(image.map(Value.blob) ?? .null == images[index])
            index += 1
            return true
        }
        #expect(index == 5)
    }

    @Test func `null reads as nothing, zero or empty`() throws {
        try scratch.connection().query("SELECT NULL") { row in
            let (isNull, integer, text, blob) = (row.isNull(0), row.integer(0), row.text(0), row.blob(0))
            let (noText, noInteger, noBlob) = (
                row.optionalText(0), row.optionalInteger(0), row.optionalBlob(0)
            )
            #expect(isNull)
            #expect(integer == 0)
            #expect(text.isEmpty)
            #expect(blob.isEmpty)
            #expect(noText == nil)
            #expect(noInteger == nil)
            #expect(noBlob == nil)
            return true
        }
    }

    /// SQLite numbers named parameters by first appearance, PostgreSQL by their number.
    @Test func `a parameter is found by its number, in any order and more than once`() throws {
        let connection = try scratch.connection()
        let values: [Value] = [.text("one"), .text("two"), .text("three")]
        #expect(try connection.texts("SELECT $3 || $1 || $2 || $1", values) == ["threeonetwoone"])
        let eleven = (1...11).map { Value.integer(Int64($0)) }
        let sql = "SELECT $11||','||$10||','||$9||$8||$7||$6||$5||$4||$3||$2||$1"
        #expect(try connection.texts(sql, eleven) == ["11,10,987654321"])
    }

    static let misfits: [(sql: String, values: Int)] = [
        ("SELECT $1", 0), ("SELECT $1", 2), ("SELECT $2", 1), ("SELECT $1, $3", 2), ("SELECT ?", 1),
        ("SELECT :name", 1), ("SELECT 1; SELECT 2", 0), ("", 0), (" -- nothing", 0),
    ]

    @Test(arguments: misfits)
    func `a statement whose parameters or text do not fit is refused`(sql: String, values: Int) throws {
        let connection = try scratch.connection()
        let error = #expect(throws: SQLiteError.self) {
            try connection.execute(sql, [Value](repeating: .integer(1), count: values))
        }
        #expect(error?.sql == sql)
    }

    @Test func `a semicolon and blanks may end a statement`() throws {
        #expect(try scratch.connection().number("SELECT 1; \n ") == 1)
    }

    @Test func `a constraint error names the column and never the value`() throws {
        let connection = try scratch.stocked()
        try connection.add("hunter2")
        let error = #expect(throws: SQLiteError.self) { try connection.add("hunter2") }
        #expect(error?.isConstraintViolation == true)
        #expect(error?.code == 2067)
        #expect(
            error?.description
                == "UNIQUE constraint failed: item.name (SQLite 2067) in: INSERT INTO item (name) VALUES ($1)"
        )
        #expect(error?.isBusy == false)
        #expect(error?.isCommitOutcomeUnknown == false)
    }

    @Test func `a statement serves again after it has failed, and keeps no old value`() throws {
        let connection = try scratch.stocked()
        try connection.add("a")
        for _ in 0..<3 { #expect(throws: SQLiteError.self) { try connection.add("a") } }
        try connection.add("b")
        #expect(throws: SQLiteError.self) {
            try connection.execute("INSERT INTO item (name) VALUES ($1)", [.null])
        }
        #expect(try connection.texts("SELECT name FROM item ORDER BY name") == ["a", "b"])
    }

    @Test func `a statement is free again when its reader stops early or throws`() throws {
        struct Stopped: Error {}
        let connection = try scratch.stocked()
        for name in ["a", "b", "c"] { try connection.add(name) }
        let sql = "SELECT name FROM item ORDER BY name"
        var seen: [String] = []
        try connection.query(sql) { row in
            seen.append(row.text(0))
            return false
        }
        #expect(seen == ["a"])
        #expect(throws: Stopped.self) { try connection.query(sql) { _ in throw Stopped() } }
        #expect(try connection.texts(sql) == ["a", "b", "c"])
        // A statement left open would hold the table.
        try connection.executeScript("DROP TABLE item")
    }

    @Test func `a query may run inside itself`() throws {
        let connection = try scratch.stocked()
        for name in ["a", "b"] { try connection.add(name) }
        let sql = "SELECT name FROM item ORDER BY name"
        var pairs: [String] = []
        try connection.query(sql) { outer in
            let first = outer.text(0)
            try connection.query(sql) { inner in
                pairs.append(first + inner.text(0))
                return true
            }
            return true
        }
        #expect(pairs == ["aa", "ab", "ba", "bb"])
    }

    @Test func `a cached statement follows a change of the schema`() throws {
        let connection = try scratch.stocked()
        try connection.add("a")
        let sql = "SELECT * FROM item WHERE name = 'a'"
        #expect(try connection.texts(sql) == ["1"])
        try connection.executeScript(
            "DROP TABLE item; CREATE TABLE item (name TEXT, id INTEGER); INSERT INTO item VALUES ('a', 9)")
        #expect(try connection.texts(sql) == ["a"])
    }

    @Test func `more statements than the cache holds all run`() throws {
        let connection = try scratch.connection()
        for number in 0..<1_000 { #expect(try connection.number("SELECT \(number)") == Int64(number)) }
    }

    @Test func `the count of changes is that of this statement`() throws {
        let connection = try scratch.stocked()
        #expect(try connection.execute("INSERT INTO item (name) VALUES ('a'), ('b'), ('c')") == 3)
        #expect(try connection.execute("UPDATE item SET weight = 1 WHERE name <> $1", [.text("a")]) == 2)
        #expect(try connection.execute("CREATE TABLE other (x)") == 0)
        #expect(try connection.execute("DELETE FROM item WHERE name = 'z'") == 0)
    }
}
