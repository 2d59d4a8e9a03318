import Glibc
import PolicyFiles
import RotaCore
import TestSupport
import Testing

/// A directory of its own for one test, gone when it is over.
final class Folder {
    let path: String
    private var entries: [String] = []

    init() throws {
        var template = Array("/tmp/rota-policies-XXXXXX".utf8CString)
        path = try #require(mkdtemp(&template).map { String(cString: $0) })
    }

    func write(_ text: String, to name: String) throws {
        let file = try #require(fopen("\(path)/\(name)", "w"))
        defer { fclose(file) }
        entries.append(name)
        _ = Array(text.utf8).withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
    }

    func makeDirectory(_ name: String) {
        entries.append(name)
        _ = mkdir("\(path)/\(name)", 0o700)
    }

    deinit {
        for entry in entries { _ = remove("\(path)/\(entry)") }
        _ = rmdir(path)
    }
}

private func policyText(_ name: String) -> String {
    "version: 1\npolicies:\n  - name: \(name)\n    match: all\n    rules: [{ max-age: 90d }]\n"
}

@Suite struct LoadPoliciesTests {
    @Test func `no number of warnings hides an error, and no more errors are told than one can mend`() throws {
        var text = "version: 1\npolicies:\n"
        for number in 0..<300 {
            text += "  - { name: p\(number), match: all, notify-before: 99d, rules: [{ max-age: 90d }] }\n"
        }
        let warned = readPolicies(Array(text.utf8), file: "p.yaml")
        #expect(warned.policies?.policies.count == 300)
        #expect(warned.diagnostics.count == 201)
        let last = try #require(warned.diagnostics.last)
        #expect(last.description.contains("warning: there are more than 200 warnings, and no more are told"))

        let wrong = readPolicies(Array((text + "  - { name: q }\n").utf8), file: "p.yaml")
        #expect(wrong.policies == nil)
        #expect(wrong.diagnostics.contains { $0.description.contains("error: policy 'q' has no 'match'") })

        let names = String(repeating: "  - { name: p, match: all, rules: [{ max-age: 90d }] }\n", count: 300)
        let same = readPolicies(Array(("version: 1\npolicies:\n" + names).utf8), file: "p.yaml")
        #expect(same.policies == nil && same.diagnostics.count == 200)
    }

    static let complete = """
        version: 1
        policies:
          - name: production-rotation
            description: Production tokens turn over every quarter.
            basis: "Risk analysis RA-12, 2026-09"
            mode: enforce
            match:
              labels: { env: production, tier: [1, 2] }
              scopes: ["*:write"]
              owner: "team-*"
              integration: ["snowflake", "marketing-*"]
              name: "Integration_*"
              issuer: rota
              except: { labels: { tier: break-glass } }
            rules:
              - max-age: 90d
                action: rotate
                start-before: 3d
                overlap: 24h
                overlap-cap: 7d
                at-cap: revoke
                retire: when-idle
              - unused-for: 30d
                action: revoke
              - expiry: { required: true, max-lifetime: 365d, max-remaining: 180d }
            notify-before: [1d, 14d, 3d]
            minimum-notice: 2d
            pace: { actions: 50 }
            limits: { actions: 500, percent: 10, per-owner: { actions: 20 }, per-vault: { actions: 90, percent: 25 } }
            approval: none
            controls: { pci-dss-4.0.1: [8.6.3], nist-800-53-r5: [IA-5f, AC-2(3)], own: 8.10 }

        """

    @Test func `every key of a policy is read`() throws {
        let load = readPolicies(Array(Self.complete.utf8), file: "p.yaml")
        #expect(load.diagnostics.isEmpty)
        let policy = try #require(load.policies?.policies.first)
        let expected = Policy(
            name: "production-rotation", description: "Production tokens turn over every quarter.",
            basis: "Risk analysis RA-12, 2026-09", mode: .enforce,
            selector: Selector(
                labels: ["env": [Glob("production")], "tier": [Glob("1"), Glob("2")]],
                scopes: [Glob("*:write")],
                owners: [Glob("team-*")], integrations: [Glob("snowflake"), Glob("marketing-*")],
                names: [Glob("Integration_*")], issuers: [Glob("rota")],
                except: [Selector(labels: ["tier": [Glob("break-glass")]])]),
            rules: [
                Rule(
                    .maxAge(.days(90)), action: .rotate, startBefore: .days(3), overlap: .hours(24),
                    cap: OverlapCap(.days(7), revokes: true, endsWhenIdle: true)),
                Rule(.unusedFor(.days(30)), action: .revoke),
                Rule(.expiry(required: true, maxLifetime: .days(365), maxRemaining: .days(180))),
            ],
            notifyBefore: [.days(14), .days(3), .days(1)], minimumNotice: .days(2), pace: 50,
            limits: Limits(
                actions: 500, percent: 10, perOwner: Ceiling(actions: 20), perVault: Ceiling(actions: 90, percent: 25)),
            controls: ["pci-dss-4.0.1": ["8.6.3"], "nist-800-53-r5": ["IA-5f", "AC-2(3)"], "own": ["8.10"]],
            file: "p.yaml")
        #expect(policy == expected)
    }

    @Test func `a policy observes unless it says otherwise`() throws {
        let load = readPolicies(Array(policyText("p").utf8), file: "p.yaml")
        #expect(load.policies?.policies.first?.mode == .observe)
        #expect(load.policies?.policies.first?.rules.first?.action == .notify)
    }

    @Test(
        arguments: [
            ("90d, action: rotate", .hours(24)), ("4d, action: rotate", .hours(24)),
            ("40h, action: rotate", .hours(10)),
            ("90d, action: rotate, overlap: 0s", .zero), ("90d, action: notify", .zero),
        ] as [(String, TimeSpan)])
    func `a rotation leaves its consumers a day, or a quarter of a shorter life, unless the rule says otherwise`(
        rule: String, overlap: TimeSpan
    ) throws {
        let text = "version: 1\npolicies:\n  - name: p\n    match: all\n    rules: [{ max-age: \(rule) }]\n"
        let load = readPolicies(Array(text.utf8), file: "p.yaml")
        #expect(load.diagnostics.isEmpty)
        #expect(load.policies?.policies.first?.rules.first?.overlap == overlap)
    }

    static let factRules: [(String, Rule)] = [
        ("expires-within: 14d", Rule(.expiresWithin(.days(14)))),
        ("expires-within: 14d, start-before: 30d", Rule(.expiresWithin(.days(14)), startBefore: .days(30))),
        (
            "expires-within: 14d, action: rotate, renew: 90d, overlap: 2d",
            Rule(.expiresWithin(.days(14)), action: .rotate, overlap: .days(2), renewal: .days(90))
        ),
        ("owner: required", Rule(.owner([]))),
        ("owner: team-*", Rule(.owner([Glob("team-*")]))),
        ("owner: [team-*, ops], action: quarantine", Rule(.owner([Glob("team-*"), Glob("ops")]), action: .quarantine)),
        ("description: required", Rule(.description)),
        ("destination: required", Rule(.destination)),
        ("scopes: { deny: '*:admin' }", Rule(.scopes(deny: [Glob("*:admin")], max: nil))),
        ("scopes: { max: 0 }", Rule(.scopes(deny: [], max: 0))),
        ("name: svc-*", Rule(.name([Glob("svc-*")]))),
        (
            "expiry: { required: true }, action: set-expiry, expires-in: 30d",
            Rule(
                .expiry(required: true, maxLifetime: nil, maxRemaining: nil), action: .setExpiry,
                newEnd: NewEnd(ahead: .days(30), spread: .days(15)))
        ),
        (
            "expiry: { max-remaining: 40d }, action: set-expiry, expires-in: 30d, spread: 10d",
            Rule(
                .expiry(required: false, maxLifetime: nil, maxRemaining: .days(40)), action: .setExpiry,
                newEnd: NewEnd(ahead: .days(30), spread: .days(10)))
        ),
        (
            "expiry: { required: true }, action: set-expiry, expires-in: 30d, spread: 0d",
            Rule(
                .expiry(required: true, maxLifetime: nil, maxRemaining: nil), action: .setExpiry,
                newEnd: NewEnd(ahead: .days(30), spread: .zero))
        ),
    ]

    @Test(arguments: factRules)
    func `a rule about an end or a fact is read as it is written`(text: String, expected: Rule) {
        let file = "version: 1\npolicies:\n  - name: p\n    match: all\n    rules: [{ \(text) }]\n"
        let load = readPolicies(Array(file.utf8), file: "p.yaml")
        #expect(load.diagnostics.filter { $0.severity == .error } == [])
        #expect(load.policies?.policies.first?.rules == [expected])
    }

    @Test func `each of these rules has a digest of its own`() {
        let digests = Self.factRules.compactMap { text, _ in
            let file = "version: 1\npolicies:\n  - name: p\n    match: all\n    rules: [{ \(text) }]\n"
            return readPolicies(Array(file.utf8), file: "p.yaml").policies?.digest
        }
        #expect(Set(digests).count == Self.factRules.count)
    }

    @Test func `layout, comments, line ends and a byte order mark do not change the digest`() throws {
        let plain = readPolicies(Array(Self.complete.utf8), file: "a.yaml")
        let commented = "\u{FEFF}# why\n" + Self.complete.replacing("\n", with: "\r\n")
        let other = readPolicies(Array(commented.utf8), file: "b.yaml")
        #expect(other.diagnostics.allSatisfy { $0.severity == .warning })
        #expect(plain.policies?.digest == other.policies?.digest)
    }

    @Test func `all faults of a file are told together, in the order of their places`() {
        let text = """
            version: 1
            policies:
              - name: one
                mode: enforced
                match: {}
                rules:
                  - max-age: 90
                    action: rotat
                  - sources: 7d
                limits: { percent: 500 }
              - match: all
                schedule: nightly
            """
        let load = readPolicies(Array(text.utf8), file: "p.yaml")
        #expect(load.policies == nil)
        #expect(load.diagnostics.map(\.line) == [4, 5, 7, 8, 9, 10, 11, 11, 12])
    }

    @Test func `a notice longer than the age is a warning, and the policies load`() {
        let text = policyText("p") + "    notify-before: 120d\n"
        let load = readPolicies(Array(text.utf8), file: "p.yaml")
        #expect(load.policies != nil)
        #expect(load.diagnostics.map(\.severity) == [.warning])
        #expect(load.diagnostics.last?.message.hasPrefix("a notice 120d ahead") == true)
    }

    @Test func `a minimum notice where every rule only notifies is a warning at its place`() throws {
        let text = policyText("p") + "    minimum-notice: 3d\n"
        let load = readPolicies(Array(text.utf8), file: "p.yaml")
        #expect(load.policies != nil)
        let said = try #require(load.diagnostics.first?.description)
        #expect(said.hasPrefix("p.yaml:6:21: warning: 'minimum-notice' holds nothing back"))
    }

    @Test func `a directory is read in the order of its names, hidden and other files left out`() throws {
        let folder = try Folder()
        try folder.write(policyText("second"), to: "b.yml")
        try folder.write(policyText("first"), to: "a.yaml")
        try folder.write("nonsense: [", to: "c.txt")
        try folder.write("nonsense: [", to: ".d.yaml")
        let load = loadPolicies(at: folder.path)
        #expect(load.diagnostics == [])
        #expect(load.policies?.policies.map(\.name) == ["first", "second"])
        #expect(load.policies?.policies.first?.file == "\(folder.path)/a.yaml")
    }

    @Test func `a name in two files is told with both places`() throws {
        let folder = try Folder()
        try folder.write(policyText("same"), to: "a.yaml")
        try folder.write(policyText("same"), to: "b.yaml")
        let load = loadPolicies(at: folder.path)
        #expect(load.policies == nil)
        #expect(
            load.diagnostics.first?.description
                == "\(folder.path)/b.yaml:3:11: error: a policy named 'same' exists already, at "
                + "\(folder.path)/a.yaml:3:11\nhint: give one of them another name")
    }

    @Test func `faults of several files are told together`() throws {
        let folder = try Folder()
        try folder.write("version: [", to: "a.yaml")
        try folder.write("version: 3\n", to: "b.yaml")
        #expect(Set(loadPolicies(at: folder.path).diagnostics.map(\.file)).count == 2)
    }

    @Test func `what cannot be read is told, and never loads`() throws {
        let folder = try Folder()
        #expect(
            loadPolicies(at: folder.path).diagnostics.first?.message
                == "the directory holds no *.yaml or *.yml file")
        let missing = loadPolicies(at: folder.path + "/missing.yaml")
        #expect(missing.policies == nil)
        #expect(
            missing.diagnostics.first?.description.hasPrefix(
                "\(folder.path)/missing.yaml: error: cannot be read: no such file or directory\nhint: ")
                == true)
        folder.makeDirectory("x.yaml")
        #expect(loadPolicies(at: folder.path).diagnostics.first?.message == "this is not a file")
        #expect(
            loadPolicies(at: "/dev/null").diagnostics.first?.message == "is neither a file nor a directory")
    }

    @Test func `a file that may not be read is told`() throws {
        // Root may read everything, so the question does not arise for it.
        guard geteuid() != 0 else { return }
        let folder = try Folder()
        try folder.write(policyText("p"), to: "a.yaml")
        _ = chmod("\(folder.path)/a.yaml", 0)
        #expect(
            loadPolicies(at: folder.path).diagnostics.first?.message == "cannot be read: permission denied")
    }

    @Test(arguments: [
        [0xFF, 0xFE, 0x76, 0x00], [0x7F, 0x45, 0x4C, 0x46, 0x02, 0x01], [0xC3, 0x28], [0x80],
    ])
    func `bytes that are no text are refused`(_ bytes: [Int]) {
        let load = readPolicies(bytes.map(UInt8.init), file: "p.yaml")
        #expect(load.policies == nil)
        #expect(!load.diagnostics.isEmpty)
    }

    @Test func `every shipped policy file loads without a word`() throws {
        let repository = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
        let load = loadPolicies(at: repository + "/Policies")
        #expect(load.diagnostics == [])
        let policies = try #require(load.policies?.policies)
        #expect(policies.contains { $0.name == "production-rotation" })
        #expect(policies.allSatisfy { $0.mode != .enforce })
    }

    @Test func `no mutation of a policy file crashes the reader, and errors never load`() async {
        var numbers = Numbers(state: 20_261_127)
        let seed = Array(Self.complete.utf8)
        let pieces = [
            "- ", ": ", "{", "}", "[", "]", "\n", "  ", "*a", "&a ", "\"", "-3d", "!!int ", "é", "\u{0}", "|",
        ]
        for round in 0..<4_000 {
            // Others want the thread, too: tests that wait for the network among them.
            await Task.yield()
            var bytes = seed
            for _ in 0...Int.random(in: 0..<4, using: &numbers) {
                let place = Int.random(in: 0..<max(1, bytes.count), using: &numbers)
                switch Int.random(in: 0..<5, using: &numbers) {
                case 0: if !bytes.isEmpty { bytes.remove(at: place) }
                case 1: bytes.insert(UInt8.random(in: 0...255, using: &numbers), at: place)
                case 2:
                    bytes.insert(contentsOf: (pieces.randomElement(using: &numbers) ?? "").utf8, at: place)
                case 3: bytes.removeSubrange(place..<min(bytes.count, place + 40))
                default: bytes.insert(contentsOf: bytes[..<place].suffix(60), at: place)
                }
            }
            let load = readPolicies(bytes, file: "p.yaml")
            let failed = load.diagnostics.contains { $0.severity == .error }
            if (load.policies == nil) != failed {
                Issue.record("round \(round): \(String(decoding: bytes, as: UTF8.self))")
            }
        }
    }
}
