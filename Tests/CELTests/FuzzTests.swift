import CEL
import FoundationEssentials
import TestSupport
import Testing

/// `ROTA_FUZZ_COUNT` says how many inputs; a million of them in `make test-long`.
struct `Texts that nobody would write` {
    private static let count = ProcessInfo.processInfo.environment["ROTA_FUZZ_COUNT"].flatMap { Int($0) } ?? 20_000

    private static let environment = Environment(variables: [
        .init("token.name", .string), .init("token.labels", .map(.string, .string)), .init("token.age", .duration),
        .init("token.scopes", .list(.string)), .init("token.created_at", .timestamp), .init("now", .timestamp),
        .init("x", .int), .init("y", .dyn), .init("token.missing", .timestamp),
    ])
    private static let bound = Bound(values: [
        .string("ci-deploy é"), .map(of: ["env": "prod", "team": "a"]), .span(seconds: 9_000_000),
        .list(of: ["read", "write"]), .instant(seconds: 1_700_000_000), .instant(seconds: 1_790_000_000), .int(3),
        .list(of: [.int(1), .string("a"), .null, .double(.nan)]), nil,
    ])

    private static let seeds = [
        #"token.labels.env == "prod" && token.age > duration("2160h")"#,
        #"token.scopes.exists(s, s.startsWith("read") || s.matches("^w.*(a|b)+$"))"#,
        #"has(token.missing) ? now - token.missing > duration("1h") : x in [1, 2, 3] || y[0] == 1u"#,
        #"token.scopes.map(a, token.scopes.map(b, a + b)).size() > 3 && {"k": [1, 2u, 3.5]}.k[1] != null"#,
        #"now.getFullYear("+02:00") >= 2026 && string(now).contains('2026') && !(b"\xff" == b'a')"#,
        #"[[1, 2], [3]].all(l, l.exists_one(e, e % 2 == 1)) ? -x * 7 / 2 - 1 : int("9") + size(token.name)"#,
        #"{'a': 1}.transformMap(k, v, v + 1) == {'a': 2} && type(y) == list && r'\d' + """q""" != '\u00e9'"#,
        #"'aaaaaaaaaaaaaaaaaaaaaaaa'.matches('(a*)*(a|aa){2,9}[^b-z\\d[:alpha:]]?(?i)x|\\pL\\b')"#,
    ]
    private static let pieces = [
        "(", ")", "[", "]", "{", "}", ".", ",", ":", "?", "!", "-", "&&", "||", "==", "<", " in ", "+", "*", "%", "'",
        "\"",
        "\\", "\\u12", "r'", "b\"", "'''", "`", "//", "\n", "0x", "1u", "9223372036854775807", "1e999", "1.5", "null",
        "true",
        "has(", ".all(x, ", ".map(x, x)", "duration('", "timestamp('", ".matches('", "(?", "{9,99}", "[^", "\\p{", "é",
        "\u{0}",
        "\u{1F600}", "token", "x", "y", "dyn(", "type(", "size(", "[[[[[[[[", "((((((((", "!!!!!!!!", "--------",
        "? 1 : 2",
    ]

    @Test func `end in a value or an error, and soon`() throws {
        var random = Numbers(state: 20_261_126)
        var (programs, values) = (0, 0)
        let before = ResidentMemory.bytes()
        for round in 0..<Self.count {
            let source = Self.text(&random, round)
            for isChecked in [true, false] {
                guard let program = try? Self.program(source, isChecked: isChecked) else { continue }
                programs += 1
                // Whatever it is, it takes no more steps than these.
                switch program.evaluate(Self.bound, costLimit: 2_000) {
                case .success: values += 1
                case .failure(let error): #expect(error.line >= 1 && error.column >= 1, "\(source)")
                }
            }
        }
        let grown = ResidentMemory.bytes() - before
        #expect(grown < ResidentMemory.mostOfAFuzz, "\(grown >> 20) MiB more are resident")
        // If nothing came through, nothing was tried.
        #expect(programs > Self.count / 20 && values > Self.count / 50, "\(programs) programs, \(values) values")
    }

    private static func program(_ source: String, isChecked: Bool) throws(ProgramError) -> Program {
        do throws(ProgramError) {
            return try isChecked
                ? Program(source, environment: environment, result: .dyn)
                : Program(unchecked: source, environment: environment)
        } catch {
            #expect(error.line >= 1 && error.column >= 1 && !error.message.isEmpty, "\(source)")
            throw error
        }
    }

    private static func text(_ random: inout Numbers, _ round: Int) -> String {
        if round % 8 == 0 {
            return (0..<Int.random(in: 1...30, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }
                .joined()
        }
        var bytes = Array(seeds[Int.random(in: seeds.indices, using: &random)].utf8)
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let place = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1 where place < bytes.count: bytes.remove(at: place)
            case 2:
                let end = min(bytes.count, place + Int.random(in: 1...12, using: &random))
                bytes.removeSubrange(place..<end)
            case 3: bytes.insert(contentsOf: bytes[..<place].suffix(Int.random(in: 1...20, using: &random)), at: place)
            default: bytes.insert(contentsOf: (pieces.randomElement(using: &random) ?? "").utf8, at: place)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
