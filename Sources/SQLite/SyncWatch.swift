import CSQLite
import Crypto
import Glibc

/// Keeps, of the files of a folder, what a power cut would leave of them: what they held when they were last synced.
/// For tests; a production process never installs it.
package enum SyncWatch {
    private struct Watched: Sendable {
        /// Called with the file's path when its sync has returned.
        var onSync: @Sendable (String) -> Void
    }

    private struct File: Sendable {
        var path: String
        var onSync: @Sendable (String) -> Void
    }

    private static let folders = Locked<[String: Watched]>([:])
    private static let files = Locked<[UInt: File]>([:])
    private static let isInstalled = Locked(false)

    /// Watches every file below `folder` that SQLite opens from now on in this process.
    package static func watch(_ folder: String, onSync: @escaping @Sendable (_ path: String) -> Void) {
        install()
        folders.withLock { $0[folder] = Watched(onSync: onSync) }
    }

    package static func end(_ folder: String) {
        folders.withLock { $0[folder] = nil }
        files.withLock { files in files = files.filter { !$0.value.path.hasPrefix(folder) } }
    }

    /// Puts a file system before SQLite's own that passes everything on.
    private static func install() {
        isInstalled.withLock { isInstalled in
            guard !isInstalled, let own = sqlite3_vfs_find(nil) else { return }
            isInstalled = true
            let watching = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
            watching.initialize(to: own.pointee)
            watching.pointee.pNext = nil
            watching.pointee.zName = UnsafePointer(strdup("watched"))
            watching.pointee.xOpen = { _, name, file, flags, given in
                guard let own = sqlite3_vfs_find("unix") else { return SQLITE_CANTOPEN }
                let code = own.pointee.xOpen(own, name, file, flags, given)
                if code == SQLITE_OK, let name, let file { SyncWatch.opened(String(cString: name), file) }
                return code
            }
            sqlite3_vfs_register(watching, 1)
        }
    }

    private static func opened(_ path: String, _ file: UnsafeMutablePointer<sqlite3_file>) {
        let watched = folders.withLock { $0.first { path.hasPrefix($0.key) }?.value }
        guard let watched, let own = file.pointee.pMethods else { return }
        files.withLock { $0[UInt(bitPattern: file)] = File(path: path, onSync: watched.onSync) }
        // As long as the process: the file has a pointer to it.
        let methods = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 2)
        methods.initialize(to: own.pointee)
        (methods + 1).initialize(to: own.pointee)
        methods.pointee.xSync = { file, flags in
            guard let file, let methods = file.pointee.pMethods else { return SQLITE_IOERR }
            // The second copy is SQLite's own.
            let code = (methods + 1).pointee.xSync(file, flags)
            let known = SyncWatch.files.withLock { $0[UInt(bitPattern: file)] }
            if code == SQLITE_OK, let known { known.onSync(known.path) }
            return code
        }
        file.pointee.pMethods = UnsafePointer(methods)
    }
}
