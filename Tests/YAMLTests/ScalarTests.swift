import Testing
import YAML

struct `A scalar` {
    private func value(_ text: String) throws -> Node {
        try #require(try Document(parsing: "v: \(text)\n").root["v"])
    }

    @Test(arguments: ["", "~", "null", "Null", "NULL", "!!null ''"])
    func `is null in these spellings`(text: String) throws {
        let node = try value(text)
        #expect(node.isNull && node.string == nil && node.text == nil && node.boolean == nil)
    }

    @Test(arguments: ["true": true, "True": true, "TRUE": true, "false": false, "FALSE": false])
    func `is a boolean in these spellings`(text: String, expected: Bool) throws {
        #expect(try value(text).boolean == expected)
        #expect(try value(text).string == nil)
        #expect(try value(text).text == text)
    }

    @Test(arguments: [
        "yes", "no", "on", "off", "y", "nan", "inf", "0x1p3", "1_000", "0b1", "0x-5", "0o8", "90d", "1:30",
        "1-2",
        "12e", "+", ".", "...x", "2026-01-02", "'5'", "\"true\"", "!!str 5", "! 5", "'null'", "4.0.1",
    ])
    func `is a string in these spellings`(text: String) throws {
        let node = try value(text)
        #expect(node.string != nil && node.text == node.string, "\(node.typeName)")
        #expect(node.integer == nil && node.number == nil && node.boolean == nil && !node.isNull)
    }

    @Test(arguments: [
        "0": 0, "12": 12, "-7": -7, "+3": 3, "007": 7, "0x1F": 31, "0o17": 15, "!!int '4'": 4,
        "9223372036854775807": .max, "-9223372036854775808": .min,
    ])
    func `is an integer in these spellings`(text: String, expected: Int) throws {
        let node = try value(text)
        #expect(node.integer == expected && node.number == Double(expected) && node.string == nil)
    }

    @Test func `of an integer that does not fit is neither an integer nor a string`() throws {
        let node = try value("9223372036854775808")
        #expect(node.integer == nil && node.string == nil && node.typeName == "an integer")
        #expect(node.number == 9_223_372_036_854_775_808)
    }

    @Test(arguments: ["1.5": 1.5, "-.5": -0.5, "1e3": 1000, "8.6": 8.6, "1.": 1, ".inf": .infinity])
    func `is a number in these spellings`(text: String, expected: Double) throws {
        let node = try value(text)
        #expect(node.number == expected && node.integer == nil && node.string == nil)
    }

    @Test func `keeps its lines in a block`() throws {
        let root = try Document(parsing: "a: |\n  one\n  two\nb: >-\n  one\n  two\n").root
        #expect(root["a"]?.string == "one\ntwo\n")
        #expect(root["b"]?.string == "one two")
    }
}
