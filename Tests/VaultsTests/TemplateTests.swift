import Engine
import JSON
import Testing

@testable import Vaults

/// Templates: what they may say, and how a text is written where it is put.
@Suite struct TemplateTests {
    private let all = Set(Template.Placeholder.allCases)

    @Test(arguments: [
        ("https://x/{{path}}", "a/b c", "f", "https://x/a/b%20c"),
        (
            "https://x/v1/{{ path }}/{{field}}?p={{path}}&f={{field}}", "a/ü?", "k/&=#",
            "https://x/v1/a/%C3%BC%3F/k%2F%26%3D%23?p=a%2F%C3%BC%3F&f=k%2F%26%3D%23"
        ),
        ("http://x:8080?{{path}}", "a%2Fb", "f", "http://x:8080?a%252Fb"),
        ("https://x/fixed", "a", "f", "https://x/fixed"),
        ("https://x/{not}/}}", "a", "f", "https://x/{not}/}}"),
    ])
    func `an address is encoded where it is filled, and nowhere else`(
        text: String, path: String, field: String, expected: String
    ) throws {
        #expect(try URLTemplate(text).filled(path: path, field: field) == expected)
    }

    @Test(arguments: [
        "x/{{path}}", "https://", "https://{{path}}/x", "https://{{path}}.example/", "https://user@x/", "https://x y/",
        "https://x/ y", "https://x/{{path}}#top", "https://x/ä", "https://x/{{value}}", "https://x/?v={{value}}",
        "https://x/{{name}}", "https://x/{{path", "https://x/{{}}", "https://x/{{path|upper}}", "ftp://x/{{path}}",
    ])
    func `an address that may lead elsewhere, or would show the value, is refused`(text: String) {
        #expect(throws: TemplateFault.self) { try URLTemplate(text) }
    }

    struct Body: Sendable {
        var text: String
        var type: String?
        /// Filled with the value `a"\<newline>&=+ü/`; nil where it is refused.
        var filled: String?
    }

    @Test(arguments: [
        Body(
            text: #"{"v": "{{value}}", "p":"{{path}}#{{field}}"}"#, type: "application/json; charset=utf-8",
            filled: #"{"v": "a\"\\\n&=+ü/", "p":"a/b#k"}"#),
        Body(text: #"["{{value}}"]"#, type: "application/vnd.api+json", filled: #"["a\"\\\n&=+ü/"]"#),
        Body(text: #"{"{{field}}":"{{value}}"}"#, type: "Application/JSON", filled: #"{"k":"a\"\\\n&=+ü/"}"#),
        Body(
            text: "v={{value}}&p={{path}}", type: "application/x-www-form-urlencoded",
            filled: "v=a%22%5C%0A%26%3D%2B%C3%BC%2F&p=a%2Fb"),
        Body(text: "{{value}}", type: "text/plain", filled: "a\"\\\n&=+ü/"),
        Body(text: "{{value}}", type: "application/octet-stream", filled: "a\"\\\n&=+ü/"),
        Body(text: "<empty/>", type: "application/xml", filled: "<empty/>"),
        Body(text: "nothing to fill", filled: "nothing to fill"),
        // The type does not tell how to write it, or it would break out of its place.
        Body(text: "<v>{{value}}</v>", type: "application/xml"), Body(text: "{{value}}"),
        Body(text: #"{"v": {{value}}}"#, type: "application/json"),
        Body(text: #"{"v": "{{value}}"#, type: "application/json"),
        Body(text: #"{{value}}"#, type: "application/json"),
        Body(text: #"{"v": "{{valu}}"}"#, type: "application/json"),
        Body(text: #"{"v": "{{value"}"#, type: "application/json"),
    ])
    func `a body is written as its type wants it`(_ body: Body) throws {
        let make = { try BodyTemplate(body.text, type: body.type, allowing: all) }
        guard let expected = body.filled else {
            #expect(throws: TemplateFault.self) { try make() }
            return
        }
        let filled = try make().filled { placeholder in
            switch placeholder {
            case .value: "a\"\\\n&=+ü/"
            case .path: "a/b"
            case .field: "k"
            }
        }
        #expect(String(decoding: filled, as: UTF8.self) == expected)
    }

    @Test func `a value cannot leave its place in JSON`() throws {
        let body = try BodyTemplate(#"{"v":"{{value}}","admin":false}"#, type: "application/json", allowing: [.value])
        let filled = body.filled { _ in #"x","admin":true,"y":""# }
        #expect(try JSON.parse(filled, maximumBytes: 1000)["admin"] == false)
    }

    @Test func `a placeholder that is not allowed here is told of with those that are`() {
        let fault = #expect(throws: TemplateFault.self) { try Template("{{value}}", allowing: [.path, .field]) }
        #expect(fault?.hint == "here there are {{field}}, {{path}}")
    }

    @Test(arguments: [
        ("/data/value", "a", "v"), ("/data/{{field}}", "s/l~a", "slash"), ("/list/1", "a", "second"),
        ("/data/none", "a", nil), ("/list/2", "a", nil), ("/list/01", "a", nil), ("/data/value/x", "a", nil),
        ("/", "a", nil),
    ])
    func `a pointer finds what it points at`(pointer: String, field: String, expected: String?) throws {
        let document = try JSON.parse(
            #"{"data":{"value":"v","s/l~a":"slash"},"list":["first","second"]}"#, maximumBytes: 1000)
        let found = try PointerTemplate(pointer).find(in: document, path: "p", field: field)
        #expect(found?.string == expected)
    }

    @Test(arguments: ["data/value", "", "/{{value}}", "/{{x}}"])
    func `a pointer that cannot be one is refused`(pointer: String) {
        #expect(throws: TemplateFault.self) { try PointerTemplate(pointer) }
    }
}
