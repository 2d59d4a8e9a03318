import Crypto
import Engine
import PolicyFiles
import RotaCore
import Stores

/// The instant of `--as-of`: one that was.
func pastInstant(_ arguments: Arguments, _ now: Instant) throws(Failure) -> Instant? {
    guard let instant = try arguments.instant("as-of") else { return nil }
    guard !arguments.has("at") else {
        throw .usage(
            "--at and --as-of exclude each other",
            hint: "--at judges the tokens as they are now; --as-of tells what was")
    }
    guard instant <= now else {
        throw .usage(
            "--as-of: \(instant) is still to come",
            hint: "'rota report --at \(instant)' judges today's tokens as if it were then")
    }
    return instant
}

/// What is made by `--at` looks ahead: tokens as they are now were not the same then.
func requireNotPast(_ at: Instant?, _ now: Instant) throws(Failure) {
    // Today, and what has just become past, is as good as now.
    guard let at, at < now.midnight else { return }
    throw .usage("--at: \(at) is past", hint: "'rota report --as-of \(at)' tells what was")
}

/// The instant of `--since`: one before that which the report tells of.
func sinceInstant(_ arguments: Arguments, before end: Instant) throws(Failure) -> Instant? {
    guard let instant = try arguments.instant("since") else { return nil }
    guard !arguments.has("compare") else {
        throw .usage(
            "--since and --compare exclude each other",
            hint: "--compare takes a report that was kept; --since makes it anew from the audit log")
    }
    guard instant < end else {
        let isPast = arguments.has("as-of")
        throw .usage(
            "--since: \(instant) is not before \(isPast ? "--as-of" : "now"), \(end)",
            hint: "give an instant that the report can look back to")
    }
    return instant
}

/// Rebuilds the store as it was at an instant, with the policies of then, and takes it away when `body` has ended.
///
/// - parameter warn: told what of it is not known for certain; nil: people are, and how far it has come.
func withPastStore<R>(
    _ composition: Composition, at instant: Instant, period: TimeSpan, warn told: ((String) -> Void)? = nil,
    _ body: (_ store: any StoreReads, _ policies: PolicySet, _ vaults: Set<String>) throws -> R
) throws -> R {
    let invocation = composition.invocation
    let store = try composition.openStore()
    defer { store.close() }
    let total = Int(try store.newestEntry())
    let warn = told ?? { invocation.output.warning($0) }
    let progress = told == nil ? Progress(on: invocation.output) : nil
    let past = try PastStore(of: store, at: instant, period: period, in: replayFolder(invocation)) { count in
        progress?.show("rebuilding", done: count, of: total, "entries")
    }
    defer { past.remove() }
    past.remarks.forEach(warn)
    guard let texts = past.policies else {
        throw Failure(
            "which policies were in force at \(instant) is not known: none had been loaded into the store by then",
            hint: "runs, servers and reports keep them; entries 'policies.load' of 'rota audit tail' tell since when")
    }
    let load = readPolicies(texts.files.map { ($0.name, $0.bytes) })
    guard let policies = load.policies else {
        throw Failure(
            "this rota cannot read the policies of \(instant)", hint: "use the rota of then",
            faults: load.diagnostics.map { Fault($0) })
    }
    if policies.digest != texts.digest {
        warn("the policies of \(instant) mean something else to this rota than to the one that loaded them")
    }
    return try body(past.store, policies, texts.vaults)
}

/// A folder that does not exist yet, for a store that is rebuilt.
func replayFolder(_ invocation: Invocation) -> String {
    "\(Process.temporaryFolder)/rota-replay-\(Hex.encode(invocation.random.bytes(12)))"
}
