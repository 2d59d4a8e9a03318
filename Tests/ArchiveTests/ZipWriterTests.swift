import Archive
import Testing

@Suite struct ZipWriterTests {
    private struct Full: Error {}

    @Test func `an archive has the marks of one, and every byte of a file that came in pieces`() throws {
        var bytes: [UInt8] = []
        let writer = try ZipWriter { bytes += $0 }
        try writer.add("evidence/a.txt", writtenAt: 1_795_392_000) { write in
            for _ in 0..<1_000 { try write(Array("0123456789".utf8)) }
        }
        try writer.add("evidence/empty", writtenAt: 1_795_392_000) { _ in }
        try writer.finish()
        #expect(Array(bytes.prefix(4)) == Array("PK\u{03}\u{04}".utf8))
        #expect(bytes.count < 1_000, "ten thousand bytes that repeat themselves are packed")
        #expect(String(decoding: bytes, as: UTF8.self).contains("evidence/empty"))
    }

    @Test func `what the place of it says is what is thrown`() throws {
        let writer = try ZipWriter { _ in throw Full() }
        #expect(throws: Full.self) {
            try writer.add("a", writtenAt: 0) { try $0([UInt8](repeating: 7, count: 1)) }
            try writer.finish()
        }
    }
}
