import HTTPServer
import TestSupport
import Testing

@testable import API

struct `The list of tokens` {
    @Test(arguments: [
        ("", ["name", "created", "expires", "used"]), ("q=one", ["name"]), ("state=all", ["name"]),
        ("owner=web", ["name", "expires", "used"]), ("q=one&sort=created", ["name"]),
    ])
    func `has headings as links where they sort`(query: String, sorts: [String]) async throws {
        let fixture = try APIFixture()
        let admin = try await fixture.issue("one", scopes: [Role.audit], owner: "web")
        let visitor = try #require(try await Visitor(fixture, admin))
        let page = try await visitor.send("GET", "/admin/api-tokens?\(query)").text
        #expect(page.matches(of: #/<th scope="col"[^>]*><a /#).count == sorts.count)
        for sort in sorts.dropFirst() { #expect(page.contains("sort=\(sort)\">")) }
        #expect(page.contains("is not sorted by") == (sorts.count < 4))
    }

    /// His list is one of an owner's tokens, whether he asks for that or not.
    @Test func `is not said to be sorted by what it is not`() async throws {
        let fixture = try APIFixture()
        let value = try await fixture.issue("one", scopes: [Role.issue], owner: "web")
        let visitor = try #require(try await Visitor(fixture, value))
        let page = try await visitor.send("GET", "/admin/api-tokens?sort=created").text
        #expect(page.matches(of: #/<th scope="col"[^>]*><a /#).count == 3)
        #expect(page.contains("aria-sort=\"ascending\"><a href=\"/admin/api-tokens\">Name"))
    }
}
