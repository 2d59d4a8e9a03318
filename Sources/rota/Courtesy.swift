import Dispatch
import Glibc

/// Lets whoever answers somebody on the same machine go first: for work that nobody waits for, as a run by a timer.
///
/// Never SCHED_IDLE: on a machine that is busy for good it would stand still while it holds the store.
// Unchecked: the timer is set up before anybody else has it, and cancelling may be done from any thread.
final class Courtesy: @unchecked Sendable {
    /// What nice(1) adds by itself: about a tenth of what others get where all want more than there is.
    private static let priority: Int32 = 10
    /// SCHED_BATCH of sched(7), which the system's module does not have.
    private static let batch: Int32 = 3

    private let timer: any DispatchSourceTimer

    /// In force until `end`.
    init() {
        Self.lower()
        // The runtime's threads set a priority of their own when they begin, where they may: as root.
        timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "rota.courtesy"))
        timer.setEventHandler { Self.lower() }
        timer.schedule(deadline: .now() + .milliseconds(500), repeating: .milliseconds(500))
        timer.resume()
    }

    func end() { timer.cancel() }

    /// Both hold for a thread alone; those that come later take after the one that makes them.
    private static func lower() {
        guard let threads = unsafe opendir("/proc/self/task") else { return }
        defer { unsafe _ = closedir(threads) }
        while let entry = unsafe readdir(threads) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { name in
                unsafe String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let thread = pid_t(name) else { continue }
            giveWay(thread)
            guard sched_getscheduler(thread) == SCHED_OTHER else { continue }
            var none = sched_param()
            _ = unsafe sched_setscheduler(thread, batch, &none)
        }
    }

    /// The thread that calls, or another, has a lower priority from now on.
    static func giveWay(_ thread: pid_t = 0) {
        // Whoever has given way further already stays where he is.
        let which = __priority_which_t(PRIO_PROCESS.rawValue)
        if getpriority(which, id_t(thread)) < priority { _ = setpriority(which, id_t(thread), priority) }
    }
}

/// What it is given is done one after the other, by threads that give way to those that answer: they are shared only
/// with others of its kind.
struct CourteousQueue: Sendable {
    private let queue: DispatchQueue

    init(_ label: String) { queue = DispatchQueue(label: label, qos: .utility) }

    func async(_ work: @escaping @Sendable () -> Void) {
        queue.async {
            // Never SCHED_BATCH here: the threads that one begins for others would have it too.
            Courtesy.giveWay()
            work()
        }
    }
}
