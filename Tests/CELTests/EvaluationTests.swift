import CEL
import Synchronization
import Testing

struct `A condition` {
    private static let environment = Environment(
        variables: [
            .init("token.labels", .map(.string, .string)), .init("token.age", .duration),
            .init("token.last_used_at", .timestamp), .init("now", .timestamp), .init("items", .list(.int)),
            .init("text", .string),
        ])

    private static func bound(
        labels: [String: String] = ["env": "prod"], lastUsed: Int64? = nil, items: [Int64] = [], text: String = ""
    ) -> Bound {
        Bound(values: [
            .map(of: labels), .span(seconds: 100 * 86_400), lastUsed.map { Value.instant(seconds: $0) },
            .instant(seconds: 1_790_000_000), .list(of: items.map(Value.int)), .string(text),
        ])
    }

    private func decide(
        _ source: String, _ bound: Bound = bound(), costLimit: Int = 10_000
    ) throws -> Result<Bool, EvaluationError> {
        try Program(source, environment: Self.environment).decide(bound, costLimit: costLimit)
    }

    @Test(
        arguments: [
            (#"token.labels.env == "prod" && token.age > duration("2160h")"#, true),
            (#"token.age >= duration("2400h") && token.age <= duration("2400h")"#, true),
            (#"token.age > duration("2400h")"#, false),
            (#"has(token.labels.team) && token.labels.team == "a""#, false),
            (#"has(token.last_used_at)"#, false),
            (#"!has(token.last_used_at) || now - token.last_used_at > duration("1h")"#, true),
            (#"'env' in token.labels && token.labels['env'].startsWith('pr')"#, true),
            (#"now.getFullYear() == 2026"#, true),
        ])
    func `is answered`(_ source: String, _ answer: Bool) throws {
        #expect(try decide(source).get() == answer)
    }

    @Test func `that needs what is not there is an error, with its place`() throws {
        guard case .failure(let error) = try decide("token.labels.env == 'x' ||\n now > token.last_used_at") else {
            Issue.record("no error")
            return
        }
        #expect(error.reason == .absent("token.last_used_at"))
        #expect("\(error)" == "2:8: 'token.last_used_at' has no value")
    }

    @Test func `does not mind an error that changes nothing`() throws {
        #expect(try decide("token.labels.team == 'a' || token.labels.env == 'prod'").get())
        #expect(try !decide("token.labels.team == 'a' && token.labels.env == 'dev'").get())
        guard case .failure(let error) = try decide("token.labels.team == 'a' || token.labels.env == 'dev'") else {
            Issue.record("no error")
            return
        }
        #expect(error.reason == .noSuchKey("'team'"))
    }

    @Test func `fetches only what it needs, and says what that may be`() throws {
        let program = try Program("text == 'a' && now == token.last_used_at", environment: Self.environment)
        #expect(program.slots == [2, 3, 5])
        let watched = Watched(values: Self.bound(text: "b").values)
        #expect(try !program.decide(watched, costLimit: 100).get())
        #expect(watched.asked.withLock { $0 } == [5])
    }

    @Test func `stops at its cost, whatever stands around it`() throws {
        let items = Self.bound(items: Array(0..<100))
        let source = "items.all(a, items.all(b, items.all(c, items.all(d, a + b + c + d >= 0)))) || true"
        guard case .failure(let error) = try decide(source, items, costLimit: 50_000) else {
            Issue.record("no error")
            return
        }
        #expect(error.reason == .costExceeded(50_000))
        #expect("\(error)".hasSuffix("more than 50000 steps"))
    }

    @Test(arguments: [
        "items.map(a, items.map(b, items.map(c, items)))  == []",
        "items.map(a, text + text + text + text).size() > 1000", "items.all(i, text.contains(text + 'x') || true)",
        "items.all(i, (text + text) != text)", "items.all(i, text.matches('(a*)*(b*)*c'))",
        "items.all(i, text.matches(text))",
    ])
    func `cannot take much memory or time for few steps`(_ source: String) throws {
        let bound = Self.bound(items: Array(0..<1000), text: String(repeating: "a", count: 100_000))
        guard case .failure(let error) = try decide(source, bound, costLimit: 100_000) else {
            Issue.record("no error")
            return
        }
        guard case .costExceeded = error.reason else {
            Issue.record("\(error)")
            return
        }
    }

    @Test func `sees characters, and not what they look like`() throws {
        // An e with an accent, in two ways that Swift takes for the same.
        let bound = Self.bound(labels: ["caf\u{E9}": "1"], text: "e\u{301}")
        #expect(try !decide("text == '\\u00e9'", bound).get())
        #expect(try decide("size(text) == 2", bound).get())
        #expect(try decide("'caf\\u00e9' in token.labels", bound).get())
        #expect(try !decide("'cafe\\u0301' in token.labels", bound).get())
    }

    @Test func `goes through the labels in the same order each time`() throws {
        let labels = Dictionary(uniqueKeysWithValues: (0..<50).map { ("k\($0)", "") })
        let program = try Program(
            "token.labels.map(k, k)", environment: Self.environment, result: .list(.string))
        let keys = try program.evaluate(Self.bound(labels: labels), costLimit: 10_000).get()
        #expect(keys.isSame(as: .list(of: labels.keys.sorted())))
    }

    @Test func `may have a type that shows only later, and then has to be a bool`() throws {
        #expect(try decide("dyn(1) == 1 ? dyn(true) : dyn(1)").get())
        guard case .failure = try decide("dyn(1) == 2 ? dyn(true) : dyn(1)") else {
            Issue.record("an int was taken for an answer")
            return
        }
    }

    @Test func `asks for a zone that is written out but once`() throws {
        let asked = Mutex(0)
        let environment = Environment(
            variables: [.init("now", .timestamp)],
            zone: { name in
                asked.withLock { $0 += 1 }
                guard name == "Asia/Kolkata" else { return nil }
                return { _ in 19_800 }
            })
        let program = try Program("now.getMinutes('Asia/Kolkata') == 30", environment: environment)
        for _ in 0..<10 {
            #expect(try program.decide(Bound(values: [.instant(seconds: 0)]), costLimit: 100).get())
        }
        #expect(asked.withLock { $0 } == 1)
    }
}

private final class Watched: Variables {
    let values: [Value?]
    let asked = Mutex<[Int]>([])

    init(values: [Value?]) { self.values = values }

    func value(of slot: Int) -> Value? {
        asked.withLock { $0.append(slot) }
        return values[slot]
    }
}
