import Crypto
import Dispatch
package import Engine
import Glibc
package import RotaCore

/// A folder that gets a file for each checkpoint, such as a share that can be written once.
///
/// A file is made under its own name, written and synced, and never touched again: no name is given to another
/// file, and none is removed. One that a crash left half written stays as it is, and the checkpoint goes under a
/// further name. The folder is never made: where it is not, the share is not mounted.
package final class FileWitness: CheckpointWitness {
    package let name: String
    package let kind = "file"
    package let place: String

    private let folder: String
    // File calls block, and a share that is gone may hold them for ever: whoever is tired of it leaves it the thread.
    private let queue: DispatchQueue

    /// How many names one checkpoint may take.
    private static let mostNames = 10
    /// More than any checkpoint has.
    private static let largest = 64 << 10

    package init(name: String, folder: String) {
        self.name = name
        self.folder = folder
        place = "sha256:" + Hex.encode(SHA256.digest(of: "file \(folder)"))
        queue = DispatchQueue(label: "rota.witness.\(name)")
    }

    package func held(of log: String) async throws(WitnessError) -> String? {
        try await onFileThread { [folder] () throws(WitnessError) in
            let stem = OfferedCheckpoint.stem(of: log) + "-"
            let names = try Self.names(in: folder).filter { $0.hasPrefix(stem) && $0.contains(".checkpoint") }
            let newestFirst = names.compactMap { name in Self.size(in: name, after: stem).map { (size: $0, name: name) }
            }
            .sorted { $0 > $1 }
            for (_, name) in newestFirst {
                let text = try Self.read("\(folder)/\(name)")
                // Half of one, as a crash leaves it, says nothing.
                if text.hasSuffix("\n"), text.contains("\n\n") { return text }
            }
            return nil
        }
    }

    package func take(_ checkpoint: OfferedCheckpoint, at now: Instant) async throws(WitnessError) {
        try await onFileThread { [folder] () throws(WitnessError) in
            guard unsafe access(folder, F_OK) == 0 else { throw Self.absent(folder) }
            for number in 0..<Self.mostNames {
                let path = "\(folder)/\(checkpoint.fileName)" + (number == 0 ? "" : ".\(number)")
                if try Self.write(checkpoint.note, to: path) { return try Self.sync(folder) }
                // Ours, of an attempt that nobody wrote down.
                if try Self.read(path) == checkpoint.note {
                    try Self.sync(path)
                    return try Self.sync(folder)
                }
            }
            throw WitnessError(
                "\(folder) has \(Self.mostNames) files for \(checkpoint.fileName), and none is this checkpoint")
        }
    }

    // MARK: - Files

    private static func absent(_ folder: String) -> WitnessError {
        WitnessError("the folder \(folder) is not there: mount the share that it lies on, or make it")
    }

    /// The number in `LOG-000000000042.checkpoint`, or in the same with a further number behind it.
    private static func size(in name: String, after stem: String) -> Int? {
        Int(name.dropFirst(stem.count).prefix { $0 != "." })
    }

    private static func names(in folder: String) throws(WitnessError) -> [String] {
        guard let stream = unsafe opendir(folder) else {
            guard errno != ENOENT else { throw absent(folder) }
            throw fault("cannot list", folder)
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            names.append(
                unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                    unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                })
        }
        return names
    }

    private static func read(_ path: String) throws(WitnessError) -> String {
        let file = unsafe open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { throw fault("cannot read", path) }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: largest)
        var filled = 0
        while filled < bytes.count {
            let count = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(file, buffer.baseAddress?.advanced(by: filled), buffer.count - filled)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw fault("cannot read", path) }
            if count == 0 { break }
            filled += count
        }
        return String(decoding: bytes[..<filled], as: UTF8.self)
    }

    /// Makes a file; false where there is one of that name.
    private static func write(_ text: String, to path: String) throws(WitnessError) -> Bool {
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o444)
        if file < 0, errno == EEXIST { return false }
        guard file >= 0 else { throw fault("cannot make", path) }
        defer { close(file) }
        // For others to read, whatever the mask: there is no secret in it. Some shares know no modes.
        _ = fchmod(file, 0o444)
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(file, buffer.baseAddress?.advanced(by: written), buffer.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw fault("cannot write", path) }
            written += count
        }
        guard fsync(file) == 0 else { throw fault("cannot sync", path) }
        return true
    }

    /// A file or a folder: what was put there is on its disk.
    private static func sync(_ path: String) throws(WitnessError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw fault("cannot sync", path) }
        defer { close(descriptor) }
        // Some file systems on the network sync no folders, and keep names at once.
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw fault("cannot sync", path) }
    }

    private static func fault(_ what: String, _ path: String) -> WitnessError {
        let problem = errno
        return unsafe WitnessError("\(what) \(path): \(String(cString: strerror(problem)))")
    }

    // MARK: - The thread

    /// Who is cancelled waits no longer; what was begun goes on.
    private func onFileThread<R: Sendable>(
        _ body: @escaping @Sendable () throws(WitnessError) -> R
    ) async throws(WitnessError) -> R {
        let waiting = Locked<CheckedContinuation<Result<R, WitnessError>, Never>?>(nil)
        @Sendable func answer(_ result: Result<R, WitnessError>) {
            let who = waiting.withLock { waiting in
                defer { waiting = nil }
                return waiting
            }
            who?.resume(returning: result)
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waiting.withLock { $0 = continuation }
                guard !Task.isCancelled else { return answer(.failure(WitnessError("it was not waited for"))) }
                queue.async { answer(Result { () throws(WitnessError) -> R in try body() }) }
            }
        } onCancel: {
            answer(.failure(WitnessError("it was not waited for")))
        }
        return try result.get()
    }
}
