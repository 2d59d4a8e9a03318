import Archive
import Foundation
import TestSupport
import Testing

@Suite struct ZipWriterTests {
    @Test func `an archive has the marks of one, and every byte of a file that came in pieces`() throws {
        let folder = try ScratchFolder()
        let path = "\(folder.path)/a.zip"
        let writer = try ZipWriter(at: path)
        try writer.add("evidence/ä.txt", writtenAt: 1_795_392_000) { write in
            for _ in 0..<1_000 { try write(Array("0123456789".utf8)) }
        }
        try writer.add("evidence/empty", writtenAt: 1_795_392_000) { try $0([]) }
        try writer.finish()
        let bytes = Array(try Data(contentsOf: URL(filePath: path)))
        #expect(Array(bytes.prefix(4)) == Array("PK\u{03}\u{04}".utf8))
        #expect(bytes.count < 1_000, "ten thousand bytes that repeat themselves are packed")
        #expect(String(decoding: bytes, as: UTF8.self).contains("evidence/empty"))
    }

    @Test func `where there is no room, it says so`() throws {
        // A device that is always full.
        let writer = try ZipWriter(at: "/dev/full")
        #expect(throws: ArchiveError.self) {
            try writer.add("a", writtenAt: 0) { write in
                var random = SystemRandomNumberGenerator()
                for _ in 0..<1_000 { try write((0..<1_000).map { _ in UInt8.random(in: 0...255, using: &random) }) }
            }
            try writer.finish()
        }
        #expect(throws: ArchiveError.self) { try ZipWriter(at: "/nowhere/a.zip") }
    }
}
