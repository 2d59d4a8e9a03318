import Crypto
import HTTPServer
import JSON
import Testing

@testable import API

/// What takes its time, and keeps what it was asked with for as long.
struct `What is under way at a time` {
    /// Ends when it is told to.
    private struct Gate: Sendable {
        let stream: AsyncStream<Void>
        let continuation: AsyncStream<Void>.Continuation

        init() { (stream, continuation) = AsyncStream.makeStream() }
        func open() { continuation.finish() }
        func wait() async { for await _ in stream {} }
    }

    private func fill(_ errands: Errands, upTo most: Int = Errands.most) throws -> [Gate] {
        var gates: [Gate] = []
        do {
            while true {
                let gate = Gate()
                try errands.ask(upTo: most) { await gate.wait() }
                gates.append(gate)
            }
        } catch {
            #expect(error == .full)
        }
        return gates
    }

    @Test func `is no more than a few hundred: further ones are told to come again, and what is quick is answered`()
        async throws
    {
        let fixture = try APIFixture(signIns: [
            ServedConfiguration.SignIn(
                name: "one", label: "One", callback: "https://rota/callback", address: { _ in "https://one" },
                identify: { _, _ in "anna" })
        ])
        let admin = try await fixture.issue("admin", scopes: ["rota:admin"])
        let visitor = try #require(try await Visitor(fixture, admin))
        let gates = try fill(fixture.errands)
        #expect(gates.count == Errands.most)

        let answer = try await fixture.ask("POST", "/v1/tokens/admin/rotate", as: admin, json: [:])
        #expect(answer.status == 503)
        #expect(answer[header: "Retry-After"] == "5")
        #expect(answer[header: "Content-Type"] == "application/problem+json")
        let page = try await visitor.send("POST", "/admin/api-tokens/admin/rotate", form: "overlap=1h")
        #expect(page.status == 503)
        #expect(page[header: "Retry-After"] == "5")
        #expect(page.text.contains("too much is under way"))
        let leaving = try await fixture.send("GET", "/admin/sign-in/one")
        #expect(leaving.status == 503)
        #expect(leaving[header: "Retry-After"] == "5")
        #expect(try await fixture.ask("GET", "/v1/tokens", as: admin).status == 200)

        for gate in gates { gate.open() }
        var status = 503
        while status == 503 {
            await Task.yield()
            status = try await fixture.ask("POST", "/v1/tokens/admin/rotate", as: admin, json: [:]).status
        }
        // It has no place.
        #expect(status == 409)
    }

    @Test func `is for a part of those who operate, whatever holders of tokens ask for`() throws {
        let errands = Errands()
        #expect(try fill(errands, upTo: Errands.forHolders).count == Errands.forHolders)
        #expect(try fill(errands).count == Errands.most - Errands.forHolders)
    }

    @Test func `is nothing more after the end, and what is under way then is done`() async throws {
        let errands = Errands()
        let isDone = Locked(false)
        try errands.ask { isDone.withLock { $0 = true } }
        errands.end()
        #expect(throws: Errands.Refusal.ended) { try errands.ask {} }
        await errands.attend()
        #expect(isDone.withLock { $0 })
    }
}
