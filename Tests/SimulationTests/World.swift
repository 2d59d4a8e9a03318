import Crypto
import Engine
import RotaCore
import Stores
import TestSupport

/// Everything outside the processes: time, the network, what fails, and who is next. All of it is drawn by the seed.
final class World: Sendable {
    /// What waits to happen. One of them is taken in each step.
    struct Pending: Sendable {
        var process: Int
        var what: String
        var kind: Kind
        var since: Int64

        enum Kind: Sendable {
            /// A transaction of a process's store.
            case store(@Sendable () -> Void)
            /// A request before it reaches its vault; it goes on with what becomes of it.
            case request(FakeVault.Operation, FakeVault, Destination?, CheckedContinuation<Fate, Never>)
            /// An answer on its way back.
            case answer(CheckedContinuation<Fate, Never>)
            /// Milliseconds of the world's time.
            case wake(Int64, CheckedContinuation<Fate, Never>)
        }
    }

    enum Fate: Sendable {
        case goesOn(FakeVault.Fault?)
        /// The process was killed meanwhile.
        case died
    }

    private struct State {
        var generator: Numbers
        var milliseconds: Int64
        var pending: [Pending] = []
        var paused: [Int: Int] = [:]
        var dead: Set<Int> = []
        /// Those whose COMMIT failed: they end before anything else happens.
        var doomed: Set<Int> = []
        var steps = 0
        /// How many transactions came as far as their COMMIT.
        var commits = 0
        var hasFaults = true
        var history: [String] = []
        /// How many writes of each vault were looked at, and when the last one of each place was: `vault:path`.
        var seenWrites: [String: Int] = [:]
        var writtenAt: [String: Int64] = [:]
    }

    private static let remembered = 400
    /// A request that was under way for longer than this is lost where its vault has no conditions: the protocol
    /// reckons with an hour.
    private static let longestPause: Int64 = 1_800_000

    let executor = SimulatedExecutor()
    let vaults: [FakeVault]
    private let state: Locked<State>

    init(seed: UInt64, vaults: [FakeVault], start: Instant) {
        self.vaults = vaults
        state = Locked(
            State(
                generator: Numbers(state: seed &* 0x9E37_79B9_7F4A_7C15 | 1), milliseconds: start.seconds * 1000))
    }

    var steps: Int { state.withLock { $0.steps } }
    var now: Instant { state.withLock { Instant(seconds: $0.milliseconds / 1000) } }
    /// What happened last, oldest first.
    var history: [String] { state.withLock { $0.history } }

    /// A number that is another one after whatever the invariants are about may have changed: a late write that lands
    /// is one more in the history and one less on its way.
    var changes: Int { vaults.reduce(state.withLock { $0.commits }) { $0 + 2 * $1.history.count + $1.lateCount } }

    func endFaults() {
        state.withLock { state in
            state.hasFaults = false
            state.paused = [:]
        }
        for vault in vaults {
            while vault.lateCount > 0 { _ = vault.endLateWrite(0, lands: isDrawn(0.5)) }
        }
    }

    // MARK: - Chance

    func word() -> UInt64 { state.withLock { $0.generator.next() } }

    func number(below limit: Int) -> Int { Int(word() % UInt64(max(1, limit))) }
    func isDrawn(_ probability: Double) -> Bool { Double(word() >> 11) < probability * 9_007_199_254_740_992 }

    // MARK: - What processes wait for

    func submit(_ process: Int, _ work: @escaping @Sendable () -> Void) {
        guard isAlive(process) else { return work() }
        add(process, "store", .store(work))
    }

    func request(
        _ process: Int, _ operation: FakeVault.Operation, _ vault: FakeVault, _ destination: Destination?,
        _ what: String
    ) async -> Fate {
        guard isAlive(process) else { return .died }
        return await withCheckedContinuation { add(process, what, .request(operation, vault, destination, $0)) }
    }

    func answer(_ process: Int, _ what: String) async -> Fate {
        guard isAlive(process) else { return .died }
        return await withCheckedContinuation { add(process, "answer to " + what, .answer($0)) }
    }

    /// By the world's time: nobody waits.
    func sleep(_ process: Int, milliseconds: Int64) async -> Fate {
        guard isAlive(process) else { return .died }
        return await withCheckedContinuation { continuation in
            let end = state.withLock { $0.milliseconds + max(1, milliseconds) }
            add(process, "sleep", .wake(end, continuation))
        }
    }

    func isAlive(_ process: Int) -> Bool { state.withLock { !$0.dead.contains(process) } }

    /// Its tasks find every door shut from now on, and come to their ends without a trace.
    func kill(_ process: Int) {
        let left = state.withLock { state in
            state.dead.insert(process)
            let left = state.pending.filter { $0.process == process }
            state.pending.removeAll { $0.process == process }
            return left
        }
        note("process \(process) is killed")
        for pending in left {
            switch pending.kind {
            case .store: break
            case .request(_, _, _, let continuation), .answer(let continuation), .wake(_, let continuation):
                continuation.resume(returning: .died)
            }
        }
        // What was submitted to its store finds that closed.
        for pending in left { if case .store(let work) = pending.kind { work() } }
    }

    /// What becomes of a commit of its store.
    func commitFault(process: Int) -> CommitFault? {
        state.withLock { $0.commits += 1 }
        guard hasFaults, isAlive(process) else { return nil }
        let fault: CommitFault
        switch number(below: 1000) {
        case ..<8: fault = .refused
        case ..<10: fault = .unknownAndLost
        case ..<12: fault = .unknownAndKept
        default: return nil
        }
        note("process \(process): its commit meets \(fault)")
        return fault
    }

    func doom(_ process: Int) { _ = state.withLock { $0.doomed.insert(process) } }
    func isDoomed(_ process: Int) -> Bool { state.withLock { $0.doomed.contains(process) } }

    private func add(_ process: Int, _ what: String, _ kind: Pending.Kind) {
        state.withLock { state in
            state.pending.append(Pending(process: process, what: what, kind: kind, since: state.milliseconds))
        }
    }

    func note(_ what: @autoclosure () -> String) {
        let line = what()
        state.withLock { state in
            state.history.append("\(state.steps) at \(state.milliseconds / 1000 % 1_000_000): \(line)")
            if state.history.count > 2 * Self.remembered { state.history.removeFirst(Self.remembered) }
        }
    }

    // MARK: - One step

    /// Lets one thing happen; false when nothing can.
    func step() -> Bool {
        executor.runUntilAllWait()
        state.withLock { state in
            state.steps += 1
            state.milliseconds += 7
        }
        if hasFaults, disturb() { return true }
        guard let pending = choose() else { return false }
        note("process \(pending.process): \(pending.what)")
        carryOut(pending)
        executor.runUntilAllWait()
        noteWrites()
        return true
    }

    var hasFaults: Bool { state.withLock { $0.hasFaults } }

    /// Something that no process asked for.
    private func disturb() -> Bool {
        if isDrawn(0.01) {
            let (process, length) = (1 + number(below: 2), 20 + number(below: 120))
            state.withLock { $0.paused[process] = $0.steps + length }
            note("process \(process) is stopped for \(length) steps")
        }
        if isDrawn(0.004), emptyPlace() { return true }
        guard let vault = vaults.filter({ $0.lateCount > 0 }).first, isDrawn(0.08) else { return false }
        let landed = vault.endLateWrite(number(below: vault.lateCount), lands: isDrawn(0.8))
        noteWrites()
        note("a late write to \(vault.name) \(landed ? "lands" : "comes to nothing")")
        return true
    }

    /// Somebody deletes what is in a place whose emptiness can only be filled; false when there is none.
    private func emptyPlace() -> Bool {
        let vault = vaults.first { $0.keepsHistory && $0.capabilities.fenceable && !$0.capabilities.fencesEmptiness }
        guard let vault, case let history = vault.history, !history.isEmpty else { return false }
        let place = Destination(vault: vault.name, path: history[number(below: history.count)].path)
        guard vault.value(at: place) != nil else { return false }
        vault.foreignWrite(nil, at: place)
        note("somebody empties \(place)")
        return true
    }

    private func choose() -> Pending? {
        let candidates = state.withLock { state in
            let steps = state.steps
            state.paused = state.paused.filter { $0.value > steps }
            let awake = state.pending.indices.filter { state.paused[state.pending[$0].process] == nil }
            let ready = awake.filter { if case .wake = state.pending[$0].kind { false } else { true } }
            return ready.isEmpty ? awake : ready
        }
        guard !candidates.isEmpty else {
            // Whoever is left is stopped: time goes on until he is not.
            let isSomebodyThere = state.withLock { state in
                state.paused = [:]
                return !state.pending.isEmpty
            }
            return isSomebodyThere ? choose() : nil
        }
        let index = candidates[number(below: candidates.count)]
        return state.withLock { state in
            // Who sleeps wakes in the order of time.
            if case .wake = state.pending[index].kind {
                let first = candidates.min { wake(state.pending[$0]) < wake(state.pending[$1]) } ?? index
                return state.pending.remove(at: first)
            }
            return state.pending.remove(at: index)
        }
    }

    private func wake(_ pending: Pending) -> Int64 { if case .wake(let end, _) = pending.kind { end } else { 0 } }

    private func carryOut(_ pending: Pending) {
        switch pending.kind {
        case .store(let work): work()
        case .answer(let continuation): continuation.resume(returning: .goesOn(nil))
        case .wake(let end, let continuation):
            let passed = state.withLock { state in
                let passed = end - state.milliseconds
                state.milliseconds = max(state.milliseconds, end)
                return passed
            }
            if passed > 60_000 { endOldWrites() }
            continuation.resume(returning: .goesOn(nil))
        case .request(let operation, let vault, let destination, let continuation):
            let age = state.withLock { $0.milliseconds - pending.since }
            var fault = hasFaults ? fault(of: operation, at: vault) : nil
            if fault == .stale, let destination, !mayBeStale(vault, destination) { fault = nil }
            if !vault.capabilities.conditionalWrite, operation == .write, age > Self.longestPause {
                fault = .timesOutBefore
            }
            if let fault { note("  and meets \(fault)") }
            continuation.resume(returning: .goesOn(fault))
        }
    }

    /// Where writes have conditions, what is read may be older than anything. Where they have none, nothing but a read
    /// tells that a late write put back an old value: that a read is not older than a request can be is relied on.
    private func mayBeStale(_ vault: FakeVault, _ destination: Destination) -> Bool {
        guard !vault.capabilities.conditionalWrite else { return true }
        return state.withLock { state in
            state.milliseconds - (state.writtenAt["\(vault.name):\(destination.path)"] ?? 0) <= Self.longestPause
        }
    }

    private func noteWrites() {
        for vault in vaults where !vault.capabilities.conditionalWrite {
            let history = vault.history
            state.withLock { state in
                for write in history.dropFirst(state.seenWrites[vault.name] ?? 0) {
                    state.writtenAt["\(vault.name):\(write.path)"] = state.milliseconds
                }
                state.seenWrites[vault.name] = history.count
            }
        }
    }

    /// A network does not hold a request back for ever; where writes have no condition that is relied on.
    private func endOldWrites() {
        for vault in vaults where !vault.capabilities.conditionalWrite {
            while vault.lateCount > 0 { _ = vault.endLateWrite(0, lands: isDrawn(0.5)) }
        }
    }

    private func fault(of operation: FakeVault.Operation, at vault: FakeVault) -> FakeVault.Fault? {
        let drawn = number(below: 1000)
        switch operation {
        case .write, .fence, .remove:
            switch drawn {
            case ..<40: return .timesOutBefore
            case ..<90: return .timesOutAfter
            case ..<150: return .landsLater
            case ..<175: return .duplicated
            case ..<200: return .transient
            case ..<206: return .denied
            case ..<212: return .rejected
            case ..<220: return vault.capabilities.readable ? .saysYesOnly : nil
            case ..<226: return vault.capabilities.readable ? .foreignWriteAfter("foreign-\(word())") : nil
            default: return nil
            }
        case .probe, .held:
            switch drawn {
            case ..<50: return operation == .probe ? .stale : nil
            case ..<90: return .transient
            case ..<110: return .timesOutBefore
            default: return nil
            }
        case .access, .check: return drawn < 20 ? .transient : nil
        }
    }
}
