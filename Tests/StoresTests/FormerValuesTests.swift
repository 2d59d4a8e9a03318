import Engine
import JSON
import RotaCore
import TestSupport
import Testing

@testable import Stores

/// What an entry of the log tells of how it was before.
@Suite struct FormerValuesTests {
    private func newest(_ store: any Store) throws -> JSON {
        var body: JSON = .null
        try store.eachAuditEntry(below: .max, object: nil) { entry in
            body = try JSON.parse(entry.body, maximumBytes: 1 << 20)
            #expect(body.canonicalBytes() == Array(entry.body.utf8))
            return false
        }
        return body
    }

    private func change(_ cause: String) -> Change {
        Change(actor: "cli:tester", at: StoreBench.identity.createdAt + .days(1), cause: cause)
    }

    @Test func `policies and settings are told with those of them that were others`() throws {
        let scratch = try Scratch()
        let store = try scratch.fresh()
        defer { store.close() }
        func load(_ digest: String, _ settings: JSON.Object?) throws -> Bool {
            try store.transaction {
                try store.notePolicies(
                    PolicyTexts(digest: digest, files: [], vaults: ["main"], settings: settings),
                    change: change("load"))
            }
        }
        #expect(try load("one", ["limits.actions": "5", "schedule": "0 3 * * *"]))
        #expect(try newest(store)["action"] == "configuration.load")
        #expect(try newest(store)["before"] == nil)
        #expect(try !load("one", ["limits.actions": "5", "schedule": "0 3 * * *"]))
        // Who does not know the settings says nothing of them.
        #expect(try !load("one", nil))

        #expect(try load("one", ["limits.actions": "6", "log.level": "info"]))
        let entry = try newest(store)
        #expect(entry["before"] == ["limits.actions": "5", "log.level": nil, "schedule": "0 3 * * *"])
        #expect(entry["after"] == ["limits.actions": "6", "log.level": "info"])

        #expect(try load("two", ["limits.actions": "6", "log.level": "info"]))
        #expect(try newest(store)["before"] == ["digest": "one"])
        #expect(try newest(store)["action"] == "policies.load")
    }

    @Test func `another key of the log is told with the one before it`() throws {
        let scratch = try Scratch()
        let store = try scratch.fresh()
        defer { store.close() }
        try store.transaction { try store.takeCheckpointKey("a", change: change("init")) }
        #expect(try newest(store)["before"] == nil)
        try store.transaction { try store.takeCheckpointKey("b", change: change("another")) }
        #expect(try newest(store)["before"] == ["key": "a"])
    }
}
