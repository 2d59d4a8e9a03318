import CEL
import Testing

struct `What is no condition is refused` {
    struct Mistake: Sendable, CustomTestStringConvertible {
        var source: String
        var place: String
        var message: String
        var hint: String?

        init(_ source: String, _ place: String, _ message: String, _ hint: String? = nil) {
            (self.source, self.place, self.message, self.hint) = (source, place, message, hint)
        }

        var testDescription: String { source }
    }

    static let environment = Environment(
        variables: [
            .init("token.name", .string), .init("token.owner", .string), .init("token.age", .duration),
            .init("token.labels", .map(.string, .string)), .init("token.scopes", .list(.string)),
            .init("token.created_at", .timestamp), .init("now", .timestamp), .init("uses", .int),
        ])

    static let mistakes: [Mistake] = [
        Mistake("", "1:1", "there is no expression"),
        Mistake("token.naem == 'a'", "1:7", "'token' has no field 'naem'", "did you mean 'token.name'?"),
        Mistake("tokn.name == 'a'", "1:1", "there is no variable 'tokn'", "did you mean 'token'?"),
        Mistake(
            "token == 'a'", "1:1", "'token' is no value by itself",
            "it has age, created_at, labels, name, owner, scopes"),
        Mistake("has(token.ownr)", "1:11", "'token' has no field 'ownr'", "did you mean 'token.owner'?"),
        Mistake("token.name.first == 'a'", "1:12", "string has no fields"),
        Mistake("token.name", "1:1", "this is of type string, not bool", "compare it with something, as in 'a == b'"),
        Mistake("token.name = 'a'", "1:12", "'=' has no meaning here", "'==' compares"),
        Mistake(
            "token.labels.break-glass == 'yes'", "1:20", "there is no variable 'glass'",
            "a key with a hyphen stands in brackets: [\"break-glass\"]"),
        Mistake(
            "token.labels['a'] == true", "1:19", "'==' does not take string and bool", "a text stands in quotes"),
        Mistake("true and false", "1:6", "'and' where an operator or the end should be", "'&&' is and"),
        Mistake("uses > 1 & uses < 3", "1:10", "'&' has no meaning here", "'&&' is and"),
        Mistake("not token.owner == ''", "1:5", "'token' where an operator or the end should be"),
        Mistake("token.name == “a”", "1:15", "'“' has no meaning here", "texts stand in straight quotes"),
        Mistake("token.name == 'a", "1:15", "the text that begins here does not end"),
        Mistake("token.name == '\n'", "1:15", "the text that begins here does not end in its line"),
        Mistake("token.name == '\\d'", "1:16", "there is no such escape", "a backslash is written \\\\, or r\"...\""),
        Mistake("(uses > 1", "1:10", "the end where ')' for what was opened at 1:1 should be"),
        Mistake("uses > 1)", "1:9", "')' where an operator or the end should be"),
        Mistake("[1, 2", "1:6", "the end where ']' for what was opened at 1:1 should be"),
        Mistake("uses >", "1:7", "the end where a value should be"),
        Mistake("uses\n  > 'a'", "2:3", "'>' does not take int and string", "a text stands in quotes"),
        Mistake(
            "token.age > 90", "1:11", "'>' does not take duration and int",
            "a duration is written duration(\"24h\"), with h, m or s"),
        Mistake(
            "token.age > 90d", "1:13", "'90' is followed by a letter",
            "a duration is written duration(\"24h\"), with h, m or s"),
        Mistake(
            "token.age > duration('90d')", "1:22", "'90d' is no duration", "there are no days: 90d is 2160h"),
        Mistake(
            "token.age > duration('1 h')", "1:22", "'1 h' is no duration", "it is written with h, m and s: 36h, 1h30m"),
        Mistake(
            "now > timestamp('2026-13-01T00:00:00Z')", "1:17", "'2026-13-01T00:00:00Z' is no timestamp",
            "it is written like 2026-01-31T00:00:00Z"),
        Mistake(
            "now > '2026-01-01'", "1:5", "'>' does not take timestamp and string",
            "a time is written timestamp(\"2026-01-31T00:00:00Z\")"),
        Mistake("token.name.startWith('a')", "1:12", "there is no function 'startWith'", "did you mean 'startsWith'?"),
        Mistake(
            "startsWith(token.name, 'a')", "1:1", "'startsWith' does not take (string, string)",
            "there is string.startsWith(string)"),
        Mistake(
            "token.name.startsWith(1)", "1:12", "'startsWith' does not take (string, int)",
            "there is string.startsWith(string)"),
        Mistake("token.name.matches('(a')", "1:20", "'(a' is no pattern: a '(' without a ')'"),
        Mistake("token.name.matches('a**')", "1:20", "'a**' is no pattern: two repetitions of one thing"),
        Mistake(
            "now.getHours('Mars') > 1", "1:14", "there is no time zone 'Mars'",
            "one is 'Europe/Berlin', 'UTC' or '+02:00'"),
        Mistake("has(token)", "1:5", "has() asks for a field", "it is written has(value.field)"),
        Mistake(
            "token.scopes.exists('a', true)", "1:21", "'exists' begins with the name of a variable",
            "it is written list.exists(x, ... x ...)"),
        Mistake("token.scopes.exists(s)", "1:14", "'exists' is written otherwise", "it is list.exists(x, condition)"),
        Mistake("token.scopes.exists(s, s)", "1:24", "'exists' takes bool, not string"),
        Mistake("token.scopes.exists(s, t == 'a')", "1:24", "there is no variable 't'"),
        Mistake("token.name.all(c, true)", "1:12", "'all' goes through a list or a map, not string"),
        Mistake("token.name && true", "1:1", "'&&' takes bool, not string"),
        Mistake("!token.name", "1:2", "'!' takes bool, not string"),
        Mistake("uses > 1 ? 'a' : true", "1:10", "'? :' is either string or bool", "dyn(...) allows either"),
        Mistake("uses in [1, 2] == 'a'", "1:16", "'==' does not take bool and string"),
        Mistake("'a' in uses", "1:5", "'in' does not take string and int", "a text stands in quotes"),
        Mistake("token.scopes['a'] == 'b'", "1:13", "'[]' does not take list(string) and string"),
        Mistake("9223372036854775808 > uses", "1:1", "'9223372036854775808' does not fit into an int"),
        Mistake("{1.5: 2} == {}", "1:2", "double cannot be the key of a map"),
        Mistake("Message{a: 1} == 2", "1:8", "there are no messages here", "a map is written {\"key\": value}"),
        Mistake("uses > 1 // why\n && )", "2:5", "')' where a value should be"),
        Mistake("for == 1", "1:1", "'for' where a value should be"),
    ]

    @Test(arguments: mistakes) func `with the place, and what to do`(_ mistake: Mistake) throws {
        let error = try #require(throws: ProgramError.self) {
            try Program(mistake.source, environment: Self.environment)
        }
        #expect("\(error.line):\(error.column)" == mistake.place)
        #expect(error.message == mistake.message)
        // A hint beyond the ones that are named here does no harm, a wrong one does.
        if let hint = mistake.hint { #expect(error.hint == hint) }
    }

    @Test(arguments: ["(", "[", "{1: ", "!", "-", "true ? true : ", "size(", "dyn(", "1 + ("])
    func `when it encloses itself too deeply`(_ opening: String) {
        let source = String(repeating: opening, count: 2000)
        #expect(throws: ProgramError.self) { try Program(source, environment: Self.environment) }
    }

    @Test func `when it is a chain that is too long`() {
        let source = String(repeating: "1 + ", count: 5000) + "1 == 2"
        #expect(throws: ProgramError.self) { try Program(source, environment: Self.environment) }
    }

    @Test func `but a long one of conditions is not`() throws {
        let source = (0..<800).map { "uses != \($0)" }.joined(separator: " && ")
        _ = try Program(source, environment: Self.environment)
    }

    @Test func `when it is longer than anybody writes`() {
        let source = "true" + String(repeating: " ", count: 40_000)
        #expect(throws: ProgramError.self) { try Program(source, environment: Self.environment) }
    }
}
