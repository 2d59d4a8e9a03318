import Crypto
import Engine
import Reports
import RotaCore
import TransparencyLog

extension Composition {
    /// Does something with the store, and closes it.
    func withStore<R>(_ body: (any Store) throws -> R) throws -> R {
        let store = try openStore()
        defer { store.close() }
        return try body(store)
    }

    /// Signs what the audit log is now, for a report that is made next; nil where no key is configured.
    ///
    /// - throws: where the key that is configured cannot be used.
    func reportSeal(_ store: any Store) throws -> ReportSeal? {
        guard configuration.auditKey != nil else { return nil }
        let signer = try CheckpointSigner.find(configuration)
        let change = change("report")
        let checkpoint = try store.transaction { try issueCheckpoint(in: store, by: signer, change: change) }
        return ReportSeal(signer: signer, checkpoint: checkpoint)
    }
}

/// A report that is written into a file, and signed beside it.
final class ReportFile {
    private let file: NewFile
    private let signature: SignatureFile
    private let hasher = SHA256.Hasher()
    private var count = 0

    init(at path: String, suffix: String) throws(Failure) {
        file = try NewFile(at: path, suffix: suffix)
        signature = SignatureFile(of: path, suffix: suffix)
    }

    func write(_ bytes: [UInt8]) throws(Failure) {
        try file.write(bytes)
        hasher.update(bytes)
        count += bytes.count
    }

    /// Puts both into their places.
    func place(sealedBy seal: ReportSeal?, as format: String, madeAt: Instant) throws(Failure) {
        let note = seal?.note(digest: hasher.finish(), bytes: count, format: format, madeAt: madeAt)
        try signature.replace(by: note.map { Array($0.serialized.utf8) })
        try file.place()
    }
}

/// What is beside a report. It is put there first: one that is of another report is found out by `report verify`, and
/// a report without one is not. So an older one of another report does not stay, either.
struct SignatureFile {
    private let path: String
    private let suffix: String

    init(of report: String, suffix: String) {
        path = report + ReportSeal.ending
        self.suffix = suffix
    }

    /// - parameter note: nil: it is not signed.
    func replace(by note: [UInt8]?) throws(Failure) {
        guard let note else { return try removeFile(path) }
        let file = try NewFile(at: path, suffix: suffix)
        try file.write(note)
        try file.place()
    }
}

/// Reads a file of any size in pieces.
func digestOfFile(at path: String) throws(Failure) -> (digest: [UInt8], count: Int) {
    let file = try File(reading: path)
    let hasher = SHA256.Hasher()
    var count = 0
    while case let chunk = try file.readChunk(most: 1 << 20), !chunk.isEmpty {
        hasher.update(chunk)
        count += chunk.count
    }
    return (hasher.finish(), count)
}
