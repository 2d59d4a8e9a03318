import CEL
import Testing

struct `A pattern` {
    struct Case: Sendable, CustomTestStringConvertible {
        var pattern: String
        var found: [String]
        var missed: [String]

        init(_ pattern: String, in found: [String], not missed: [String]) {
            (self.pattern, self.found, self.missed) = (pattern, found, missed)
        }

        var testDescription: String { pattern }
    }

    private static let environment = Environment(variables: [.init("text", .string), .init("pattern", .string)])

    private func isFound(_ pattern: String, in text: String, costLimit: Int = 1_000_000) throws -> Bool {
        // By way of a variable, so that no layer of escapes comes in between.
        let program = try Program("text.matches(pattern)", environment: Self.environment)
        return try program.decide(Bound(values: [.string(text), .string(pattern)]), costLimit: costLimit).get()
    }

    static let cases: [Case] = [
        Case("", in: ["", "a"], not: []),
        Case("b", in: ["b", "abc"], not: ["", "B"]),
        Case("^ab$", in: ["ab"], not: ["cab", "abc", "ab\n"]),
        Case("(?m)^ab$", in: ["x\nab\ny"], not: ["x\ncab\ny"]),
        Case("a.c", in: ["abc", "aéc", "a\rc"], not: ["a\nc", "ac"]),
        Case("(?s)a.c", in: ["a\nc"], not: ["ac"]),
        Case("^(a|b)*c$", in: ["c", "abbac"], not: ["abdc"]),
        Case("^a{2,3}$", in: ["aa", "aaa"], not: ["a", "aaaa"]),
        Case("^a{2}$", in: ["aa"], not: ["a", "aaa"]),
        Case("^a{2,}$", in: ["aa", "aaaaaa"], not: ["a"]),
        Case("^a{,2}$", in: ["a{,2}"], not: ["a", "aa"]),
        Case("^a{$", in: ["a{"], not: ["a"]),
        Case("^(ab?)+?c??$", in: ["aab", "abac"], not: ["c", "b"]),
        Case("[a-cx]", in: ["b", "x"], not: ["d", "-"]),
        Case("[^a-c]", in: ["d", "\n"], not: ["abc"]),
        Case("[]a-]", in: ["]", "-", "a"], not: ["b"]),
        Case("[\\d.]{3}", in: ["1.2"], not: ["1a2"]),
        Case("[[:alpha:]][[:^digit:]]", in: ["ab", "a-"], not: ["a1", "1a"]),
        Case("^\\d\\D\\w\\W\\s\\S$", in: ["1a_- x"], not: ["1a_-xx"]),
        Case("\\bcat\\b", in: ["a cat.", "cat"], not: ["cats", "_cat"]),
        Case("\\Bcat", in: ["acat"], not: ["cat"]),
        Case("\\Aab\\z", in: ["ab"], not: ["xab", "ab\n"]),
        Case("\\x41\\x{1F600}\\n\\101", in: ["A\u{1F600}\nA"], not: ["A"]),
        Case("^\\Qa.b*\\E$", in: ["a.b*"], not: ["axb*"]),
        Case("(?i)straße", in: ["STRAßE", "straße"], not: ["strasse"]),
        Case("(?i)[a-c]É", in: ["Bé", "bÉ"], not: ["dé"]),
        Case("(?i:a)b", in: ["Ab", "ab"], not: ["aB"]),
        Case("(a(?i)b)c", in: ["aBc"], not: ["ABc", "aBC"]),
        Case("(?P<year>\\d{4})-(?:0|1)", in: ["2026-0"], not: ["2026-2"]),
        Case("^\\pL\\p{Lu}\\PN$", in: ["éÉx"], not: ["1ÉX", "éé1"]),
        Case("(|a)*b|^$", in: ["", "aab"], not: ["a"]),
        Case("((a*)*)*c", in: ["aac"], not: ["aab"]),
        Case("\\.\\*\\\\", in: [".*\\"], not: ["a*\\"]),
    ]

    @Test(arguments: cases) func `is found where it is`(_ test: Case) throws {
        for text in test.found { #expect(try isFound(test.pattern, in: text), "in '\(text)'") }
        for text in test.missed { #expect(try !isFound(test.pattern, in: text), "in '\(text)'") }
    }

    @Test(arguments: [
        "(", ")", "a)", "[", "[a", "[z-a]", "*", "a**", "a{3,2}", "a{1001}", "(?", "(?=a)", "(?<!a)", "(?P<>a)", "\\",
        "\\1", "(a)\\2", "\\p{Greek}", "\\p{", "\\y", "\\xZ", "\\x{110000}", "[[:alfa:]]", "a|*", "(?z)",
        "((a{100}){100}){100}",
        "((|){1000}){1000}",
        "x{1000}{2}", String(repeating: "(", count: 60) + String(repeating: ")", count: 60),
        String(repeating: "a", count: 1001),
    ])
    func `that is none is an error`(_ pattern: String) {
        #expect(throws: EvaluationError.self) { try isFound(pattern, in: "a") }
    }

    @Test(arguments: [
        "(a*)*b", "(a|a)*b", "(a?){30}a{30}b", "(.*)(.*)(.*)(.*)b", "((((a*)*)*)*)*b", "(|){100}b", "((){1000}){1000}b",
    ])
    func `takes no longer for a text that it leads astray`(_ pattern: String) throws {
        // A hundred thousand steps, where one that tries way after way takes more than there are seconds.
        let text = String(repeating: "a", count: 2000)
        #expect(try !isFound(pattern, in: text, costLimit: 100_000))
    }
}
