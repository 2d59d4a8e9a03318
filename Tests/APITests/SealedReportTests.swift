import Engine
import HTTPServer
import RotaCore
import TestSupport
import Testing

@testable import API

struct `A report that a server cannot sign` {
    private static let changed = StoreError.failed(
        "the audit log is not what was signed: its first 7 entries were changed")

    private func ask(_ path: String, whereSigning fails: StoreError) async throws -> Response {
        let fixture = try APIFixture(seal: { _, _ in throw fails })
        let auditor = try await fixture.issue("auditor", scopes: [Role.audit])
        return try await fixture.ask("GET", path, as: auditor)
    }

    @Test func `is one without a signature where the disk is full`() async throws {
        let answer = try await ask("/v1/reports/compliance", whereSigning: .full)
        #expect(answer.status == 200)
        #expect(answer[header: API.signature] == nil)
    }

    @Test(arguments: ["compliance", "compliance?format=html", "compliance?signed=true", "bundle"])
    func `is none of a log that is not what was signed before`(_ report: String) async throws {
        #expect(try await ask("/v1/reports/\(report)", whereSigning: Self.changed).status == 500)
    }

    @Test(arguments: ["compliance?signed=true", "bundle"])
    func `is none where the signature is asked for`(_ report: String) async throws {
        #expect(try await ask("/v1/reports/\(report)", whereSigning: .full).status >= 500)
    }
}
