import Crypto
import Engine
import Glibc

/// An open folder and what the directory vault does with files: the only C calls of this target.
///
/// Names are always relative to an open folder and symbolic links are never followed, so nobody can lead us
/// out of the root by swapping a folder for a link.
struct Folder: ~Copyable {
    /// Called before each change to the file system; throwing there stands for dying there.
    typealias Interruption = @Sendable () throws(VaultError) -> Void

    private let descriptor: Int32
    private let interruption: Interruption?

    private init(descriptor: Int32, interruption: Interruption?) {
        self.descriptor = descriptor
        self.interruption = interruption
    }

    deinit {
        close(descriptor)
    }

    /// Opens the root, which may be a link: it is the operator's choice. It is never made: where it is not, the volume
    /// that it lies on may be missing, and with it what consumers read.
    static func root(_ path: String, interruption: Interruption?) throws(VaultError) -> Folder {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor < 0, errno == ENOENT {
            throw VaultError(
                .missing, "the folder \(path) is not there: mount what it lies on, or make it (mkdir -m 700 \(path))")
        }
        guard descriptor >= 0 else { throw fault("cannot open", path) }
        return Folder(descriptor: descriptor, interruption: interruption)
    }

    /// Opens a folder within this one. Nil when there is none and none is made.
    func folder(_ name: String, creating: Bool) throws(VaultError) -> Folder? {
        if creating {
            try interruption?()
            if unsafe mkdirat(descriptor, name, 0o700) == 0 {
                try sync()
            } else if errno != EEXIST {
                throw fault("cannot make", name)
            }
        }
        let inner = unsafe openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        if inner < 0, errno == ENOENT { return nil }
        guard inner >= 0 else { throw fault("cannot open", name) }
        return Folder(descriptor: inner, interruption: interruption)
    }

    /// Whether we may make and change files here, and not everybody may.
    func checkAccess(_ path: String) throws(VaultError) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw fault("cannot look at", path) }
        guard status.st_mode & 0o002 == 0 else {
            throw VaultError(.denied, "\(path) may be written by everybody; take that right away (chmod o-w)")
        }
        try requireWritable(path)
    }

    /// Whether we may make and change files here.
    func requireWritable(_ path: String) throws(VaultError) {
        guard unsafe faccessat(descriptor, ".", R_OK | W_OK | X_OK, 0) == 0 else {
            throw fault("cannot write in", path)
        }
    }
}

// MARK: - Files

extension Folder {
    /// Reads a regular file whole. Nil when there is none.
    func read(_ name: String, atMost limit: Int) throws(VaultError) -> Secret? {
        // Not blocking, so that a pipe of that name cannot hold us up.
        let file = unsafe openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        if file < 0, errno == ENOENT { return nil }
        guard file >= 0 else { throw fault("cannot open", name) }
        defer { close(file) }
        var status = stat()
        guard unsafe fstat(file, &status) == 0 else { throw fault("cannot look at", name) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw VaultError(.missing, "\(name) is not a regular file")
        }
        let capacity = limit + 1
        let secret = try unsafe Secret(capacity: capacity) { (buffer) throws(VaultError) -> Int in
            var filled = 0
            while filled < capacity {
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
                let count = unsafe Glibc.read(file, rest.baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else { throw fault("cannot read", name) }
                if count == 0 { break }
                filled += count
            }
            return filled
        }
        guard secret.count <= limit else {
            throw VaultError(.garbled, "\(name) has more than \(limit) bytes, which is no value of ours")
        }
        return secret
    }

    /// Makes a file of mode 0600 with this content, on disk when it returns; an older one of that name goes.
    func create(_ name: String, _ content: Secret) throws(VaultError) {
        try remove(name)
        try interruption?()
        let file = unsafe openat(
            descriptor, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw fault("cannot make", name) }
        defer { close(file) }
        try interruption?()
        try unsafe content.withBytes { (bytes) throws(VaultError) in
            var written = 0
            while written < bytes.count {
                let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[written...])
                let count = unsafe Glibc.write(file, rest.baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw fault("cannot write", name) }
                written += count
            }
        }
        try interruption?()
        guard fsync(file) == 0 else { throw fault("cannot sync", name) }
    }

    func rename(_ old: String, to new: String) throws(VaultError) {
        try interruption?()
        guard unsafe renameat(descriptor, old, descriptor, new) == 0 else {
            throw fault("cannot replace", new)
        }
    }

    /// Whether there is something of this name.
    func has(_ name: String) -> Bool {
        unsafe faccessat(descriptor, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0
    }

    /// Removes a file; there may be none.
    func remove(_ name: String) throws(VaultError) {
        try interruption?()
        guard unsafe unlinkat(descriptor, name, 0) == 0 || errno == ENOENT else {
            throw fault("cannot remove", name)
        }
    }

    /// Removes a folder within this one, unless something is in it.
    func removeIfEmpty(_ name: String) {
        _ = unsafe unlinkat(descriptor, name, AT_REMOVEDIR)
    }

    /// Waits until renames and removals here are on disk.
    func sync() throws(VaultError) {
        try interruption?()
        guard fsync(descriptor) == 0 else { throw fault("cannot sync", "the folder") }
    }
}

// MARK: - Locks

/// A lock on a file, given back when it goes out of scope or the process dies.
struct FileLock: ~Copyable {
    fileprivate let descriptor: Int32

    deinit {
        close(descriptor)
    }
}

extension Folder {
    /// Takes the lock alone, waiting for at most `patience` milliseconds.
    func lock(_ name: String, patience: Int) throws(VaultError) -> FileLock {
        let file = unsafe openat(descriptor, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw fault("cannot open", name) }
        return try hold(file, LOCK_EX, patience)
    }

    /// Takes the lock together with other readers. Nil when there is no such file.
    func sharedLock(_ name: String, patience: Int) throws(VaultError) -> FileLock? {
        let file = unsafe openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        if file < 0, errno == ENOENT { return nil }
        guard file >= 0 else { throw fault("cannot open", name) }
        return try hold(file, LOCK_SH, patience)
    }

    private func hold(_ file: Int32, _ kind: Int32, _ patience: Int) throws(VaultError) -> FileLock {
        let lock = FileLock(descriptor: file)
        var waited = 0
        while flock(file, kind | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else {
                throw fault("cannot lock", "the destination")
            }
            guard waited < patience else {
                throw VaultError(.transient, "another process keeps the destination locked")
            }
            usleep(5000)
            waited += 5
        }
        return lock
    }
}

/// What `errno` means to a caller. Faults come before a change is visible, so nothing was carried out.
private func fault(_ what: String, _ name: String) -> VaultError {
    let code = errno
    let kind: VaultError.Kind =
        switch code {
        case EACCES, EPERM, EROFS: .denied
        case ELOOP, ENOTDIR, EISDIR, ENOENT: .missing
        default: .transient
        }
    let reason =
        code == ELOOP
        ? "it is a symbolic link, and those are not followed" : unsafe String(cString: strerror(code))
    return VaultError(kind, "\(what) '\(name)': \(reason)")
}
