package import Engine
import SQLite

/// The files of a store: whether those at its path are still those that were there.
///
/// Where they are not, the store was replaced or moved away under the process: what others write, a revocation above
/// all, is not seen here any more. Nothing may be answered or done by it then.
package struct StoreFiles: Sendable {
    private let files: DatabaseFiles
    private let path: String

    /// Take it before the store is opened: whatever is opened afterwards is then the one that is watched.
    ///
    /// - throws: `StoreError.unusable` when there is none.
    package init(at location: String) throws {
        path = try sqlitePath(location)
        guard let files = DatabaseFiles(of: path) else { throw StoreError.missing(path) }
        self.files = files
    }

    /// Why the store is not to be used any more; nil where it is as it was.
    package func loss() -> StoreError? { files.change().map(StoreError.replaced) }

    /// The length of its log in bytes. It is some megabytes at the most, unless somebody goes on reading an old state.
    package var logSize: Int64 { FileFacts(path: path + "-wal")?.size ?? 0 }
}

extension StoreError {
    static func missing(_ path: String) -> StoreError {
        .unusable("there is no store at \(path)", hint: "make one with 'rota init'")
    }

    static func replaced(_ path: String) -> StoreError {
        .unusable(
            "the store was replaced or moved away while it was open: \(path) is not the file that it was",
            hint: "stop the daemon before a store is restored or moved; nothing more was done by the old one")
    }
}
