import JSON
import Testing

@Suite struct ObjectTextTests {
    private func text(_ text: String) throws -> ObjectText {
        try ObjectText(parsing: Array(text.utf8), maximumBytes: 1 << 16)
    }

    private func string(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// Before, after `b` was set to "x\"y", and after `b` was removed.
    @Test(arguments: [
        ("{}", #"{"b":"x\"y"}"#, "{}"),
        (" { \n } ", " {\"b\":\"x\\\"y\" \n } ", " { \n } "),
        (#"{"b":1}"#, #"{"b":"x\"y"}"#, "{}"),
        (#"{ "b" : [1, {"b": "}"}] }"#, #"{ "b" : "x\"y" }"#, "{  }"),
        (#"{"a":1.0,"b":2,"c":1e400}"#, #"{"a":1.0,"b":"x\"y","c":1e400}"#, #"{"a":1.0,"c":1e400}"#),
        (#"{"b": null,  "c":true}"#, #"{"b": "x\"y",  "c":true}"#, #"{"c":true}"#),
        (#"{"c":"\u0062", "b":"\\"}"#, #"{"c":"\u0062", "b":"x\"y"}"#, #"{"c":"\u0062"}"#),
        (
            "{\n  \"a\": \"\\/é\\u00e9\"\n}\n", "{\n  \"a\": \"\\/é\\u00e9\",\n  \"b\": \"x\\\"y\"\n}\n",
            "{\n  \"a\": \"\\/é\\u00e9\"\n}\n"
        ),
        (#"{"a":{"b":1}, "\"b\"":2}"#, #"{"a":{"b":1}, "\"b\"":2, "b":"x\"y"}"#, #"{"a":{"b":1}, "\"b\"":2}"#),
        // The same member, spelled otherwise.
        (#"{"\u0062":1}"#, #"{"\u0062":"x\"y"}"#, "{}"),
    ])
    func `one member changes and every other byte stays`(before: String, set: String, removed: String) throws {
        #expect(try string(text(before).setting("b", to: "x\"y")) == set)
        #expect(try string(text(before).removing("b")) == removed)
        #expect(try text(set).object["b"] == "x\"y")
        #expect(try text(removed).object["b"] == nil)
    }

    @Test func `a member that is set and removed again leaves no trace`() throws {
        let before = "{\"z\": [1.00, -0, {\"a\\\"\": \"}\\\\\"}],\t\"y\" :\"\\ud83d\\ude00 ]\" }"
        let set = try text(before).setting("b", to: "x")
        #expect(try string(text(string(set)).removing("b")) == before)
    }

    @Test(arguments: ["", "[]", "1", "\"a\"", "null", "{", "{\"a\":1,\"a\":2}", "{} {}", "plain text"])
    func `what is no object, or has a key twice, is refused`(other: String) {
        #expect(throws: JSONError.self) { try text(other) }
    }
}
