import JSON
import Testing

@Suite struct ParserTests {
    private func parse(_ text: String) throws -> JSON { try JSON.parse(text, maximumBytes: 1 << 20) }

    @Test func `every kind of value is read`() throws {
        let text = #" {"a": [1, -2.50, 3e+7, true, false, null], "b": {"c": "d"}, "e": [], "f": {}} "#
        let json = try parse(text)
        #expect(
            json == [
                "a": [1, .number("-2.50"), .number("3e+7"), true, false, nil], "b": ["c": "d"], "e": [],
                "f": [:],
            ])
    }

    static let strings: [(text: String, value: String)] = [
        (#""""#, ""), (#""é😀""#, "é😀"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
        (#""\u0041\u00e9\u20AC""#, "Aé€"), (#""a\ud83d\ude00b""#, "a😀b"), (#""\u0000""#, "\u{0}"),
        ("\"\u{7f}\u{2028}\"", "\u{7f}\u{2028}"),
    ]

    @Test(arguments: strings)
    func `strings and their escapes are read`(text: String, value: String) throws {
        #expect(try parse(text).string == value)
    }

    static let invalid: [(text: String, error: String)] = [
        ("", "1:1: expected a value, found the end of the document"),
        ("  \n ", "2:2: expected a value, found the end of the document"),
        ("\u{FEFF}1", "1:1: expected a value, found byte 0xef"),
        ("[1,]", "1:4: expected a value, found ']'"),
        ("[,1]", "1:2: expected a value, found ','"),
        ("[1 2]", "1:4: expected ',' or ']' after the element, found '2'"),
        ("[1", "1:3: expected ',' or ']' after the element, found the end of the document"),
        ("[1}", "1:3: expected ',' or ']' after the element, found '}'"),
        (#"{"a":1,}"#, "1:8: expected a key in double quotes, found '}'"),
        (#"{"a" 1}"#, "1:6: expected ':' after the key, found '1'"),
        (#"{"a":}"#, "1:6: expected a value, found '}'"),
        ("{a:1}", "1:2: expected a key in double quotes, found 'a'"),
        ("{1:1}", "1:2: expected a key in double quotes, found '1'"),
        ("{\n  \"é\": 1,\n  \"é\": 2\n}", #"3:3: duplicate key "é""#),
        (#"{"a":1,"\u0061":2}"#, #"1:8: duplicate key "a""#),
        (#"{"a":1 "b":2}"#, "1:8: expected ',' or '}' after the member, found '\"'"),
        ("1 2", "1:3: expected the end of the document, found '2'"),
        ("truth", "1:1: expected 'true', found 't'"),
        ("True", "1:1: expected a value, found 'T'"),
        ("nul", "1:1: expected 'null', found 'n'"),
        ("NaN", "1:1: expected a value, found 'N'"),
        ("Infinity", "1:1: expected a value, found 'I'"),
        ("'a'", "1:1: expected a value, found '''"),
        ("// c\n1", "1:1: expected a value, found '/'"),
        ("01", "1:1: a number does not begin with 0 when more digits follow"),
        ("-", "1:2: expected a digit, found the end of the document"),
        ("+1", "1:1: expected a value, found '+'"),
        (".5", "1:1: expected a value, found '.'"),
        ("1.", "1:3: expected a digit after the decimal point, found the end of the document"),
        ("1.e3", "1:3: expected a digit after the decimal point, found 'e'"),
        ("1e", "1:3: expected a digit of the exponent, found the end of the document"),
        ("1e+-2", "1:4: expected a digit of the exponent, found '-'"),
        ("0x1", "1:2: expected the end of the document, found 'x'"),
        ("--1", "1:2: expected a digit, found '-'"),
        ("\"a", "1:3: expected '\"' to end the string, found the end of the document"),
        ("\"a\nb\"", "1:3: expected an escape such as \\n for a control character, found byte 0x0a"),
        (#""\x""#, "1:3: expected one of \"\\/bfnrtu after the backslash, found 'x'"),
        (#""\u12G4""#, "1:6: expected four hexadecimal digits after \\u, found 'G'"),
        (#""\u12"#, "1:6: expected four hexadecimal digits after \\u, found the end of the document"),
        (#""\ud83d""#, "1:2: half of a surrogate pair stands alone"),
        (#""\ude00""#, "1:2: half of a surrogate pair stands alone"),
        (#""\ud83d\ud83d""#, "1:2: half of a surrogate pair stands alone"),
        (#""\ud83dx""#, "1:2: half of a surrogate pair stands alone"),
        (#""\ud83d\n""#, "1:2: half of a surrogate pair stands alone"),
    ]

    @Test(arguments: invalid)
    func `what is not JSON is refused with place and expectation`(text: String, error: String) {
        let thrown = #expect(throws: JSONError.self) { try JSON.parse(text, maximumBytes: 1_000) }
        #expect(thrown?.description == error)
    }

    static let badBytes: [[UInt8]] = [
        [0x80], [0xC0, 0x80], [0xE9], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x5C, 0x6E, 0xFF],
    ]

    @Test(arguments: badBytes)
    func `a string that is not UTF-8 is refused`(bytes: [UInt8]) {
        let quote = UInt8(ascii: "\"")
        let thrown = #expect(throws: JSONError.self) {
            try JSON.parse([quote] + bytes + [quote], maximumBytes: 100)
        }
        #expect(thrown?.message == "the string is not valid UTF-8")
    }

    @Test func `keys that only look alike are two keys`() throws {
        let json = try parse(#"{"\u00e9": 1, "e\u0301": 2}"#)
        #expect(json["\u{e9}"]?.integer == 1)
        #expect(json["e\u{301}"]?.integer == 2)
    }

    @Test func `nesting is read to the limit and refused beyond it`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try parse(nested(64))
        let thrown = #expect(throws: JSONError.self) { try parse(nested(65)) }
        #expect(thrown?.description == "1:65: nested deeper than the 64 levels allowed")
        _ = try JSON.parse(nested(3), maximumBytes: 100, maximumDepth: 3)
        #expect(throws: JSONError.self) { try JSON.parse(nested(4), maximumBytes: 100, maximumDepth: 3) }
        #expect(throws: JSONError.self) {
            try JSON.parse(String(repeating: "[", count: 500_000), maximumBytes: 1 << 20, maximumDepth: .max)
        }
        #expect(throws: JSONError.self) { try parse(String(repeating: #"{"a":"#, count: 100_000)) }
    }

    @Test func `a document over the size limit is refused unread`() throws {
        _ = try JSON.parse("[1]", maximumBytes: 3)
        let thrown = #expect(throws: JSONError.self) { try JSON.parse("[1]]", maximumBytes: 3) }
        #expect(thrown?.message == "the document has 4 bytes, more than the 3 allowed")
    }

    @Test func `an error shows no more than the start of a key`() throws {
        let key = String(repeating: "k", count: 500)
        let thrown = #expect(throws: JSONError.self) { try parse("{\"\(key)\":1,\"\(key)\":2}") }
        #expect((thrown?.message.utf8.count ?? 0) < 80)
    }

    @Test func `twenty thousand damaged documents are read or refused, and what is read reads back`() throws {
        let seed = Array(
            #"{"a":[1,-2.5e3,"x\u00e9\ud83d\ude00\n",true,false,null,{"b":{}}],"é":"😀","z":[[[]]],"n":0}"#
                .utf8)
        var generator = Steps(state: 42)
        for _ in 0..<20_000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...4, using: &generator) { damage(&bytes, &generator) }
            guard let json = try? JSON.parse(bytes, maximumBytes: 1_000, maximumDepth: 8) else { continue }
            #expect(try JSON.parse(json.serializedBytes(), maximumBytes: 2_000) == json)
        }
    }

    /// Changes, adds, takes away or cuts off; often with a character that JSON knows.
    private func damage(_ bytes: inout [UInt8], _ generator: inout Steps) {
        let marks = Array(#"{}[]",:\u0eE-+.tfn"#.utf8)
        let byte =
            Bool.random(using: &generator)
            ? marks[Int.random(in: marks.indices, using: &generator)]
            : UInt8.random(in: 0...255, using: &generator)
        let place = Int.random(in: 0..<max(bytes.count, 1), using: &generator)
        switch Int.random(in: 0..<10, using: &generator) {
        case 0: bytes.removeSubrange(min(place, bytes.count)...)
        case 1...3 where !bytes.isEmpty: bytes.remove(at: place)
        case 4...6: bytes.insert(byte, at: min(place, bytes.count))
        default: if !bytes.isEmpty { bytes[place] = byte }
        }
    }

    /// The same numbers in every run (SplitMix64).
    private struct Steps: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }
}
