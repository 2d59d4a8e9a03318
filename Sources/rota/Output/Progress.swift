import Crypto
import Engine
import RotaCore

/// Tells how far long work has come, how fast it goes and how long it will still take.
///
/// A line on a terminal, written over a few times a second; nothing elsewhere. It may be told from several threads.
final class Progress: Sendable {
    private struct State {
        var step = ""
        var begun: ContinuousClock.Instant
        var shown: ContinuousClock.Instant
    }

    private static let pause = Duration.milliseconds(200)
    /// Before that, a rate says little.
    private static let warmUp = Duration.milliseconds(500)

    private let output: Output
    private let clock = ContinuousClock()
    private let state: Locked<State>

    init(on output: Output) {
        self.output = output
        let now = clock.now
        state = Locked(State(begun: now, shown: now - Self.pause))
    }

    /// Whether anybody sees it: else what it would tell need not be found out.
    var isSeen: Bool { output.showsProgress }

    /// - parameters:
    ///   - step: what is being done, such as `checking`; another one begins to count anew.
    ///   - done: how many things are done.
    ///   - noun: what they are, such as `rows`.
    ///   - fraction: how much of the step is done, from 0 to 1; nil: not known.
    func show(_ step: String, done: Int, _ noun: String, fraction: Double?) {
        let elapsed: Duration? = state.withLock { state in
            let now = clock.now
            if step != state.step {
                state.step = step
                state.begun = now
            } else if now - state.shown < Self.pause {
                return nil
            }
            state.shown = now
            return now - state.begun
        }
        guard let elapsed else { return }
        output.progress(Self.line(step, done: done, noun, fraction: fraction, elapsed: elapsed))
    }

    /// The same of so many things.
    func show(_ step: String, done: Int, of total: Int, _ noun: String) {
        show(step, done: done, noun, fraction: total > 0 ? Double(done) / Double(total) : nil)
    }

    /// What a use case tells; nil where nobody sees it.
    var report: ProgressReport? {
        guard isSeen else { return nil }
        return { told in
            let fraction = told.total.flatMap { $0 > 0 ? Double(told.finished) / Double($0) : nil }
            self.show(told.step.rawValue, done: told.finished, told.step.noun, fraction: fraction)
        }
    }

    /// `checking: 420000 rows, 42 %, 95000 a second, 6 seconds left`.
    static func line(_ step: String, done: Int, _ noun: String, fraction: Double?, elapsed: Duration) -> String {
        var parts = ["\(step): \(done) \(noun)"]
        if let fraction { parts.append("\(Int(min(1, max(0, fraction)) * 100)) %") }
        guard elapsed >= warmUp else { return parts.joined(separator: ", ") }
        let seconds = elapsed / .seconds(1)
        let rate = Double(done) / seconds
        parts.append(rate >= 1 ? "\(Int(rate)) a second" : "\(Int(rate * 60)) a minute")
        if let fraction, fraction > 0, fraction < 1 {
            let left = Int((seconds * (1 - fraction) / fraction).rounded(.up))
            parts.append(TimeSpan(seconds: Int64(left)).spoken + " left")
        }
        return parts.joined(separator: ", ")
    }
}

extension StepProgress.Step {
    /// What there are many of.
    fileprivate var noun: String {
        switch self {
        case .recovering: "rotations"
        case .expiring, .planning, .rotating: "tokens"
        case .recording, .closing: "findings"
        case .telling: "tokens"
        case .acting: "actions"
        case .noting: "blocked actions"
        case .delivering: "deliveries"
        case .reading: "destinations"
        case .judging: "values"
        }
    }
}
