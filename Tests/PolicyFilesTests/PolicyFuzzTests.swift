import Foundation
import PolicyFiles
import TestSupport
import Testing

/// `ROTA_FUZZ_COUNT` says how many inputs; a million of them in `make test-long`.
@Suite struct PolicyFuzzTests {
    private static let count = ProcessInfo.processInfo.environment["ROTA_FUZZ_COUNT"].flatMap { Int($0) } ?? 5_000

    /// The files that come with Rota, and one that has every key.
    private static let seeds: [[UInt8]] = {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Policies").standardized.path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let shipped = names.filter { $0.hasSuffix(".yaml") && !$0.hasSuffix(".test.yaml") }.sorted()
        return shipped.compactMap { FileManager.default.contents(atPath: folder + "/" + $0).map(Array.init) }
            + [Array(complete.utf8)]
    }()

    private static let complete = """
        version: 1
        policies:
          - name: p
            description: d
            basis: b
            mode: enforce
            match:
              labels: { env: [production, 1, true], tier: 8.6 }
              scopes: ["*:write"]
              owner: "team-*"
              except: [{ labels: { tier: break-glass } }, { name: x }]
            when: token.age > duration("24h") && token.scopes.exists(s, s.matches("^w.*$"))
            rules:
              - { max-age: 90d, action: rotate, start-before: 0s, overlap: 1d12h, overlap-cap: 7d, at-cap: revoke }
              - { unused-for: 30d, action: quarantine, then: { revoke-after: 14d } }
              - { expiry: { required: true, max-remaining: 90d }, action: set-expiry, expires-in: 30d, spread: 15d }
              - { expires-within: 14d, action: rotate, renew: 90d }
              - scopes: { deny: ["*:admin"], max: 5 }
            schedule: { cron: "0 3 * * 1-5", zone: Europe/London, window: 2h }
            notify-before: [14d, 3d]
            minimum-notice: 3d
            pace: { actions: 50 }
            limits: { actions: 500, percent: 10 }
            controls: { pci-dss-4.0.1: [8.6.3], own: 8.10 }

        """

    /// What stands in place of a value, or anywhere.
    private static let pieces: [String] = [
        "", "~", "null", "true", "all", "[]", "{}", "[[", "{{{{", "]", "}", "- ", "-", ":", ": ", "? ", "|", ">", "#",
        "\t", "\n", "\r", "---\n", "...\n", "%YAML 1.2\n", "&a ", "*a", "&a [*a]", "&a { k: &b [1] }", "*b", "<<: *a",
        "!!int ", "!!binary ", "!x ", "'", "\"", "\"\\u12", "\"\\x00\"", "\u{0}", "é", "\u{1F600}", "\u{202E}",
        "\u{FEFF}",
        "\u{85}", "0", "-1", "1e999", ".inf", ".nan", "0x7fffffffffffffff", "0o777", "9223372036854775807",
        "9223372036854775808", "99999999999999999999999999999999999d", "36500d", "36501d", "0d", "-3d", "1d12h", "90",
        "106751991167300d", "2026-11-26", "\"* * * * *\"", "\"0 0 30 2 *\"", "@daily", "Europe/London",
        "../../etc/passwd",
        "token.age > duration(\"1h\")", "token.name.matches(\"(a*)*b\")", "rotate", "set-expiry", "quarantine",
        String(repeating: "k", count: 2_000), String(repeating: "9", count: 400), String(repeating: "[", count: 300),
        String(repeating: "{a: ", count: 100), String(repeating: "- ", count: 200),
        String(repeating: "a, ", count: 300),
    ]

    // Four parts, side by side.
    @Test(arguments: 0..<4 as Range<UInt64>)
    func `files that nobody would write end in policies or in errors with a place, and soon`(part: UInt64) throws {
        try #require(Self.seeds.count > 8)
        var dice = Numbers(state: 20_261_126 + part)
        let count = Self.count / 4
        var (loads, faults, longest) = (0, 0, 0)
        let before = ResidentMemory.bytes()
        for round in 0..<count {
            let bytes = Self.file(&dice, round)
            let load = readPolicies(bytes, file: "p.yaml")
            let errors = load.diagnostics.filter { $0.severity == .error }
            if load.policies == nil { faults += 1 } else { loads += 1 }
            // Never a part of the policies, and never a refusal without a reason.
            if (load.policies == nil) == errors.isEmpty { Issue.record("\(round): \(shown(bytes))") }
            let lines = bytes.count { $0 == 0x0A || $0 == 0x0D || $0 == 0x85 || $0 == 0xA8 || $0 == 0xA9 } + 1
            for diagnostic in load.diagnostics {
                // The end of a file whose last line has no end is told as the beginning of the next.
                let isPlaced =
                    (1...lines + 1).contains(diagnostic.line) && (1...bytes.count + 1).contains(diagnostic.column)
                // However long a key or a value, what is told of it is short, and plays no tricks on a terminal.
                let text = diagnostic.description
                let isShort = text.utf8.count < 1_000
                let isPlain = !text.unicodeScalars.contains {
                    $0.value < 0x20 && $0 != "\n" || (0x7F..<0xA0).contains($0.value) || $0.value == 0x202E
                }
                if !isPlaced || !isShort || !isPlain { Issue.record("\(round): \(text)\n\(shown(bytes))") }
            }
            longest = max(longest, load.diagnostics.reduce(0) { $0 + $1.description.utf8.count })
        }
        let grown = ResidentMemory.bytes() - before
        if Self.count > 5_000 { print("\(loads) loads, \(faults) refusals, \(longest) bytes told, \(grown >> 20) MiB") }
        // If nothing came through, nothing was tried.
        #expect(loads > count / 50 && faults > count / 4, "\(loads) loads, \(faults) refusals")
        #expect(grown < ResidentMemory.mostOfAFuzz, "\(grown >> 20) MiB more are resident")
        #expect(longest < 1 << 20, "\(longest) bytes of diagnostics for one file")
    }

    @Test(arguments: [
        "- a\n", "k: v\n", "[", "{a: ", "- - ", "&a [*a, ", "'", "x: {y: 1}\n", "? ", "\"\\e\"\n", "|\n", "!!",
    ])
    func `a file of a quarter of a mebibyte is read or refused, and little is said of it`(_ piece: String) {
        let head = Array("version: 1\npolicies:\n".utf8)
        for bytes in [head, []] {
            let text = bytes + Array(String(repeating: piece, count: (1 << 18) / piece.utf8.count).utf8)
            let load = readPolicies(text, file: "p.yaml")
            #expect(load.policies == nil)
            #expect((1...1_000).contains(load.diagnostics.count), "\(load.diagnostics.count) diagnostics")
        }
    }

    private static func file(_ dice: inout Numbers, _ round: Int) -> [UInt8] {
        if round.isMultiple(of: 16) {
            let texts = (0..<Int.random(in: 1...40, using: &dice)).map { _ in pieces.randomElement(using: &dice) ?? "" }
            return Array("version: 1\npolicies: ".utf8) + texts.flatMap { Array($0.utf8) }
        }
        var bytes = policy(of: seeds[Int.random(in: seeds.indices, using: &dice)], &dice)
        for _ in 0..<Int.random(in: 1...4, using: &dice) {
            let place = Int.random(in: 0...bytes.count, using: &dice)
            let piece = Array((pieces.randomElement(using: &dice) ?? "").utf8)
            switch Int.random(in: 0..<7, using: &dice) {
            case 0 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &dice)
            case 1: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...12, using: &dice)))
            case 2: bytes.insert(contentsOf: bytes[..<place].suffix(Int.random(in: 1...40, using: &dice)), at: place)
            case 3: bytes.insert(contentsOf: piece, at: place)
            case 4, 5: replaceValue(of: &bytes, from: place, piece)
            default: swapLines(of: &bytes, &dice)
            }
        }
        return bytes
    }

    /// One policy of a file, so that most of the time goes into what was changed; now and then the whole of it.
    private static func policy(of file: [UInt8], _ dice: inout Numbers) -> [UInt8] {
        let lines = file.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let starts = lines.indices.filter { lines[$0].starts(with: "  - name:".utf8) }
        guard Int.random(in: 0..<8, using: &dice) > 0, let first = starts.randomElement(using: &dice) else {
            return file
        }
        let end = starts.first { $0 > first } ?? lines.endIndex
        return Array("version: 1\npolicies:\n".utf8) + Array(lines[first..<end].joined(separator: "\n".utf8))
    }

    /// Another text in place of what stands behind the next colon of a key.
    private static func replaceValue(of bytes: inout [UInt8], from place: Int, _ piece: [UInt8]) {
        guard let colon = bytes[place...].firstIndex(of: UInt8(ascii: ":")) else { return }
        let start = min(colon + 2, bytes.count)
        let end = bytes[start...].firstIndex { ",}]\n".utf8.contains($0) } ?? bytes.count
        bytes.replaceSubrange(start..<end, with: piece)
    }

    private static func swapLines(of bytes: inout [UInt8], _ dice: inout Numbers) {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        lines.swapAt(Int.random(in: lines.indices, using: &dice), Int.random(in: lines.indices, using: &dice))
        bytes = Array(lines.joined(separator: "\n".utf8))
    }

    private func shown(_ bytes: [UInt8]) -> String { String(decoding: bytes.prefix(4_000), as: UTF8.self) }
}
