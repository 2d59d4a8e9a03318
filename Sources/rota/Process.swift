import Crypto
import Glibc
import RotaCore

/// What is settled before anything else happens.
enum Process {
    /// No core dumps and no tracing, since secrets pass through; no more rights than there are; files for us alone; a
    /// closed pipe is an error of a write, not the end of a rotation.
    static func harden() {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        // Neither can fail for a process that only gives up what it has; if one did, work goes on.
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        _ = CoreDumps.forbid()
        Privileges.gainNothing()
        // As many open files as the system lets us have: nothing here uses select(2), which is what the low
        // default is for.
        var files = rlimit()
        if unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files) == 0 {
            files.rlim_cur = files.rlim_max
            _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files)
        }
        _ = umask(0o077)
        _ = signal(SIGPIPE, SIG_IGN)
        // Where Swift is installed, its runtime has another program read the memory of one that has failed, writes some
        // of it into the log, and goes on where somebody else has sent the signal, as systemd's watchdog does.
        for number in [SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGFPE, SIGBUS, SIGSEGV] { _ = signal(number, SIG_DFL) }
    }

    /// How many files a command opens at the least, and some more.
    private static let neededFiles = 24

    /// Refuses to begin where no more files can be opened: the system's libraries end the process when they meet that
    /// half-way.
    static func requireFiles() throws(Failure) {
        var opened: [Int32] = []
        defer { for descriptor in opened { close(descriptor) } }
        while opened.count < neededFiles {
            let descriptor = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
            let problem = errno
            guard descriptor >= 0 else {
                throw Failure(
                    "\(neededFiles) more files cannot be opened (errno \(problem))",
                    hint: "raise the limit of open files: ulimit -n, or LimitNOFILE= of the service")
            }
            opened.append(descriptor)
        }
    }

    /// A variable of the environment; nil when it is absent or empty.
    static func environment(_ name: String) -> String? {
        guard let text = unsafe getenv(name) else { return nil }
        let value = unsafe String(cString: text)
        return value.isEmpty ? nil : value
    }

    /// Secrets that came by the environment.
    private static let taken = Locked<[String: Secret]>([:])

    /// A secret that a variable of the environment brought; nil when it is absent or empty.
    ///
    /// There it is seen for as long as the process lives, so it is crossed out, and remembered for who asks again.
    static func secret(_ name: String) -> Secret? {
        taken.withLock { taken in
            if let known = taken[name] { return known }
            guard let text = unsafe getenv(name), unsafe text.pointee != 0 else { return nil }
            let bytes = unsafe UnsafeMutableRawBufferPointer(start: text, count: strlen(text))
            let secret = unsafe Secret(copying: bytes)
            for index in bytes.indices { unsafe bytes[index] = UInt8(ascii: "*") }
            taken[name] = secret
            return secret
        }
    }

    /// Who acts, for the audit log: `cli:alice`, or `cli:alice as rota` through sudo.
    static var actor: AuditActor {
        let user = userName()
        guard let person = environment("SUDO_USER"), person != user, person.utf8.count <= 64,
            person.utf8.allSatisfy(isNameByte)
        else { return "cli:\(user)" }
        return "cli:\(person) as \(user)"
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
            UInt8(ascii: "@"):
            true
        default: false
        }
    }

    /// Where there is room for what is too long for memory, and gone after it.
    static var temporaryFolder: String {
        unsafe getenv("TMPDIR").map { unsafe String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    }

    /// The name of this machine; empty where it has none.
    static var hostName: String {
        var name = [CChar](repeating: 0, count: 256)
        guard unsafe gethostname(&name, name.count - 1) == 0 else { return "" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The name of a user, or the number of one who has none.
    static func userName(_ id: uid_t = geteuid()) -> String {
        var entry = unsafe passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 4096)
        let name: String? = unsafe buffer.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress,
                unsafe getpwuid_r(id, &entry, start, buffer.count, &found) == 0,
                let found = unsafe found, let name = unsafe found.pointee.pw_name
            else { return nil }
            return unsafe String(cString: name)
        }
        return name ?? String(id)
    }
}
