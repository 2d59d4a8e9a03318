import Crypto
import Engine
import HTTPServer
import JSON
import RotaCore
import Testing

@testable import API

/// Commands that are done here as at home: which, with what, and in whose name.
struct `A command that is asked for` {
    private let fixture: APIFixture

    init() throws { fixture = try APIFixture() }

    private func ask(
        _ method: String, _ path: String, as roles: [String] = [Role.admin], owner: String = "team", name: String,
        accept: String? = nil, kind: String? = nil, json: JSON? = nil
    ) async throws -> Response {
        let value = try await fixture.issue(name, scopes: roles, owner: owner)
        var headers = [(name: "Authorization", value: "Bearer \(value)")]
        if let accept { headers.append(("Accept", accept)) }
        if let kind { headers.append(("Content-Type", kind)) }
        return try await fixture.send(method, path, headers, json: json)
    }

    private var last: CommandRequest? { fixture.commands.withLock { $0.last } }

    @Test func `is done in the name of who asks, and says how it ended`() async throws {
        let answer = try await ask(
            "POST", "/v1/drift", owner: "alice", name: "a", json: ["vault": "v", "token": "nightly"])
        #expect(answer.status == 200 && answer[header: "Rota-Exit-Code"] == "3")
        #expect(answer[header: "Content-Type"] == "application/json")
        #expect(last?.words == ["vault", "drift"] && last?.operands == ["nightly"] && last?.form == .document)
        #expect(last?.principal.name == "alice" && last?.principal.actor.name == "token:a" && last?.owner == nil)
    }

    @Test func `is shown in lines where those are asked for`() async throws {
        _ = try await fixture.issue("nightly", owner: "team")
        let answer = try await ask(
            "GET", "/v1/tokens/nightly", name: "a", accept: "application/vnd.rota.lines; width=20")
        #expect(answer[header: "Content-Type"] == "application/vnd.rota.lines")
        #expect(last?.words == ["token", "show"] && last?.form == .lines(width: 40))
        let plain = try await ask("GET", "/v1/tokens/nightly", name: "b", accept: "text/html, */*")
        #expect(plain[header: "Content-Type"] == "application/json" && plain[header: "Rota-Exit-Code"] == nil)
    }

    @Test func `tells who only issues of his own tokens alone`() async throws {
        _ = try await fixture.issue("nightly", owner: "others")
        let lines = "application/vnd.rota.lines"
        for (number, path) in ["/v1/tokens/nightly", "/v1/tokens/nightly/explain"].enumerated() {
            let answer = try await ask("GET", path, as: [Role.issue], name: "a\(number)", accept: lines)
            #expect(answer.status == 404)
        }
        #expect(last == nil)
        _ = try await ask("GET", "/v1/tokens", as: [Role.issue], name: "b", accept: lines)
        #expect(last?.owner == "team")
        _ = try await ask("GET", "/v1/tokens", as: [Role.issue], owner: "", name: "c", accept: lines)
        #expect(last?.owner == "\u{0}")
        _ = try await ask("GET", "/v1/tokens?state=all&limit=2", as: [Role.audit], name: "d", accept: lines)
        #expect(last?.owner == nil && last?.options.map(\.name) == ["limit"])
    }

    @Test func `takes policies along that have names of files`() async throws {
        let file: JSON = ["name": "a.yaml", "text": "version: 1"]
        _ = try await ask("POST", "/v1/comparison", name: "a", json: ["candidate": ["files": [file]]])
        #expect(last?.candidate?.files.map(\.name) == ["a.yaml"] && last?.candidate?.replacesAll == false)
        let bad: [(JSON, Int)] = [
            ([:], 422), (["candidate": []], 400), (["candidate": ["files": []]], 422),
            (["candidate": ["files": [file, file], "replaces_all": true]], 422),
            (["candidate": ["files": [file, ["name": "b.yaml", "text": ""]]]], 422),
            (["candidate": ["files": [["name": "../a.yaml", "text": ""]]]], 422),
            (["candidate": ["files": [["name": "a.txt", "text": ""]]]], 422),
            (["candidate": ["files": [["name": "a.yaml"]]]], 400),
            (["candidate": ["files": [file], "other": 1]], 400),
        ]
        for (number, (body, status)) in bad.enumerated() {
            let answer = try await ask("POST", "/v1/comparison", name: "b\(number)", json: body)
            #expect(answer.status == status, "\(body): \(answer.text)")
        }
        #expect(fixture.commands.withLock { $0.count } == 1)
    }

    @Test(arguments: ["/v1/import", "/v1/adoption"])
    func `with a key is refused where it acts and nothing is remembered of it`(path: String) async throws {
        let value = try await fixture.issue("a", scopes: [Role.admin], owner: "team")
        func ask(_ key: String?) async throws -> Response {
            var headers = [(name: "Authorization", value: "Bearer \(value)")]
            if let key { headers.append(("Idempotency-Key", key)) }
            if path == "/v1/adoption" { return try await fixture.send("POST", path, headers, json: ["all": true]) }
            return try await fixture.send("POST", path, headers + [("Content-Type", "application/octet-stream")])
        }
        #expect(try await ask("k").status == 400)
        #expect(last == nil)
        #expect(try await ask(nil).status == 200)
        #expect(last?.isActing == true)
    }

    @Test func `imports what an administrator sends, as a file`() async throws {
        let kind = "application/octet-stream"
        let answer = try await ask(
            "POST", "/v1/import?name=t.csv&dry-run=true&ignore=x,y&map=a%3Db", name: "a", kind: kind)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(last?.upload?.name == "t.csv" && last?.operands == ["t.csv"])
        #expect(last?.options.map(\.name) == ["map", "ignore", "ignore", "dry-run"])
        #expect(try await ask("POST", "/v1/import", name: "b", json: [:]).status == 415)
        #expect(try await ask("POST", "/v1/import?name=a%2Fb", name: "c", kind: kind).status == 422)
        #expect(try await ask("POST", "/v1/import?dry-run=yes", name: "d", kind: kind).status == 400)
        #expect(try await ask("POST", "/v1/import", as: [Role.operate], name: "e", kind: kind).status == 403)
        #expect(fixture.commands.withLock { $0.count } == 1)
    }
}
