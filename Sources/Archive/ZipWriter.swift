import CMinizip
import Glibc

/// Writes a ZIP archive (minizip): files of any length, which need not be known before, in flat memory.
///
/// Used by one thread at a time. Without `finish` what was written is no archive.
package final class ZipWriter {
    /// Names are UTF-8 (APPNOTE 4.4.4, bit 11).
    private static let utf8Names: UInt = 1 << 11
    /// A regular file that everybody may read, in the upper half as Unix has it.
    private static let attributes: UInt = 0o100644 << 16
    /// Half the time of the usual 6, for a quarter more of bytes.
    private static let level: Int32 = 3
    /// APPNOTE 4.4.2: made on Unix.
    private static let madeBy: UInt = 3 << 8 | 20

    private let path: String
    private var archive: zipFile?

    /// - parameter path: of a file, which is written over.
    package init(at path: String) throws(ArchiveError) {
        self.path = path
        archive = zipOpen64(path, APPEND_STATUS_CREATE)
        guard archive != nil else { throw ArchiveError(path) }
    }

    deinit { if let archive { zipClose(archive, nil) } }

    /// Adds a file, readable by everybody.
    ///
    /// - parameters:
    ///   - name: within the archive, as `evidence/README.md`.
    ///   - seconds: when it was written, since 1970; it is told in UTC.
    ///   - body: writes it, piece by piece.
    package func add(
        _ name: String, writtenAt seconds: Int64, _ body: (([UInt8]) throws -> Void) throws -> Void
    ) throws {
        var details = zip_fileinfo()
        var (instant, date) = (time_t(seconds), tm())
        gmtime_r(&instant, &date)
        details.tmz_date = tm_zip(
            tm_sec: UInt32(date.tm_sec), tm_min: UInt32(date.tm_min), tm_hour: UInt32(date.tm_hour),
            tm_mday: UInt32(date.tm_mday), tm_mon: UInt32(date.tm_mon), tm_year: UInt32(date.tm_year))
        details.external_fa = Self.attributes
        try check(
            zipOpenNewFileInZip4_64(
                archive, name, &details, nil, 0, nil, 0, nil, Z_DEFLATED, Self.level, 0, -MAX_WBITS,
                DEF_MEM_LEVEL, Z_DEFAULT_STRATEGY, nil, 0, Self.madeBy, Self.utf8Names, 1))
        try body { bytes in
            guard !bytes.isEmpty else { return }
            try check(bytes.withUnsafeBytes { zipWriteInFileInZip(archive, $0.baseAddress, UInt32($0.count)) })
        }
        try check(zipCloseFileInZip(archive))
    }

    /// Writes the list of all files, without which it is none.
    package func finish() throws(ArchiveError) {
        defer { archive = nil }
        try check(zipClose(archive, nil))
    }

    private func check(_ code: Int32) throws(ArchiveError) {
        guard code == ZIP_OK else { throw ArchiveError(path) }
    }
}

/// An archive could not be written: there is no room, or no right to.
package struct ArchiveError: Error, CustomStringConvertible {
    package let path: String

    init(_ path: String) { self.path = path }

    package var description: String { "cannot write the archive \(path): look for room on its disk" }
}
