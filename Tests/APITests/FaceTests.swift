import HTTPServer
import JSON
import RotaCore
import TestSupport
import Testing

@testable import API

/// Who asks by a request or on a page has neither commands nor options.
struct `What to do` {
    @Test(arguments: [
        ("make a new one: rota plan --save", "make a new one: POST /v1/plans", "make a new one: on the page Plans"),
        (
            "let somebody other than eve approve it: rota approve plan_1",
            "let somebody other than eve approve it: POST /v1/plans/plan_1/approve",
            "let somebody other than eve approve it: on its page"
        ),
        ("apply it: rota run --plan plan_1", "apply it: POST /v1/plans/plan_1/apply", "apply it: on its page"),
        (
            "withdraw that request first: rota waiver withdraw waiver_1",
            "withdraw that request first: POST /v1/waivers/waiver_1/withdraw",
            "withdraw that request first: on the page Waivers"
        ),
        (
            "end it sooner, such as --for 366d, and ask again",
            "end it sooner, such as 'ends_at' from now on plus 366d, and ask again",
            "end it sooner, such as from now on plus 366d, and ask again"
        ),
        (
            "add another one first; see 'rota token show a'", "add another one first; see GET /v1/tokens/a",
            "add another one first; see its page"
        ),
        (
            "set that right, then 'rota token rotate a'; or give it up: rota token revoke a --reason TEXT",
            "set that right, then POST /v1/tokens/a/rotate; or give it up: POST /v1/tokens/a/revoke",
            "set that right, then Rotate on its page; or give it up: Revoke on its page"
        ),
        ("see 'rota vault adopt --help'", "see GET /openapi.json", "see GET /openapi.json"),
        ("look at Docs/Audit.md", "look at Docs/Audit.md", "look at Docs/Audit.md"),
    ])
    func `is told as it can be done there`(said: String, api: String, page: String) {
        #expect(Face.commandLine.worded(said) == said)
        #expect(Face.api(isImport: false).worded(said) == api)
        #expect(Face.pages.worded(said) == page)
    }

    @Test func `names fields as they are called there`() {
        let said = "expected a TOKEN or --all; look first with --dry-run"
        let api = Face.api(isImport: false)
        #expect(api.worded(said) == "expected a TOKEN or 'all'; look first with 'dry_run'")
        #expect(api.worded("give --expires, no later than that") == "give 'expires_at', no later than that")
        let file = Face.api(isImport: true)
        #expect(
            file.worded("say what is in it: --format csv | json, or leave it out with --ignore-columns")
                == "say what is in it: 'format' csv | json, or leave it out with 'ignore-columns'")
    }

    @Test func `comes with what is refused, to programs and people, and to the command line as a command`() async throws
    {
        let fixture = try APIFixture(policies: .alwaysDue)
        let eve = try await fixture.issue("eve", scopes: ["rota:operate"], owner: "eve")
        let made = try await fixture.ask("POST", "/v1/plans", as: eve, json: [:]).json()
        let id = try #require(made["plan"]?["id"]?.string)
        _ = try await fixture.ask("POST", "/v1/plans/\(id)/withdraw", as: eve, json: [:])
        func hint(_ headers: [(name: String, value: String)]) async throws -> String? {
            try await fixture.ask("POST", "/v1/plans/\(id)/approve", as: eve, headers, json: [:]).json()["hint"]?.string
        }
        #expect(try await hint([]) == "make a new one: POST /v1/plans")
        #expect(try await hint([("User-Agent", "rota/1.0")]) == "make a new one: rota plan --save")
    }
}
