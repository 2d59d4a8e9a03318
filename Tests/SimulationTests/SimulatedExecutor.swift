import Crypto

/// Runs the tasks of a simulation on the thread that asks it to: nothing happens beside anything else, so that one
/// seed gives one history.
final class SimulatedExecutor: TaskExecutor {
    private let jobs = Locked<[UnownedJob]>([])

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
    }

    /// Goes on until every task waits for something that only the world can bring.
    func runUntilAllWait() {
        while let job = jobs.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }
}
