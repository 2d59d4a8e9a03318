import Engine
import RotaCore
import TestSupport
import Testing

/// Lists of one issuer that are downloaded apart do not call one another's tokens vanished.
@Suite struct VanishedTests {
    private let bench: ImportBench

    init() throws { bench = try ImportBench() }

    // MARK: - GitHub

    private static func fineGrained(_ id: Int) -> String {
        """
        {"id": \(id), "owner": {"login": "octo"}, "repository_selection": "all", "permissions": {},
         "access_granted_at": "2026-02-16T08:47:09Z", "token_id": \(id), "token_name": "nightly",
         "token_expired": false, "token_expires_at": null, "token_last_used_at": null}
        """
    }

    private static func credential(_ id: Int, type: String = "personal access token") -> String {
        """
        {"login": "octo", "credential_id": \(id), "credential_type": "\(type)",
         "credential_authorized_at": "2026-01-26T19:06:43Z", "credential_accessed_at": null, "scopes": ["repo"]}
        """
    }

    @Test func `the two lists of GitHub leave each other's tokens alone`() throws {
        let fine = "[\(Self.fineGrained(1)), \(Self.fineGrained(2))]"
        let classic = "[\(Self.credential(1)), \(Self.credential(2))]"
        for _ in 0..<2 {
            #expect(try bench.take(fine, as: .github).vanished == 0)
            #expect(try bench.take(classic, as: .github).vanished == 0)
        }
        let gone = try bench.take("[\(Self.fineGrained(2))]", as: .github)
        #expect(gone.changes.filter { $0.kind == .vanished }.map(\.name) == ["github/octo/1/nightly"])
        // A list of nothing but keys is one of credentials.
        #expect(try bench.take("[\(Self.credential(9, type: "SSH key"))]", as: .github).vanished == 2)
        #expect(try bench.take("[]", as: .github).vanished == nil)
    }

    @Test func `both lists in one file speak of both kinds`() throws {
        let all = "[\(Self.fineGrained(1)), \(Self.fineGrained(2))] [\(Self.credential(1)), \(Self.credential(2))]"
        try bench.take(all, as: .github)
        #expect(try bench.take("[\(Self.fineGrained(1))] [\(Self.credential(1))]", as: .github).vanished == 2)
    }

    // MARK: - GitLab

    private static func gitlab(_ id: Int, _ more: String = "") -> String {
        """
        {"id": \(id), "name": "bot", "created_at": "2026-05-10T14:00:00Z", "scopes": ["api"], "revoked": false,
         "active": true, "user_id": \(id), "last_used_at": null, "expires_at": null\(more)}
        """
    }

    private static func of(_ type: String, _ resource: Int, _ id: Int) -> String {
        gitlab(id, #", "access_level": 40, "resource_type": "\#(type)", "resource_id": \#(resource)"#)
    }

    @Test func `lists of several projects, of a group and of people leave one another's tokens alone`() throws {
        let lists = [
            "[\(Self.gitlab(1)), \(Self.gitlab(2))]", "[\(Self.of("project", 7, 3)), \(Self.of("project", 7, 4))]",
            "[\(Self.of("project", 8, 5))]", "[\(Self.of("group", 7, 6))]",
        ]
        for list in lists + lists { #expect(try bench.take(list, as: .gitlab).vanished == 0) }
        #expect(try bench.token("gitlab/3/bot").labels["resource"] == "project/7")
        let gone = try bench.take("[\(Self.of("project", 7, 4))]", as: .gitlab)
        #expect(gone.changes.filter { $0.kind == .vanished }.map(\.name) == ["gitlab/3/bot"])
        #expect(try bench.take("[\(Self.gitlab(2))]", as: .gitlab).vanished == 1)
    }

    @Test func `a list that does not say whose it is calls nothing vanished, unless it is complete`() throws {
        let member = #", "access_level": 40"#
        try bench.take("[\(Self.gitlab(1))]", as: .gitlab)
        #expect(try bench.take("[\(Self.gitlab(2, member)), \(Self.gitlab(3, member))]", as: .gitlab).vanished == nil)
        #expect(try bench.take("[\(Self.gitlab(2, member))]", as: .gitlab).vanished == nil)
        // Those whose project is not known are not called vanished by a list of people either.
        #expect(try bench.take("[\(Self.gitlab(1))]", as: .gitlab).vanished == 0)
        #expect(try bench.take("[\(Self.gitlab(2, member))]", as: .gitlab, isComplete: true).vanished == 2)
    }

    @Test func `a partial list calls nothing vanished`() throws {
        try bench.take("[\(Self.gitlab(1)), \(Self.gitlab(2))]", as: .gitlab)
        let partial = try bench.take("[\(Self.gitlab(1))]", as: .gitlab, isPartial: true)
        #expect(partial.vanished == nil && partial.changes.isEmpty)
    }

    // MARK: - Since when

    private func missing() throws -> [String: Instant] {
        var missing: [String: Instant] = [:]
        try bench.store.eachAbsent { token, absence in
            missing[token.name] = absence.since
            return true
        }
        return missing
    }

    @Test func `a token is missing since the first list that does not have it, until one has it again`() throws {
        let (both, one) = ("[\(Self.gitlab(1)), \(Self.gitlab(2))]", "[\(Self.gitlab(2))]")
        try bench.take(both, as: .gitlab)
        let first = try bench.take(one, as: .gitlab, at: ImportBench.now + .days(1))
        #expect(first.vanished == 1 && first.newlyVanished == 1 && first.vanishedNames == ["gitlab/1/bot"])
        let second = try bench.take(one, as: .gitlab, at: ImportBench.now + .days(2))
        #expect(second.vanished == 1 && second.newlyVanished == 0 && second.vanishedNames == ["gitlab/1/bot"])
        #expect(try missing() == ["gitlab/1/bot": ImportBench.now + .days(1)])
        // A dry run tells it, and a list that names only some finds it all the same.
        #expect(try bench.take(both, as: .gitlab, dryRun: true).returned == 1)
        #expect(try missing().count == 1)
        #expect(try bench.take(both, as: .gitlab, isPartial: true).returned == 1)
        #expect(try missing().isEmpty)
        #expect(try bench.take(both, as: .gitlab).returned == 0)
        #expect(try bench.take(one, as: .gitlab, at: ImportBench.now + .days(3)).newlyVanished == 1)
        #expect(try missing() == ["gitlab/1/bot": ImportBench.now + .days(3)])
    }

    @Test func `a list of others, a dry run and a faulty list leave it as it is`() throws {
        try bench.take("[\(Self.gitlab(1)), \(Self.gitlab(2))]", as: .gitlab)
        try bench.take("[\(Self.gitlab(2))]", as: .gitlab, dryRun: true)
        #expect(try missing().isEmpty)
        try bench.take("[\(Self.gitlab(2))]", as: .gitlab)
        try bench.take("[\(Self.of("project", 7, 3))]", as: .gitlab)
        try bench.take("name,issuer\ngitlab/1/bot,external:gitlab\n", dryRun: true)
        #expect(throws: InventoryFaults.self) {
            try bench.take("name,issuer\ngitlab/1/bot,external:gitlab\n,rota\n")
        }
        #expect(try missing().keys.sorted() == ["gitlab/1/bot"])
    }

    @Test func `the audit entry and the event name the first that vanished, those that are newly so before others`()
        throws
    {
        let all = (1...30).map { Self.gitlab($0) }
        try bench.take("[\(all.joined(separator: ","))]", as: .gitlab)
        try bench.take("[\(all[1...].joined(separator: ","))]", as: .gitlab)
        try bench.take("[\(all[29])]", as: .gitlab)
        let entry = try #require(try bench.audit().last { $0.action == "inventory.import" })
        let events = try bench.store.dueDeliveries(endpoint: "all", at: ImportBench.now, limit: 1000).map(\.event)
        let event = try #require(events.last { $0.type == "inventory.imported" })
        for text in [entry.body, event.data] {
            #expect(text.contains(#""vanished":29"#) && text.contains(#""newly_vanished":28"#))
            // Twenty, by name, of those that the list before still had.
            #expect(text.contains(#""vanished_names":["gitlab/10/bot","gitlab/11/bot""#))
            #expect(!text.contains(#""gitlab/1/bot""#))
        }
    }

    @Test func `all that vanished are told where that is asked for, and not more of the others`() throws {
        let all = (1...9).map { Self.gitlab($0) }
        try bench.take("[\(all.joined(separator: ","))]", as: .gitlab)
        let rest = "[\((20...29).map { Self.gitlab($0) }.joined(separator: ","))]"
        let summary = try bench.take(rest, as: .gitlab, mostTold: 2, mostVanishedTold: .max)
        #expect(summary.changes.filter { $0.kind == .vanished }.count == 9)
        #expect(summary.changes.filter { $0.kind == .added }.count == 2 && summary.untold == 8)
    }
}
