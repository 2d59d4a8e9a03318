import RotaCore

/// Tells how far long work has come, how fast it goes and how long it will still take.
///
/// A line on a terminal, written over a few times a second; nothing elsewhere.
struct Progress {
    private static let pause = Duration.milliseconds(200)
    /// Before that, a rate says little.
    private static let warmUp = Duration.seconds(2)

    private let output: Output
    private let clock = ContinuousClock()
    private var step = ""
    private var begun: ContinuousClock.Instant
    private var shown: ContinuousClock.Instant

    init(on output: Output) {
        self.output = output
        begun = clock.now
        shown = begun - Self.pause
    }

    /// - parameters:
    ///   - step: what is being done, such as `checking`; another one begins to count anew.
    ///   - done: how many things are done.
    ///   - noun: what they are, such as `rows`.
    ///   - fraction: how much of the step is done, from 0 to 1; nil: not known.
    mutating func show(_ step: String, done: Int, _ noun: String, fraction: Double?) {
        let now = clock.now
        if step != self.step {
            self.step = step
            begun = now
        } else if now - shown < Self.pause {
            return
        }
        shown = now
        output.progress(Self.line(step, done: done, noun, fraction: fraction, elapsed: now - begun))
    }

    /// `checking: 420000 rows, 42 %, 95000 a second, 6 seconds left`.
    static func line(_ step: String, done: Int, _ noun: String, fraction: Double?, elapsed: Duration) -> String {
        var parts = ["\(step): \(done) \(noun)"]
        if let fraction { parts.append("\(Int(min(1, max(0, fraction)) * 100)) %") }
        guard elapsed >= warmUp else { return parts.joined(separator: ", ") }
        let seconds = elapsed / .seconds(1)
        parts.append("\(Int(Double(done) / seconds)) a second")
        if let fraction, fraction > 0, fraction < 1 {
            let left = Int((seconds * (1 - fraction) / fraction).rounded(.up))
            parts.append(TimeSpan(seconds: Int64(left)).spoken + " left")
        }
        return parts.joined(separator: ", ")
    }
}
