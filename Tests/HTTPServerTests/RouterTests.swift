import HTTPServer
import Testing

struct `A router` {
    private struct Broken: Error {}

    private var router: Router {
        var router = Router { _, _ in Response(500) }
        func say(_ text: String) -> Router.Handler {
            { _, parameters in
                let values = ["name", "number"].compactMap { parameters[$0] }
                return .now(Response(200, body: Array(([text] + values).joined(separator: " ").utf8)))
            }
        }
        router.on(["GET"], "/tokens", say("list"))
        router.on(["POST"], "/tokens", say("create"))
        router.on(["GET"], "/tokens/{name}", say("show"))
        router.on(["DELETE"], "/tokens/{name}/versions/{number}", say("end"))
        router.on(nil, "/files/{...}", say("files"))
        router.on(["GET"], "/broken") { _, _ in throw Broken() }
        return router
    }

    static let requests: [(method: String, target: String, status: Int, text: String)] = [
        ("GET", "/tokens", 200, "list"), ("POST", "/tokens?x=1", 200, "create"), ("HEAD", "/tokens", 200, "list"),
        ("GET", "/tokens/a%2Fb", 200, "show a/b"), ("DELETE", "/tokens/a/versions/2", 200, "end a 2"),
        ("PROPFIND", "/files/a/b", 200, "files"), ("GET", "/files", 200, "files"), ("GET", "/broken", 500, ""),
        ("GET", "/tokens/", 404, ""), ("GET", "/tokens/a/b", 404, ""), ("GET", "/", 404, ""),
    ]

    @Test(arguments: requests)
    func `finds the handler`(method: String, target: String, status: Int, text: String) throws {
        let request = Request(method: method, target: try #require(Target(target)))
        guard case .now(let response) = router.answer(request) else { return }
        #expect(response.status == status)
        if status == 200 { #expect(String(decoding: response.body, as: UTF8.self) == text) }
    }

    @Test(arguments: [
        ("PUT", "/tokens", "GET, HEAD, POST"), ("POST", "/tokens/a", "GET, HEAD"),
        ("GET", "/tokens/a/versions/2", "DELETE"),
    ])
    func `says which methods there are`(method: String, target: String, allowed: String) throws {
        let request = Request(method: method, target: try #require(Target(target)))
        guard case .now(let response) = router.answer(request) else { return }
        #expect(response.status == 405)
        #expect(response.headers.first { $0.name == "Allow" }?.value == allowed)
    }
}

struct `A form` {
    @Test func `is decoded field by field`() throws {
        let form = try #require(FormFields("a=1&b=x+y%26&a=%C3%A4&c&=d&&e==".utf8))
        #expect(form.text(of: "a") == "1")
        #expect(form.count(of: "a") == 2)
        #expect(form.text(of: "b") == "x y&")
        #expect(form.text(of: "c") == "")
        #expect(form.text(of: "e") == "=")
        #expect(form.text(of: "f") == nil && form.count(of: "f") == 0)
        #expect(form.withValue(of: "b") { $0.count } == 4)
        #expect(FormFields("a=%ff".utf8)?.text(of: "a") == nil)
        #expect(FormFields("a=%ff".utf8)?.withValue(of: "a") { $0[0] } == 0xFF)
    }

    @Test func `has the same names however they are encoded`() throws {
        let form = try #require(FormFields("%61=1&%61b=2&a%3D=3&a=4".utf8))
        #expect(form.count(of: "a") == 2)
        #expect(form.text(of: "a") == "1" && form.text(of: "ab") == "2" && form.text(of: "a=") == "3")
    }

    @Test(arguments: ["a=%", "a=%4", "%zz=1", String(repeating: "a&", count: 101)])
    func `that cannot be read is none`(text: String) {
        #expect(FormFields(text.utf8) == nil)
    }
}
