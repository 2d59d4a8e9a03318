import JSON
import Testing

@Suite struct JSONTests {
    private func parse(_ text: String) throws -> JSON { try JSON.parse(text, maximumBytes: 1 << 20) }

    @Test func `somebody else's document survives with its numbers and its order`() throws {
        let text =
            #"{"z":1.0,"a":1e400,"m":12345678901234567890,"é":[-0,-0.0,1E+2,0.10],"#
            + #""":"\"\\\n\u0001/😀","t":[true,null]}"#
        #expect(try parse(text).serialized() == text)
    }

    @Test func `canonical bytes sort members by the bytes of their keys, at every level`() throws {
        let text = #"{"b": 1.0, "a": [ {"y": 1, "x": 2} ], "é": 0, "Z": {}, "ab": "", "": null}"#
        let canonical = String(decoding: try parse(text).canonicalBytes(), as: UTF8.self)
        #expect(canonical == #"{"":null,"Z":{},"a":[{"x":2,"y":1}],"ab":"","b":1.0,"é":0}"#)
    }

    @Test func `pretty output is indented and reads back`() throws {
        let json: JSON = ["name": "ci", "scopes": ["a:b", "c:d"], "none": [], "empty": [:], "in": ["x": 1]]
        let pretty = json.pretty()
        #expect(
            pretty == """
                {
                  "name": "ci",
                  "scopes": [
                    "a:b",
                    "c:d"
                  ],
                  "none": [],
                  "empty": {},
                  "in": {
                    "x": 1
                  }
                }

                """)
        #expect(try parse(pretty) == json)
        #expect(JSON.null.pretty() == "null\n")
    }

    @Test func `accessors give what is there and nil for any other kind`() throws {
        let json = try parse(
            #"{"s":"x","i":-7,"b":true,"n":null,"a":[1],"o":{"k":2},"r":2.5,"big":9223372036854775808}"#)
        #expect(json["s"]?.string == "x")
        #expect(json["i"]?.integer == -7)
        #expect(json["i"]?.real == -7)
        #expect(json["b"]?.bool == true)
        #expect(json["n"]?.isNull == true)
        #expect(json["a"]?.array == [1])
        #expect(json["a"]?[0]?.integer == 1)
        #expect(json["a"]?[1] == nil)
        #expect(json["a"]?[-1] == nil)
        #expect(json["o"]?["k"]?.integer == 2)
        #expect(json["r"]?.real == 2.5)
        #expect(json["r"]?.integer == nil)
        #expect(json["big"]?.integer == nil)
        #expect(json["s"]?.integer == nil)
        #expect(json["s"]?.object == nil)
        #expect(json["missing"] == nil)
        #expect(JSON.string("x")["k"] == nil)
    }

    @Test func `values are made of literals and of numbers`() {
        #expect(JSON.integer(Int64.min).serialized() == "-9223372036854775808")
        #expect(JSON.integer(UInt64.max).serialized() == "18446744073709551615")
        #expect(JSON.real(1e300).serialized() == "1e+300")
        #expect(JSON.real(.infinity) == .null)
        #expect((["a": 1.5, "b": "x\(1)"] as JSON).serialized() == #"{"a":1.5,"b":"x1"}"#)
    }

    @Test func `values are equal when they are spelled alike`() {
        #expect(JSON.number("1.0") != .number("1"))
        #expect(JSON.string("\u{e9}") != .string("e\u{301}"))
        #expect((["a": 1, "b": 2] as JSON) != ["b": 2, "a": 1])
        #expect(Set([["a": 1] as JSON, ["a": 1], [1]]).count == 2)
    }
}

@Suite struct ObjectTests {
    @Test(arguments: [3, 12, 13, 200])
    func `members keep their order through changes, few or many`(count: Int) {
        var object = JSON.Object()
        for number in 0..<count { object["key\(number)"] = .integer(number) }
        #expect(object.keys == (0..<count).map { "key\($0)" })
        #expect((0..<count).allSatisfy { object["key\($0)"] == .integer($0) })
        #expect(object["key\(count)"] == nil)

        object["key1"] = "changed"
        object["key0"] = nil
        object["absent"] = nil
        object["key0"] = "again"
        #expect(object.count == count)
        #expect(object.keys == (1..<count).map { "key\($0)" } + ["key0"])
        #expect(object["key1"] == "changed")
        #expect(object["key0"] == "again")
        #expect(object["key2"] == 2)
    }

    @Test func `of two members with one key the later value counts`() {
        let object: JSON.Object = ["a": 1, "b": 2, "a": 3]
        #expect(object.map(\.key) == ["a", "b"])
        #expect(object["a"] == 3)
        #expect(!object.isEmpty)
    }
}

@Suite struct JSONWriterTests {
    private func text(_ writer: JSONWriter) -> String { String(decoding: writer.bytes, as: UTF8.self) }

    @Test func `commas stand where they belong`() {
        var writer = JSONWriter(reservingCapacity: 64)
        writer.beginArray()
        for number in 0..<2 {
            writer.beginObject()
            writer.key("n")
            writer.integer(number)
            writer.key("list")
            writer.beginArray()
            writer.endArray()
            writer.key("o")
            writer.beginObject()
            writer.endObject()
            writer.key("v")
            writer.value(["x": [nil, true]])
            writer.endObject()
        }
        writer.bool(false)
        writer.null()
        writer.string(nil)
        writer.integer(nil as Int64?)
        writer.endArray()
        let row = #""list":[],"o":{},"v":{"x":[null,true]}}"#
        #expect(text(writer) == #"[{"n":0,\#(row),{"n":1,\#(row),false,null,null,null]"#)
    }

    @Test func `a long document can be handed on in parts`() {
        var writer = JSONWriter()
        var all: [UInt8] = []
        writer.beginArray()
        for number in 0..<5 {
            writer.integer(number)
            all += writer.bytes
            writer.removeAll()
        }
        writer.endArray()
        writer.newline()
        #expect(String(decoding: all + writer.bytes, as: UTF8.self) == "[0,1,2,3,4]\n")
    }

    @Test func `lines of documents have no commas between them`() {
        var writer = JSONWriter()
        for number in 0..<2 {
            writer.integer(number)
            writer.newline()
        }
        #expect(text(writer) == "0\n1\n")
    }

    @Test func `every control character and every number is written so that it reads back`() throws {
        for code in UInt8(0)..<128 {
            let string = "a" + String(Character(Unicode.Scalar(code))) + "é"
            var writer = JSONWriter()
            writer.string(string)
            #expect(try JSON.parse(writer.bytes, maximumBytes: 100).string == string)
        }
        for number in [0, 7, 10, -1, 1_000_000, Int64.max, Int64.min] {
            var writer = JSONWriter()
            writer.integer(number)
            #expect(text(writer) == String(number))
        }
    }
}
