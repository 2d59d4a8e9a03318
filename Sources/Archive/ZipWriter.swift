import CArchive

/// Writes a ZIP archive from its beginning to its end (libarchive): files of any length, which need not be known
/// before, in flat memory.
///
/// Used by one thread at a time. Without `finish` what was written is no archive.
package final class ZipWriter {
    /// `AE_IFREG`, which is a macro that is not imported.
    private static let regularFile: UInt32 = 0o100000

    private let archive: OpaquePointer
    private let sink: Sink

    /// - parameter write: takes the bytes of the archive, one piece after the other.
    package init(to write: @escaping ([UInt8]) throws -> Void) throws {
        guard let archive = archive_write_new() else { throw ArchiveError("there is no memory for an archive") }
        self.archive = archive
        sink = Sink(write)
        try check(archive_write_set_format_zip(archive))
        try check(archive_write_set_bytes_in_last_block(archive, 1))
        try check(
            archive_write_open2(archive, Unmanaged.passUnretained(sink).toOpaque(), nil, take, nil, nil))
    }

    deinit { archive_write_free(archive) }

    /// Adds a file, readable by everybody.
    ///
    /// - parameters:
    ///   - path: within the archive, as `evidence/README.md`.
    ///   - seconds: when it was written, since 1970.
    ///   - body: writes it, piece by piece.
    package func add(_ path: String, writtenAt seconds: Int64, _ body: (([UInt8]) throws -> Void) throws -> Void) throws
    {
        guard let entry = archive_entry_new() else { throw ArchiveError("there is no memory for an archive") }
        defer { archive_entry_free(entry) }
        archive_entry_set_pathname_utf8(entry, path)
        archive_entry_set_filetype(entry, Self.regularFile)
        archive_entry_set_perm(entry, 0o644)
        archive_entry_set_mtime(entry, Int(seconds), 0)
        try check(archive_write_header(archive, entry))
        try body { bytes in
            let written = bytes.withUnsafeBytes { archive_write_data(archive, $0.baseAddress, $0.count) }
            guard written == bytes.count else { throw fault() }
        }
        try check(archive_write_finish_entry(archive))
    }

    /// Writes the list of all files, without which it is none.
    package func finish() throws { try check(archive_write_close(archive)) }

    private func check(_ code: Int32) throws {
        guard code == ARCHIVE_OK else { throw fault() }
    }

    private func fault() -> any Error {
        if let failure = sink.failure { return failure }
        return ArchiveError(archive_error_string(archive).map { String(cString: $0) } ?? "the archive failed")
    }
}

/// What libarchive calls, and what went wrong there.
private final class Sink {
    let write: ([UInt8]) throws -> Void
    var failure: (any Error)?

    init(_ write: @escaping ([UInt8]) throws -> Void) { self.write = write }
}

/// -1 where it could not be written.
private func take(
    _: OpaquePointer?, _ context: UnsafeMutableRawPointer?, _ buffer: UnsafeRawPointer?, _ count: Int
) -> Int {
    guard let context, let buffer else { return -1 }
    let sink = Unmanaged<Sink>.fromOpaque(context).takeUnretainedValue()
    do {
        try sink.write(Array(UnsafeRawBufferPointer(start: buffer, count: count)))
        return count
    } catch {
        sink.failure = error
        return -1
    }
}

/// Why an archive could not be written.
package struct ArchiveError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
