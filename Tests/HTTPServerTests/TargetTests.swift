import HTTPServer
import Testing

struct `A target` {
    @Test(arguments: [
        ("/", [""], nil), ("/v1/introspect", ["v1", "introspect"], nil), ("/a%2Fb/c?x=1&y", ["a/b", "c"], "x=1&y"),
        ("/t%C3%B6ken", ["töken"], nil), ("//x", ["", "x"], nil), ("/a?", ["a"], ""), ("/a+b", ["a+b"], nil),
    ])
    func `is taken apart before it is decoded`(text: String, segments: [String], query: String?) throws {
        let target = try #require(Target(text))
        #expect(target.segments == segments)
        #expect(target.query == query)
    }

    @Test(arguments: [
        "", "*", "v1", "http://host/v1", "/a b", "/%00", "/hello%00x", "/%0d%0a", "/%7f", "/%", "/%4", "/%zz", "/%ff",
        "/%c0%af", "/a#b", "/../x", "/a/..", "/%2e%2e/x", "/./x", "/a\u{0}b", "/ä",
    ])
    func `that could mean something else to somebody else is refused`(text: String) {
        #expect(Target(text) == nil)
    }
}
