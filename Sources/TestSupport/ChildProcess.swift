import Crypto
import Glibc

/// A program that a test runs. It is ended with this process, even when that is killed.
package final class ChildProcess: Sendable {
    private struct State {
        var status: Int32?
        /// The end of a pipe that only we hold; when it closes, the program is ended.
        var leash: Int32
    }

    private let identifier: pid_t
    private let state: Locked<State>

    /// The shell starts the program, and ends it as soon as its own standard input does.
    private static let keeper = """
        exec 3<&0; "$@" 3<&- </dev/null & child=$!
        (read -r end <&3; kill -KILL $child) 2>/dev/null & watcher=$!
        wait $child; status=$?; kill $watcher 2>/dev/null
        if [ -n "$ROTA_TEST_SCRATCH" ]; then rm -rf "$ROTA_TEST_SCRATCH"; fi
        exit $status
        """

    /// One at a time, so that no child inherits the leash of another.
    private static let spawning = Locked(())

    /// - Parameters:
    ///   - environment: all that the program gets, as `NAME=value`.
    ///   - output: the file that its output and errors are added to.
    ///   - scratch: a folder that is removed when the program has ended.
    package convenience init(
        _ arguments: [String], environment: [String], output: String, scratch: String? = nil
    ) throws {
        let extra = ["PATH=/usr/bin:/bin"] + (scratch.map { ["ROTA_TEST_SCRATCH=\($0)"] } ?? [])
        let started = try Self.spawning.withLock { _ in
            try Self.spawn(
                ["/bin/sh", "-c", Self.keeper, "sh"] + arguments, environment: environment + extra,
                output: output)
        }
        self.init(identifier: started.identifier, leash: started.leash)
    }

    private init(identifier: pid_t, leash: Int32) {
        self.identifier = identifier
        state = Locked(State(leash: leash))
    }

    private static func spawn(
        _ arguments: [String], environment: [String], output: String
    ) throws -> (identifier: pid_t, leash: Int32) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw ChildProcessError(description: "no pipe (errno \(errno))") }
        defer { close(ends[0]) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // We may be on a thread that blocks signals; a shell that inherits that waits for its child for ever.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var child: pid_t = 0
        let status = withCStrings(arguments) { arguments in
            withCStrings(environment) { posix_spawn(&child, "/bin/sh", &actions, &attributes, arguments, $0) }
        }
        guard status == 0 else {
            close(ends[1])
            throw ChildProcessError(description: "cannot run \(arguments.last ?? "") (errno \(status))")
        }
        return (child, ends[1])
    }

    deinit { stop() }

    package var isRunning: Bool {
        state.withLock { state in
            if state.status == nil {
                var status: Int32 = 0
                if waitpid(identifier, &status, WNOHANG) == identifier { state.status = status }
            }
            return state.status == nil
        }
    }

    /// Waits for the end; the exit status, or 128 and the signal.
    @discardableResult
    package func waitForExit() -> Int32 {
        while isRunning { usleep(5000) }
        let status = state.withLock { $0.status ?? 0 }
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
    }

    /// Kills the program and waits until it is gone.
    package func stop() {
        state.withLock { state in
            if state.leash >= 0 { close(state.leash) }
            state.leash = -1
        }
        waitForExit()
    }
}

package struct ChildProcessError: Error, CustomStringConvertible {
    package let description: String
}

package enum ProcessEnvironment {
    package static func value(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}

private func withCStrings<R>(
    _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> R
) -> R {
    let copies = texts.map { strdup($0) }
    defer { copies.forEach { free($0) } }
    return body(copies + [nil])
}

/// A folder of its own for a test, removed with all that is in it.
package final class ScratchFolder: Sendable {
    package let path: String

    package init() throws {
        path = try Self.make()
    }

    /// Makes one that somebody else removes.
    static func make() throws -> String {
        let base = ProcessEnvironment.value("TMPDIR") ?? "/tmp"
        var template = Array("\(base)/rota-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw ChildProcessError(description: "no scratch folder in \(base)")
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        (try? ChildProcess(["/bin/rm", "-rf", path], environment: [], output: "/dev/null"))?.waitForExit()
    }
}
