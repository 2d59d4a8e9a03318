import Engine
import Foundation
import Testing

/// Endpoints ask for events by type: one that is written and not in the list could not be asked for by name.
@Suite struct EventTypesTests {
    @Test func `every type of event that the store writes is a known one`() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources/Stores")
        let text = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".swift") }
            .map { try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8) }
            .joined()
        let written = text.components(separatedBy: "emit(\"").dropFirst().map { $0.prefix { $0 != "\"" } }
        #expect(written.count >= 5)
        for type in written { #expect(EventTypes.all.contains(String(type)), "\(type)") }
    }

    @Test func `each kind of event is named once`() {
        #expect(
            EventTypes.families == [
                "token.*", "policy.*", "plan.*", "run.*", "store.*", "waiver.*",
                "inventory.*", "report.*", "webhook.*",
            ])
        #expect(Set(EventTypes.all).count == EventTypes.all.count)
    }
}
