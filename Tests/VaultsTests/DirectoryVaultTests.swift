import Crypto
import Engine
import Glibc
import RotaCore
import TestSupport
import Testing

@testable import Vaults

@Suite struct DirectoryVaultTests {
    let scratch: ScratchFolder
    let root: String
    let place = Destination(vault: "local", path: "app/token")

    init() throws {
        scratch = try ScratchFolder()
        root = scratch.path + "/secrets"
        try #require(mkdir(root, 0o700) == 0)
    }

    private var vault: DirectoryVault { DirectoryVault(name: "local", root: root) }

    @Test func `the file holds the bytes alone, and nobody else can read it`() async throws {
        try await vault.write(Secret(utf8: "rota_x"), to: place, over: vault.probe(place))
        #expect(try content(of: "app/token") == "rota_x")
        #expect(try mode(of: "app/token") == 0o600)
        for folder in ["", "app"] { #expect(try mode(of: folder) == 0o700) }
        for name in try names(in: "app") { #expect(try mode(of: "app/\(name)") == 0o600) }
        #expect(try names(in: "app") == [".rota.counter.token", ".rota.lock.token", "token"])
    }

    @Test func `reading makes no file`() async throws {
        #expect(try await vault.probe(Destination(vault: "local", path: "token")).value == nil)
        #expect(try names(in: "") == [])
    }

    @Test func `what somebody else wrote meanwhile is not written over`() async throws {
        try await vault.write(Secret(utf8: "one"), to: place, over: vault.probe(place))
        let seen = try await vault.probe(place)
        try replace("app/token", with: "theirs")
        for value in ["two", "one"] {
            let error = await #expect(throws: VaultError.self) {
                try await vault.write(Secret(utf8: value), to: place, over: seen)
            }
            #expect(error?.kind == .refused)
        }
        let fence = await #expect(throws: VaultError.self) { try await vault.fence(place, at: seen) }
        #expect(fence?.kind == .refused)
        #expect(try content(of: "app/token") == "theirs")
        #expect(try await vault.probe(place).text == "theirs")
    }

    @Test func `an empty file is an empty destination`() async throws {
        try replace("token", with: "")
        let place = Destination(vault: "local", path: "token")
        let seen = try await vault.probe(place)
        #expect(seen.value == nil)
        try await vault.write(Secret(utf8: "one"), to: place, over: seen)
        #expect(try await vault.probe(place).text == "one")
    }

    @Test func `what was put there is told from what was fenced, though the old file is back`() async throws {
        try await vault.write(Secret(utf8: "old"), to: place, over: vault.probe(place))
        let first = try await vault.probe(place)
        let held = {
            try await vault.held({ _ in true }, in: place, after: first.base, through: vault.probe(place)).word
        }
        for _ in 0..<2 { try await vault.fence(place, at: vault.probe(place)) }
        #expect(try await held() == "never", "nothing was put there since")
        try await vault.write(Secret(utf8: "new"), to: place, over: vault.probe(place))
        try replace("app/token", with: "old")
        #expect(try await held() == "unknown", "something was")
        try await vault.fence(place, at: vault.probe(place))
        #expect(try await held() == "unknown", "a fence later, too")
        let second = try await vault.probe(place)
        try await vault.fence(place, at: second)
        let since = try await vault.held({ _ in true }, in: place, after: second.base, through: vault.probe(place))
        #expect(since.word == "never")
    }

    @Test func `of a count that an earlier release made only the present is known`() async throws {
        mkdir(root + "/app", 0o700)
        try replace("app/.rota.counter.token", with: "12")
        try await vault.fence(place, at: vault.probe(place))
        let seen = try await vault.probe(place)
        #expect(try content(of: "app/.rota.counter.token") == "13 12")
        for (base, expected) in [("11", "unknown"), ("12", "never"), ("900", "unknown")] {
            let held = try await vault.held({ _ in true }, in: place, after: base, through: seen)
            #expect(held.word == expected, "since \(base)")
        }
    }

    @Test func `a folder that is made again does not repeat its bases`() async throws {
        try await vault.write(Secret(utf8: "one"), to: place, over: vault.probe(place))
        let before = try await vault.probe(place).base
        try ChildProcess(["/bin/rm", "-rf", root], environment: [], output: "/dev/null").waitForExit()
        mkdir(root, 0o700)
        try await vault.write(Secret(utf8: "one"), to: place, over: vault.probe(place))
        #expect(try await vault.probe(place).base != before)
    }

    @Test(arguments: [
        "app", "app/token", "app/.rota.counter.token", "app/.rota.lock.token", "app/.rota.new-value.token",
    ])
    func `a symbolic link is never followed`(_ name: String) async throws {
        let outside = scratch.path + "/outside"
        if name == "app" {
            mkdir(outside, 0o700)
        } else {
            mkdir(root + "/app", 0o700)
            try write("untouched", to: outside)
        }
        #expect(symlink(outside, "\(root)/\(name)") == 0)
        let result = await Result { () async throws in
            try await vault.write(Secret(utf8: "one"), to: place, over: Observation(base: "0", value: nil))
        }
        if name.hasSuffix("new-value.token") {
            // A leftover of that name is removed, the link and not what it shows to.
            try result.get()
        } else {
            let error = try #require(throws: VaultError.self) { try result.get() }
            #expect(error.kind == .missing)
        }
        if name != "app" { #expect(try read(outside) == "untouched") }
    }

    @Test func `values and files beyond the limit are refused`() async throws {
        let large = await #expect(throws: VaultError.self) {
            try await vault.write(
                Secret(copying: [UInt8](repeating: 65, count: 65_537)), to: place, over: vault.probe(place))
        }
        #expect(large?.kind == .rejected)
        try replace("token", with: String(repeating: "x", count: 65_537))
        let read = await #expect(throws: VaultError.self) {
            try await vault.probe(Destination(vault: "local", path: "token"))
        }
        #expect(read?.kind == .garbled)
    }

    @Test func `a pipe does not hold a read up`() async throws {
        mkfifo(root + "/token", 0o600)
        let error = await #expect(throws: VaultError.self) {
            try await vault.probe(Destination(vault: "local", path: "token"))
        }
        #expect(error?.kind == .missing)
    }

    @Test func `a damaged counter stops writes with a hint`() async throws {
        try await vault.write(Secret(utf8: "one"), to: place, over: vault.probe(place))
        try replace("app/.rota.counter.token", with: "12x")
        let error = await #expect(throws: VaultError.self) { try await vault.probe(place) }
        #expect(error?.kind == .garbled)
        #expect(error?.message.contains("remove it") == true)
    }

    @Test func `a lock that stays held is told, not waited for`() async throws {
        try await vault.write(Secret(utf8: "one"), to: place, over: vault.probe(place))
        let seen = try await vault.probe(place)
        let lock = open(root + "/app/.rota.lock.token", O_RDWR)
        defer { close(lock) }
        #expect(flock(lock, LOCK_EX) == 0)
        let impatient = DirectoryVault(name: "local", root: root, lockPatience: 20, interruption: nil)
        let error = await #expect(throws: VaultError.self) { try await impatient.fence(place, at: seen) }
        #expect(error?.kind == .transient)
    }

    @Test func `a root that everybody may write in fails the check`() async throws {
        try await vault.check()
        chmod(root, 0o777)
        let error = await #expect(throws: VaultError.self) { try await vault.check() }
        #expect(error?.kind == .denied)
    }

    @Test(.enabled(if: geteuid() != 0, "root may write everywhere"))
    func `a folder that we may not write in is told before anything is armed`() async throws {
        try await vault.requireWritable(place)
        try await vault.write(Secret(utf8: "one"), to: place, over: vault.probe(place))
        try await vault.requireWritable(place)
        chmod(root + "/app", 0o500)
        let error = await #expect(throws: VaultError.self) { try await vault.requireWritable(place) }
        #expect(error?.kind == .denied)
        chmod(root + "/app", 0o700)
    }

    @Test func `a root that is not there is missing, whatever is asked for, and nobody makes it`() async throws {
        let vault = vault
        let seen = try await vault.probe(place)
        try #require(rmdir(root) == 0)
        let calls: [(String, () async throws -> Void)] = [
            ("check", { try await vault.check() }), ("probe", { _ = try await vault.probe(place) }),
            ("requireWritable", { try await vault.requireWritable(place) }),
            ("write", { try await vault.write(Secret(utf8: "one"), to: place, over: seen) }),
            ("fence", { try await vault.fence(place, at: seen) }),
            ("remove", { try await vault.remove(place, at: seen) }),
        ]
        for (name, call) in calls {
            let error = await #expect(throws: VaultError.self, "\(name)") { try await call() }
            #expect(error?.kind == .missing, "\(name)")
            #expect(error?.message.contains("mkdir -m 700 \(root)") == true, "\(name)")
        }
        #expect(access(root, F_OK) != 0)
    }
}

// MARK: - Dying at every step

extension DirectoryVaultTests {
    enum Change: String, CaseIterable, Sendable {
        case write, fence, remove
    }

    @Test(arguments: Change.allCases, [nil, "old"])
    func `dying between any two steps leaves old or new, and no write under an old base`(
        _ change: Change, _ old: String?
    ) async throws {
        var completed = false
        for step in 0..<40 where !completed {
            let place = Destination(vault: "local", path: "\(change)-\(step)/token")
            if let old { try await vault.write(Secret(utf8: old), to: place, over: vault.probe(place)) }
            let seen = try await vault.probe(place)
            completed = await dies(atStep: step, during: change, at: place, seen)

            let after = try await vault.probe(place)
            let new: String? =
                switch change {
                case .write: "new"
                case .fence: old
                case .remove: nil
                }
            #expect([old, new].contains(after.text), "step \(step)")
            if after.text != old { #expect(after.base != seen.base, "step \(step): the base stayed") }
            if after.base != seen.base {
                let held = try await vault.held({ _ in true }, in: place, after: seen.base, through: after)
                // With nothing there before, the count begins with what died, and nothing is known of what was before.
                let isKnown = old != nil && (change != .write || after.text == old)
                #expect(held.word == (isKnown ? "never" : "unknown"), "step \(step)")
            }
            if completed { #expect(after.text == new) }
            if after.base == seen.base {
                // Nothing has happened: a fence must still do its work.
                try await vault.fence(place, at: after)
            }
            // The write that died is as late as can be: it must not succeed any more.
            let late = await #expect(throws: VaultError.self) {
                try await vault.write(Secret(utf8: "late"), to: place, over: seen)
            }
            #expect(late?.kind == .refused, "step \(step)")
            try await vault.write(Secret(utf8: "next"), to: place, over: vault.probe(place))
            #expect(try await vault.probe(place).text == "next")
            let names = try names(in: "\(change)-\(step)")
            #expect(names == [".rota.counter.token", ".rota.lock.token", "token"], "step \(step)")
        }
        #expect(completed)
    }

    /// Answers whether it came to its end before it could die.
    private func dies(
        atStep step: Int, during change: Change, at place: Destination, _ seen: Observation
    ) async -> Bool {
        let steps = Locked(0)
        let dying = DirectoryVault(name: "local", root: root, lockPatience: 100) { () throws(VaultError) in
            let now = steps.withLock { steps in
                steps += 1
                return steps
            }
            // From there on every step fails: the dead do not tidy up.
            if now > step { throw VaultError(.unknownOutcome, "died") }
        }
        do throws(VaultError) {
            switch change {
            case .write: try await dying.write(Secret(utf8: "new"), to: place, over: seen)
            case .fence: try await dying.fence(place, at: seen)
            case .remove: try await dying.remove(place, at: seen)
            }
            return true
        } catch {
            return false
        }
    }
}

// MARK: - Looking at files

extension DirectoryVaultTests {
    private func mode(of name: String) throws -> mode_t {
        var status = stat()
        try #require(lstat("\(root)/\(name)", &status) == 0)
        return status.st_mode & 0o777
    }

    private func names(in folder: String) throws -> [String] {
        let directory = try #require(opendir("\(root)/\(folder)"))
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return names.filter { $0 != "." && $0 != ".." }.sorted()
    }

    private func content(of name: String) throws -> String { try read("\(root)/\(name)") }

    private func replace(_ name: String, with text: String) throws { try write(text, to: "\(root)/\(name)") }

    private func read(_ path: String) throws -> String {
        let file = open(path, O_RDONLY)
        try #require(file >= 0)
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 100_000)
        let count = Glibc.read(file, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    private func write(_ text: String, to path: String) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        try #require(file >= 0)
        defer { close(file) }
        try #require(Glibc.write(file, text, text.utf8.count) == text.utf8.count)
    }
}

extension Result where Failure == any Error {
    /// Keeps what an asynchronous call ends in.
    init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
