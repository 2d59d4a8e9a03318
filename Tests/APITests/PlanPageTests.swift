import Crypto
import Engine
import HTTPServer
import RotaCore
import TestSupport
import Testing

/// A plan is looked at a page of its actions at a time, and costs that however many it has.
struct `The page of a plan` {
    private let fixture: APIFixture

    init() throws { fixture = try APIFixture() }

    private func save(_ id: String, actions count: Int) async throws {
        let now = fixture.clock.now()
        let change = Change(actor: "cli:tester", at: now, cause: "test")
        try await fixture.store.write { store in
            var actions: [SavedAction] = []
            for number in 0..<count {
                let token = try issueToken(
                    TokenDraft(name: "job-\(number)"), in: store, random: SystemBytes(), change: change
                ).token
                actions.append(
                    SavedAction(
                        tokenID: token.id, name: token.name, owner: "", revision: 1,
                        action: number % 3 == 0 ? .revoke : .rotate, policy: "p", rule: "max-age", parameters: "{}",
                        reason: "max-age-due", message: "too old", deadline: now))
            }
            let identity = try store.identity()
            let plan = SavedPlan(
                id: id, policy: nil, digest: "d", policiesDigest: "e", instance: identity.instance,
                generation: identity.generation, generationID: identity.generationID, at: now,
                expiresAt: now + .hours(1), requester: Principal(account: "cli:tester"), actions: count,
                needsApproval: false)
            try store.savePlan(plan, actions: actions, change: change)
        }
    }

    @Test func `has each action once, page after page, and the numbers of the whole plan on each`() async throws {
        try await save("plan_1", actions: 120)
        let value = try await fixture.issue("auditor", scopes: ["rota:audit"])
        let visitor = try #require(try await Visitor(fixture, value))
        var path: String? = "/admin/plans/plan_1"
        var seen: [String] = []
        var sizes: [Int] = []
        while let next = path {
            let page = try await visitor.send("GET", next)
            #expect(page.status == 200)
            let asSeen = page.text.replacing("<wbr/>", with: "")
            let names = asSeen.matches(of: #/job-[0-9]+/#).map(\.0).reduce(into: [String]()) { names, name in
                if names.last != String(name) { names.append(String(name)) }
            }
            sizes.append(names.count)
            seen += names
            #expect(page.text.contains(">40<") && page.text.contains(">80<"), "revoked and rotated")
            path = page.text.firstMatch(of: #/href="([^"]*cursor=[^"]*)"/#).map { String($0.1) }
            #expect(sizes.count < 9)
        }
        #expect(sizes == [50, 50, 20])
        #expect(seen == (0..<120).map { "job-\($0)" })
    }
}
