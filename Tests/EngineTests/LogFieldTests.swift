import Engine
import RotaCore
import Testing

/// A field of the log knows what it is, so that JSON can tell a number from a text.
@Suite struct LogFieldTests {
    @Test func `whole numbers and truths are no texts`() {
        let fields = [
            LogField("status", 200), LogField("port", UInt16(8080)), LogField("at", Int64.max),
            LogField("stuck", true), LogField("name", "8080"), LogField("time", Instant(seconds: 0)),
        ]
        #expect(fields.map(\.kind) == [.number, .number, .number, .truth, .text, .text])
        #expect(
            fields.map(\.value)
                == ["200", "8080", "9223372036854775807", "true", "8080", "1970-01-01T00:00:00Z"])
    }
}
