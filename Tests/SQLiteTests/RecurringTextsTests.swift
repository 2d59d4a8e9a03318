import SQLite
import Testing

@Suite struct RecurringTextsTests {
    private let scratch = Scratch()

    /// Few places, so that texts drive each other out.
    @Test(arguments: [1, 2, 1024])
    func `a place gives back the text that the column holds`(places: Int) throws {
        let written = ["", "a", "b", "", "é😀", "a", String(repeating: "long ", count: 50), "b", "b", ""]
        let connection = try scratch.stocked()
        for (index, text) in written.enumerated() {
            try connection.execute(
                "INSERT INTO item (id, name) VALUES ($1, $2)", [.integer(Int64(index)), .text("\(index)|\(text)")])
        }
        var texts = RecurringTexts(places: places)
        var read: [String] = []
        var news = 0
        try connection.query("SELECT substr(name, instr(name, '|') + 1) FROM item ORDER BY id") { row in
            let (place, isNew) = texts.place(of: row, 0)
            read.append(texts[place])
            news += isNew ? 1 : 0
            return true
        }
        #expect(read == written)
        if places == 1024 { #expect(news == 4, "each text but the empty one is new once") }
    }

    @Test func `a null is the empty text`() throws {
        var texts = RecurringTexts(places: 1)
        var read: [String] = []
        try scratch.connection().query("SELECT 'x' UNION ALL SELECT NULL UNION ALL SELECT 'x'") { row in
            let (place, _) = texts.place(of: row, 0)
            read.append(texts[place])
            return true
        }
        #expect(read == ["x", "", "x"])
    }
}
