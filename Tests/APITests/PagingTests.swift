import Engine
import HTTPServer
import JSON
import RotaCore
import TestSupport
import Testing

@testable import API

/// Plans, waivers, runs and deliveries, of which there may be many.
struct `A list that is looked at page by page` {
    private static let endpoint = Endpoint(name: "w", events: [Glob("*")], retries: [])

    private func add(_ kind: String, _ number: Int, _ fixture: APIFixture, as admin: String) async throws {
        switch kind {
        case "deliveries": _ = try await fixture.issue("t\(number)")
        case "waivers": try await addWaiver(number, fixture)
        default:
            let made = try await fixture.ask("POST", "/v1/\(kind)", as: admin, json: [:])
            #expect((200...201).contains(made.status), "\(made.text)")
        }
    }

    private func addWaiver(_ number: Int, isOver: Bool = false, _ fixture: APIFixture) async throws {
        let now = fixture.clock.now()
        try await fixture.store.write { store in
            guard let id = try store.token(named: "admin")?.id else { throw JSON.Missing() }
            let change = Change(actor: "cli:tester", at: now, cause: "test")
            try store.requestWaiver(
                Waiver(
                    id: "waiver_\(number)", subject: .token(id), policy: "p", rule: nil, reason: "number \(number)",
                    requester: Principal(name: "x", account: "x", tokenID: nil), requestedAt: now,
                    endsAt: now + .days(9)),
                change: change)
            if isOver { _ = try store.withdrawWaiver("waiver_\(number)", by: "x", change: change) }
        }
    }

    private func ids(_ page: JSON, _ kind: String) -> [String] {
        (page[kind]?.array ?? []).map { row in
            row["id"]?.string ?? "\(row["event"]?.string ?? "") \(row["webhook"]?.string ?? "")"
        }
    }

    @Test(arguments: ["plans", "waivers", "runs", "deliveries"])
    func `comes whole and each once, while more is added`(kind: String) async throws {
        let fixture = try APIFixture(policies: .alwaysDue, endpoints: kind == "deliveries" ? [Self.endpoint] : [])
        let admin = try await fixture.issue("admin", scopes: ["rota:admin"])
        for number in 0..<7 { try await add(kind, number, fixture, as: admin) }
        let all = ids(try await fixture.ask("GET", "/v1/\(kind)?limit=500", as: admin).json(), kind)
        #expect(all.count >= 7)
        var (seen, number): ([String], Int) = ([], 7)
        var cursor: String?
        repeat {
            let more = cursor.map { "&cursor=\($0)" } ?? ""
            let page = try await fixture.ask("GET", "/v1/\(kind)?limit=2\(more)", as: admin).json()
            #expect(ids(page, kind).count <= 2)
            seen += ids(page, kind)
            cursor = page["next"]?.string
            try await add(kind, number, fixture, as: admin)
            number += 1
        } while cursor != nil && number < 50
        #expect(Set(seen).count == seen.count)
        #expect(Array(seen.prefix(all.count)) == all)
        // What comes first is the newest: what was added meanwhile is before the first page.
        #expect(kind == "deliveries" || seen == all)
        let other = kind == "plans" ? "runs" : "plans"
        let foreign = try await fixture.ask("GET", "/v1/\(kind)?limit=2", as: admin).json()["next"]?.string ?? ""
        #expect(try await fixture.ask("GET", "/v1/\(other)?cursor=\(foreign)", as: admin).status == 422)
    }

    @Test func `has a way on in the pages, without script`() async throws {
        let fixture = try APIFixture(policies: .alwaysDue, endpoints: [Self.endpoint])
        let admin = try await fixture.issue("admin", scopes: ["rota:admin"])
        for number in 0..<120 {
            _ = try await fixture.issue("t\(number)")
            try await addWaiver(number, isOver: number > 0, fixture)
            if number < 60 {
                _ = try await fixture.ask("POST", "/v1/plans", as: admin, json: [:])
            }
        }
        let visitor = try #require(try await Visitor(fixture, admin))
        for (path, count, row) in [
            ("webhooks/deliveries?state=waiting", 0, #/evt_[0-9a-f]+/#), ("waivers", 120, #/waiver_[0-9]+/#),
            ("plans", 60, #/plan_[0-9a-f]+/#),
        ] {
            var (next, seen, pages): (String?, Set<String>, Int) = ("/admin/\(path)", [], 0)
            while let address = next, pages < 20 {
                let text = try await visitor.send("GET", address).text
                let rows = Set(text.matches(of: row).map { String($0.output) })
                #expect(seen.isDisjoint(with: rows), "\(address)")
                seen.formUnion(rows)
                next = text.firstMatch(of: #/href="([^"]*cursor=[^"]*)"/#).map {
                    String($0.output.1).replacing("&amp;", with: "&")
                }
                pages += 1
            }
            #expect(next == nil)
            #expect(pages > 1, "\(path)")
            #expect(count == 0 ? seen.count >= 240 : seen.count == count, "\(path): \(seen.count)")
        }
    }
}
