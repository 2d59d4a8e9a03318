import Testing
import YAML

/// The fault of a text that must not parse.
private func fault(_ bytes: [UInt8], limits: Document.Limits = .init()) throws -> YAMLError {
    try #require(throws: YAMLError.self) { try Document(parsing: bytes, limits: limits) }
}

struct `A document` {
    @Test func `keeps the order and the places of its keys and values`() throws {
        let root = try root(
            """
            version: 1
            policies:
              - name: production
                match: { labels: { env: "production" } }   # Straße
              - name: 'ä b'
            """)
        #expect(root.entries?.map(\.key) == ["version", "policies"])
        #expect(root.entries?[1].keyMark == Mark(line: 2, column: 1))
        #expect(root["version"]?.mark == Mark(line: 1, column: 10))
        let policies = try #require(root["policies"]?.items)
        #expect(policies[0]["name"]?.mark == Mark(line: 3, column: 11))
        #expect(policies[0]["match"]?["labels"]?["env"]?.string == "production")
        #expect(policies[1].entries?[0].keyMark == Mark(line: 5, column: 5))
        #expect(policies[1]["name"]?.string == "ä b")
        #expect(policies[1]["absent"] == nil)
    }

    @Test func `shares a value through an alias`() throws {
        let root = try root("a: &x [1, 2]\nb: *x\n")
        #expect(root["b"]?.items?.map(\.integer) == [1, 2])
        #expect(root["b"]?.mark == Mark(line: 1, column: 4))
    }

    @Test func `may start with a byte order mark and an explicit start`() throws {
        let root = try Document(parsing: [0xEF, 0xBB, 0xBF] + Array("a: 1\n".utf8)).root
        #expect(root.entries?[0].keyMark == Mark(line: 1, column: 1))
        #expect(try self.root("%YAML 1.2\n---\na: 1\n...\n")["a"]?.integer == 1)
        #expect(try self.root("---\n").isNull)
    }

    private func root(_ text: String) throws -> Node { try Document(parsing: text).root }

    static let broken: [(text: String, line: Int, column: Int, says: String)] = [
        ("", 1, 1, "no document"),
        ("# only a comment\n", 1, 1, "no document"),
        ("a: 1\n---\nb: 2\n", 2, 1, "second document"),
        ("a: 1\nb: 2\na: 3\n", 3, 1, "key 'a' stands here again; the first is at 1:1"),
        ("a: {x: 1, \"x\": 2}\n", 1, 11, "first is at 1:5"),
        ("a: [1, 2\nb: 3\n", 2, 2, "flow sequence that starts at 1:4"),
        ("a: 1\n b: 2\n", 2, 3, "mapping values are not allowed"),
        ("a: 1\n\tb: 2\n", 2, 1, "tab character"),
        ("a: @home\n", 1, 4, "quote it"),
        ("a: \"open\n", 2, 1, "quoted scalar"),
        ("a: *nowhere\n", 1, 4, "alias '*nowhere'"),
        ("a: &x [*x]\n", 1, 8, "alias '*x'"),
        ("a: !!python/object:os.system x\n", 1, 4, "not supported"),
        ("a: !secret x\n", 1, 4, "'!secret' is a tag"),
        ("a: !!int x\n", 1, 4, "does not fit"),
        ("a: !!map [x]\n", 1, 4, "does not fit"),
        ("? [a, b]\n: 1\n", 1, 3, "key must be a scalar"),
        ("? \n: 1\n", 1, 2, "key is missing"),
        ("a: &x {k: 1}\nb: {<<: *x}\n", 2, 5, "merge keys"),
        ("a: \u{0}\n", 1, 4, "control characters"),
        ("ä: 1\nä\u{7}: 1\n", 2, 2, "control characters"),
        ("a: \"x\\0y\"\n", 1, 4, "NUL"),
        ("%YAML 3.0\n---\na\n", 1, 1, "incompatible"),
    ]

    @Test(arguments: broken)
    func `that is broken is refused with the place of its fault`(
        text: String, line: Int, column: Int, says: String
    ) throws {
        let fault = try fault(Array(text.utf8))
        #expect(fault.description.hasPrefix("\(line):\(column): "), "\(fault)")
        #expect(fault.message.contains(says), "\(fault)")
    }

    @Test(
        arguments: [
            ([0x61, 0x3A, 0x20, 0xFF], 4), ([0x61, 0x3A, 0x20, 0xC3, 0x28], 5),
            ([0x61, 0x3A, 0xED, 0xA0, 0x80], 3), ([0xFF, 0xFE, 0x61, 0x00], 1), ([0x00], 1),
        ] as [([UInt8], Int)])
    func `that is not UTF-8 is refused`(bytes: [UInt8], column: Int) throws {
        #expect(try fault(bytes).mark == Mark(line: 1, column: column))
    }

    @Test func `with a nest of aliases is refused at once`() throws {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...30 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ",")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        let clock = ContinuousClock()
        let start = clock.now
        let fault = try fault(Array(text.utf8))
        #expect(clock.now - start < .seconds(2))
        #expect(fault.message.contains("500000 values"), "\(fault)")
        #expect(fault.line == 6)
    }

    @Test func `with aliases below aliases is held to the depth`() throws {
        let text = "a: &a [[[1]]]\nb: &b [[[*a]]]\nc: [[[*b]]]\n"
        #expect(try fault(Array(text.utf8), limits: .init(depth: 8)).mark == Mark(line: 3, column: 7))
        _ = try Document(parsing: text, limits: .init(depth: 10))
    }

    @Test(arguments: ["[", "{a: ", "- ", "? "])
    func `that nests without end is refused by depth`(opening: String) throws {
        let fault = try fault(Array(String(repeating: opening, count: 200_000).utf8))
        #expect(fault.message.contains("48 levels"), "\(fault)")
    }

    @Test func `of too many bytes or values is refused`() throws {
        let list = Array(String(repeating: "- 1\n", count: 100).utf8)
        #expect(try fault(list, limits: .init(bytes: 399)).message.contains("400 bytes"))
        #expect(try fault(list, limits: .init(nodes: 100)).mark == Mark(line: 100, column: 3))
        _ = try Document(parsing: list, limits: .init(bytes: 400, nodes: 101))
    }

    @Test func `mutated at random never crashes the parser`() async throws {
        let seed = Array(
            """
            %YAML 1.2
            ---
            version: 1
            policies:
              - name: &p "production \\u00e4"
                match: { labels: { env: [a, 'b', ~] }, name: !!str 5 }
                text: |
                  block
                folded: >-
                  more
                ? key
                : *p
            """.utf8)
        var random = SplitMix(state: 42)
        let special = Array("&*!|>%@`\"'{}[]:-?#,\t\n \\".utf8) + [0, 0xFF, 0xC3, 0xEF]
        var good = 0
        for _ in 0..<4_000 {
            // Others want the thread, too: tests that wait for the network among them.
            await Task.yield()
            var bytes = seed
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.insert(special[Int.random(in: 0..<special.count, using: &random)], at: place)
                case 2: bytes.remove(at: place)
                default: bytes.append(contentsOf: bytes[place...].prefix(40))
                }
            }
            do throws(YAMLError) {
                _ = try Document(parsing: bytes)
                good += 1
            } catch {
                #expect(error.line >= 1 && error.column >= 1)
            }
        }
        #expect(good > 40 && good < 3_960)
    }
}

/// A small generator with a seed, so that a failure can be repeated.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
