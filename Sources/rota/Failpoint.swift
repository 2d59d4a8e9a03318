#if DEBUG
    import Engine
    import Glibc
    import Synchronization

    /// Where a test wants this process to die, as `kill -9` would end it. No part of a release.
    ///
    /// `ROTA_FAILPOINT=armed:2` is the second time that any rotation is armed, `any:7` the seventh step of whatever
    /// kind. `ROTA_FAILPOINT_LOG` names a file that every step is added to, one a line, before that.
    enum Failpoint {
        /// `witness:NAME`: when that witness has taken a checkpoint, and before this is written down.
        static func chosenWitness() -> @Sendable (String) -> Void {
            let wanted = Process.environment("ROTA_FAILPOINT")
            return { name in if wanted == "witness:\(name)" { kill(getpid(), SIGKILL) } }
        }

        static func chosen() -> @Sendable (RotationStep) -> Void {
            let wanted = (Process.environment("ROTA_FAILPOINT") ?? "").split(separator: ":").map(String.init)
            let log = Process.environment("ROTA_FAILPOINT_LOG").map { path in
                unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
            }
            guard log != nil || wanted.count == 2 else { return { _ in } }
            let name = wanted.first ?? ""
            let left = Mutex(wanted.last.flatMap { Int($0) } ?? 0)
            return { step in
                if let log {
                    let line = step.rawValue + "\n"
                    _ = unsafe write(log, line, line.utf8.count)
                }
                guard name == "any" || name == step.rawValue else { return }
                let isTime = left.withLock { left in
                    left -= 1
                    return left == 0
                }
                if isTime { kill(getpid(), SIGKILL) }
            }
        }
    }
#endif
