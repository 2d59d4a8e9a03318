import Engine
import Pages
import RotaCore
import Testing

/// What single pages say, and where their forms and links lead.
struct PageFactTests {
    private let samples = Samples()

    private func page(_ name: String) throws -> Markings {
        try #require(samples.pages.first { $0.name == name }).markings
    }

    private func text(_ name: String) throws -> String { try page(name).all("main").first?.text ?? "" }

    private func form(_ name: String, _ action: String) throws -> [String: String] {
        let markings = try page(name)
        let form = try #require(markings.all("form").first { $0["action"] == action && $0["method"] == "post" })
        let fields = markings.of(form, "input", "textarea", "select")
        return Dictionary(fields.compactMap { field in field["name"].map { ($0, field["value"] ?? "") } }) { $1 }
    }

    private func targets(_ name: String) throws -> [String] { try page(name).all("a").compactMap { $0["href"] } }

    // MARK: - The list

    @Test func `who is not signed in sees that it is frozen, and neither by whom nor why`() {
        let freeze = Freeze(
            reason: "key leaked at vendor", actor: "token:alice", begunAt: Instant(seconds: 0), endsAt: nil)
        let frame = Frame(
            person: nil, csrf: "", brake: .frozen(freeze), now: Instant(seconds: 60), version: "test")
        let text = String(decoding: SignInPage().render(in: frame), as: UTF8.self)
        #expect(text.contains("Destructive actions are on hold."))
        #expect(!text.contains("leaked") && !text.contains("alice"))
    }

    @Test func `the list is Administration, API Tokens`() throws {
        let markings = try page("api-tokens")
        #expect(markings.all("h1").first?.text == "API Tokens")
        #expect(markings.all("title").first?.text == "API Tokens · Rota")
        let menu = markings.all("a").first { $0["href"] == "/admin/api-tokens" && $0["aria-current"] == "page" }
        #expect(menu?.text == "API Tokens")
        #expect(try text("api-tokens").contains("1,284 active tokens"))
        #expect(try targets("api-tokens").contains("/admin/api-tokens/new"))
    }

    @Test func `a row says who made it, when it ends, when it was used, and how it stands`() throws {
        let markings = try page("api-tokens")
        let row = try #require(markings.all("tr").first { $0.text.contains("Integration_PowerBI_Dashboards") })
        for fact in ["team-analytics", "by token:marek", "never", "3 days ago", "13 months", "active", "2 violations"] {
            #expect(row.text.contains(fact), "\(fact)")
        }
        let ending = try #require(markings.all("tr").first { $0.text.contains("Integration_Snowflake_Export") })
        #expect(ending.text.contains("in 52 days18 Jan 2027, 09:30 UTC") && ending.text.contains("+2"))
        let links = markings.of(ending, "a").compactMap { $0["href"] }
        let place = "/admin/api-tokens/\(samples.snowflake.id)"
        #expect(links == [place, "\(place)/rotate", "\(place)/revoke"])
    }

    @Test func `a token that another system issues is not rotated here`() throws {
        let markings = try page("api-tokens")
        let row = try #require(markings.all("tr").first { $0.text.contains("aws-reporting-user") })
        #expect(!row.text.contains("Rotate") && row.text.contains("Revoke"))
    }

    @Test func `a heading that nothing can be sorted by is no link, and the page says so`() throws {
        let markings = try page("api-tokens-unsorted")
        let heads = markings.all("th").filter { $0["scope"] == "col" }
        let linked = heads.filter { head in !markings.of(head, "a").isEmpty }.map(\.text)
        #expect(linked == ["Name", "Last used"])
        let said = "What is looked for here is not sorted by Created, Expires: only all active tokens are."
        #expect(try text("api-tokens-unsorted").contains(said))
        #expect(!(try text("api-tokens").contains("is not sorted by")))
    }

    @Test func `what is looked for stays, also on the next page and in another order`() throws {
        let all =
            "q=sap%20%26%20co&amp;state=all&amp;owner=team-data&amp;scope=x&amp;policy=p&amp;status=violating"
            + "&amp;expiring=30d&amp;idle=never"
        let found = try targets("api-tokens-narrow")
        #expect(found.contains("/admin/api-tokens?\(all)&amp;sort=expires&amp;cursor=c3"))
        #expect(found.contains("/admin/api-tokens?\(all)&amp;sort=used"))
        #expect(found.contains("/admin/api-tokens?\(all)&amp;sort=expires"))
        let markings = try page("api-tokens-narrow")
        let sorted = markings.all("th").filter { $0["aria-sort"] != nil }
        #expect(sorted.map(\.text) == ["Expires"] && sorted[0]["aria-sort"] == "ascending")
        #expect(markings.all("input").first { $0["name"] == "q" }?["value"] == "sap &amp; co")
        #expect(try text("api-tokens-narrow").contains("Looked at 20,000 tokens so far"))
    }

    @Test func `a brake and what was done stand above everything`() throws {
        let text = try text("api-tokens-narrow")
        #expect(text.contains("Destructive actions are on hold."))
        #expect(text.contains("Frozen until 2026-11-29T09:30:00Z by cli:marek: release week"))
        #expect(text.contains("‘crm-sync-us’ was revoked"))
    }

    @Test func `an empty list says how to begin`() throws {
        #expect(try text("api-tokens-empty").contains("No token yet"))
    }

    @Test func `the menu leads only where one may look`() {
        var frame = samples.frame
        frame.person?.sees = [.apiTokens, .audit]
        let markings = Markings(AuditPage(entries: []).render(in: frame))
        let menu = markings.all("nav").first { $0["aria-label"] == "Administration" }
        let links = menu.map { markings.of($0, "a").map(\.text) }
        #expect(links == ["API Tokens", "Audit"])
    }

    @Test func `an empty plan is told to be one, and there is nothing to press`() throws {
        var plan = samples.plan
        plan.actions = 0
        let markings = Markings(PlanPage(plan: plan, actions: [], totals: [:]).render(in: samples.frame))
        #expect(markings.all("main").contains { $0.text.contains("There is nothing to do") })
        let buttons = markings.all("button").map(\.text)
        #expect(!buttons.contains("Approve") && !buttons.contains("Apply this plan"))
    }

    @Test func `the log tells files of policies by their names, and calls only what is empty nothing`() throws {
        let digest = "sha256:" + String(repeating: "ab12", count: 16)
        let body = """
            {"action":"policies.load","after":{"files":[{"digest":"\(digest)","name":"all.yaml"},{"name":"more.yaml"}],\
            "kept":false,"owner":"","scopes":["a","b"]},"before":{"files":[],"kept":true,"owner":null,"scopes":{}},\
            "cause":"c"}
            """
        let entry = AuditEntry(
            number: 1, at: samples.frame.now, actor: "cli:eve", action: "policies.load", object: "policies", body: body)
        let text = Markings(AuditPage(entries: [entry]).render(in: samples.frame)).all("main").map(\.text).joined()
        #expect(text.contains("files: was nothing, is all.yaml (sha256:ab12ab12ab12…), more.yaml"))
        #expect(text.contains("kept: was true, is false"))
        #expect(text.contains("owner: was nothing, is nothing") && text.contains("scopes: was nothing, is a, b"))
    }

    @Test func `the log says what was otherwise before, and calls the store by no id`() throws {
        let body = """
            {"action":"store.freeze","actor":"cli:eve","after":{"owner":"new"},"before":{"owner":"old"},"cause":"c"}
            """
        let entry = AuditEntry(
            number: 1, at: samples.frame.now, actor: "cli:eve", action: "store.freeze", object: "0a0b", body: body)
        let text = Markings(AuditPage(entries: [entry], instance: "0a0b").render(in: samples.frame)).all("main")
            .map(\.text).joined()
        #expect(text.contains("owner: was old") && text.contains("is new"))
        #expect(text.contains("the store") && !text.contains("0a0b"))
    }

    // MARK: - A new token

    @Test func `the form for a token has all its fields, read-only scopes first`() throws {
        let fields = try form("new", "/admin/api-tokens")
        let names = ["csrf", "request"] + TokenForm.Field.allCases.map(\.rawValue)
        #expect(fields.keys.sorted() == names.sorted())
        let boxes = try page("new").all("input").filter { $0["name"] == "scope" }.compactMap { $0["value"] }
        #expect(boxes == (samples.catalogue.map(\.name) + samples.roles.map(\.scope)))
        let admin = try page("new").all("input").first { $0["value"] == "rota:admin" }
        #expect(admin?["disabled"] != nil)
        #expect(try text("new").contains("Only an administrator gives it."))
        #expect(try page("new").all("input").first { $0["name"] == "expires" }?["type"] == "datetime-local")
    }

    private func groups(_ access: [TokenForm.Scope.Access], ticked: Set<String> = []) -> Markings {
        let scopes = access.enumerated().map { index, access in
            TokenForm.Scope(name: "scope:\(index)", description: "", access: access)
        }
        var form = TokenForm()
        form.ticked = ticked
        return Markings(NewTokenPage(form: form, catalogue: scopes, request: "r").render(in: samples.frame))
    }

    @Test func `scopes that administer stand by themselves, after those that write`() throws {
        let markings = groups([.admin, .write, .read, .admin])
        let sets = markings.all("fieldset").filter { $0["data-group"] != nil }
        #expect(sets.map { $0["data-group"] } == ["read", "write", "admin"])
        let last = try #require(sets.last)
        #expect(markings.of(last, "input").map { $0["value"] } == ["scope:0", "scope:3"])
        #expect(!groups([.read, .write]).all("fieldset").contains { $0["data-group"] == "admin" })
    }

    @Test func `the warning of everything that may be written stands among what writes alone`() {
        func warnings(_ access: [TokenForm.Scope.Access]) -> Int {
            groups(access).all("p").count { $0["class"] == "warn" }
        }
        #expect(warnings([.read, .write]) == 1)
        #expect(warnings([.read, .admin]) == 0)
    }

    @Test func `what is wrong stands beside its field, and what was written stays`() throws {
        let markings = try page("new-errors")
        let name = try #require(markings.all("input").first { $0["name"] == "name" })
        #expect(name["value"] == "Integration_Snowflake_Export" && name["aria-invalid"] == "true")
        #expect(name["aria-describedby"]?.hasPrefix("name-error") ?? false)
        #expect(markings.all("p").first { $0["id"] == "name-error" }?.text.contains("exists already") ?? false)
        #expect(markings.all("textarea").first { $0["name"] == "labels" }?.text == "\nenv=prod\ntier=gold")
        #expect(markings.all("input").count { $0["name"] == "scope" && $0["checked"] != nil } == 2)
    }

    @Test func `a value is shown once, and not where it is in a vault`() throws {
        let value = try #require(try page("created").all("input").first { $0["id"] == "value" })
        #expect(value["value"]?.hasPrefix("rota_") ?? false)
        #expect(value["readonly"] != nil)
        #expect(try text("created").contains("shown this once, and never again"))
        #expect(try page("created-pushed").all("input").allSatisfy { $0["type"] == "hidden" })
        #expect(try text("created-pushed").contains("main:integrations/snowflake/export#token"))
    }

    // MARK: - One token

    @Test func `the page of a token tells its story`() throws {
        let text = try text("token")
        for fact in [
            "Pushed to 1 of 2 places", "It is stalled. aws-eu answered 503", "It lives for 462 days from its creation",
            "holds version 4", "sending version 4", "41,208", "snowflake-connector/3.12", "wvr_27", "token.rotate",
            "Scopes that no use has needed: glossary:read", "…7tKe",
        ] { #expect(text.contains(fact), "\(fact)") }
        let now = try page("token").all("li").filter { $0["aria-current"] == "step" }
        #expect(now.map(\.text) == ["Pushed to 1 of 2 places"])
        #expect(try targets("token-quarantined").contains("/admin/api-tokens/\(samples.tokens[6].token.id)/restore"))
    }

    @Test(arguments: TokenActionPage.Kind.allCases) func `an action shows what comes of it, and asks why`(
        _ kind: TokenActionPage.Kind
    ) throws {
        let token = kind == .restore ? samples.tokens[6].token : samples.snowflake
        let fields = try form(kind.rawValue, "/admin/api-tokens/\(token.id)/\(kind.rawValue)")
        #expect(fields.keys.contains("reason"))
        #expect(fields.keys.contains("overlap") == (kind == .rotate))
        #expect(fields.keys.contains("name") == [.revoke, .emergency].contains(kind))
        let text = try text(kind.rawValue)
        for fact in ["What happens", "10.20.4.17", "aws-eu:prod/snowflake-export"] { #expect(text.contains(fact)) }
    }

    @Test func `a token without a destination is not rotated from here`() throws {
        let page = TokenActionPage(kind: .rotate, token: samples.snowflake)
        let markings = Markings(page.render(in: samples.frame))
        #expect(markings.all("form").compactMap { $0["action"] } == ["/admin/sign-out"])
        #expect(
            markings.all("main").first?.text.contains("no destination that a new value could be pushed to") ?? false)
    }

    @Test func `the name is asked for only while the token is in use`() {
        let now = samples.now
        let idle = samples.token(1, "a", usage: .lastUsed(now - .days(8)))
        #expect(TokenActionPage.asksForName(.revoke, samples.snowflake, at: now))
        #expect(!TokenActionPage.asksForName(.rotate, samples.snowflake, at: now))
        #expect(!TokenActionPage.asksForName(.revoke, idle, at: now))
    }

    @Test func `who may not go past a freeze is not led there`() {
        let page = TokenActionPage(
            kind: .revoke, token: samples.snowflake, obstacle: "frozen for a release", isHeld: true)
        var frame = samples.frame
        let place = "/admin/api-tokens/\(samples.snowflake.id)/emergency"
        #expect(Markings(page.render(in: frame)).all("a").contains { $0["href"] == place })
        frame.person?.may.remove(.emergency)
        let markings = Markings(page.render(in: frame))
        #expect(!markings.all("a").contains { $0["href"] == place })
        #expect(markings.all("main").first?.text.contains("ask somebody who operates Rota") ?? false)
    }

    // MARK: - The rest

    @Test func `who signs in goes on to where he wanted`() throws {
        #expect(try form("sign-in", "/admin/sign-in")["next"] == "/admin/plans")
        #expect(
            try targets("sign-in").contains {
                $0 == "/admin/sign-in/corp?next=%2Fadmin%2Fplans" || $0.hasPrefix("/admin/sign-in/")
            })
        #expect(try page("sign-in").all("input").first { $0["name"] == "token" }?["type"] == "password")
        #expect(try text("sign-in-failed").contains("it was revoked"))
    }

    @Test func `a plan is approved by its digest, and never by who asked for it`() throws {
        #expect(try form("plan", "/admin/plans/plan_7f3a90c2/approve")["digest"] == samples.plan.digest)
        let own = try page("plan-own").all("form").compactMap { $0["action"] }
        #expect(!own.contains("/admin/plans/plan_7f3a90c2/approve"))
        #expect(try text("plan-own").contains("an approval is somebody else’s"))
        #expect(try form("plan-approved", "/admin/plans/plan_11aa22bb/apply")["digest"] == samples.plan.digest)
        #expect(try page("plan-applied").all("form").filter { $0["action"] != "/admin/sign-out" }.isEmpty)
        #expect(try targets("plan-applied").contains("/admin/runs/run_88"))
    }

    @Test func `the page of a run leads to the plan that it applied`() throws {
        #expect(try targets("run").contains("/admin/plans/plan_7f3a90c2"))
        #expect(try targets("run-aborted").allSatisfy { !$0.hasPrefix("/admin/plans/") })
    }

    @Test(
        arguments: [
            (503, "status 503", "It answered with status 503"), (503, "status 503: too busy", "Status 503: too busy"),
            (503, "Service Unavailable", "503: Service Unavailable"), (nil, "no route to host", "no route to host"),
        ] as [(Int?, String, String)]) func `what an endpoint answered is said once`(
            _ status: Int?, _ cause: String, _ told: String
        ) throws
    {
        let trouble = WebhooksPage.Trouble(at: samples.now - .hours(2), status: status, cause: cause)
        let row = WebhooksPage.Row(
            name: "security", events: ["*"], counts: DeliveryCounts(waiting: 0, delivered: 1, dead: 0),
            trouble: trouble)
        let markings = Markings(WebhooksPage(rows: [row]).render(in: samples.frame))
        let cell = try #require(markings.all("td").first { $0["data-label"] == "Last trouble" })
        #expect(cell.text.hasPrefix(told) && !cell.text.dropFirst(told.count).contains("503"), "\(cell.text)")
    }

    @Test func `a bar says in words what it shows`() throws {
        let titles = try page("policies").all("title").map(\.text)
        #expect(titles.contains("production-rotation: 7 violating, 18 due, 3 waived, 214 compliant"))
    }

    @Test func `waivers and dead letters are dealt with one by one`() throws {
        #expect(try form("waivers", "/admin/waivers/wvr_30/approve").keys.contains("comment"))
        #expect(try form("waivers", "/admin/waivers/wvr_27/withdraw").keys.contains("reason"))
        let actions = try page("waivers").all("form").compactMap { $0["action"] }
        #expect(
            !actions.contains("/admin/waivers/wvr_31/approve") && !actions.contains("/admin/waivers/wvr_12/withdraw"))
        #expect(try form("webhooks", "/admin/webhooks/replay")["endpoint"] == "security")
        let events = try page("deliveries").all("input").filter { $0["name"] == "event" }.compactMap { $0["value"] }
        #expect(events == ["evt_01hq1", "evt_01hq2", "evt_01hq3", "evt_01hq4"])
    }

    @Test func `reports, audit and errors lead on`() throws {
        for format in ["html", "csv", "json"] {
            #expect(try targets("reports").contains("/admin/reports/compliance.\(format)"))
        }
        #expect(try targets("audit").contains("/admin/audit?object=\(samples.snowflake.id)&amp;cursor=81"))
        #expect(try text("error").contains("req_8f2c"))
    }

    @Test func `assets are named after their content`() {
        for asset in PageAssets.all {
            #expect(asset.path.hasPrefix("/admin/assets/") && !asset.bytes.isEmpty)
        }
        #expect(Set(PageAssets.all.map(\.path)).count == 3)
        let style = String(decoding: PageAssets.style.bytes, as: UTF8.self)
        #expect(!style.contains("url(") && !style.contains("@import"))
        #expect(style.count { $0 == "{" } == style.count { $0 == "}" })
    }
}
