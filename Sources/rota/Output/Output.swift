import API
import Crypto
import Glibc
import HTTPServer
import JSON
import RotaCore

/// The one place that prints: results on standard output, everything else on standard error.
final class Output: Sendable {
    private struct State {
        var pending: [UInt8] = []
        /// Whoever reads our output has gone: nothing more is written there.
        var readerIsGone = false
        var failure: Int32?
        var isQuiet = false
        /// Errors are JSON, and nothing else is written beside the results.
        var isJSON = false
        var progressShown = false
    }

    private static let flushThreshold = 64 << 10

    private let state = Locked(State())
    /// Columns of the terminal; nil when standard output is none.
    let width: Int?
    let isColoured: Bool
    private let errorsAreSeen: Bool
    /// For somebody at another machine; nil: the process's own output.
    private let remote: (body: SpooledBody, isLines: Bool)?

    /// Whether nothing has been printed.
    var isEmpty: Bool { state.withLock { $0.pending.isEmpty } && (remote?.body.size ?? 0) == 0 }

    /// Whether people read it at another machine, line by line.
    var isInLines: Bool { remote?.isLines ?? false }

    /// Whether all of it could be written so far.
    var isWhole: Bool { state.withLock { $0.failure == nil } }

    /// What is printed goes to somebody else: lines as `{"output": …}` and `{"note": …}`, or a document or a file.
    init(into body: SpooledBody, _ form: CommandRequest.Form) {
        let isLines: Bool
        (isLines, width) = if case .lines(let width) = form { (true, width) } else { (false, nil) }
        isColoured = false
        errorsAreSeen = false
        remote = (body, isLines)
        if form == .document { state.withLock { $0.isJSON = true } }
    }

    init() {
        remote = nil
        width = Terminal.isRead ? Terminal.columns : nil
        isColoured =
            width != nil && Process.environment("NO_COLOR") == nil
            && Process.environment("TERM").map { $0 != "dumb" } ?? false
        errorsAreSeen = isatty(STDERR_FILENO) == 1
    }

    func adopt(quiet: Bool) { state.withLock { $0.isQuiet = quiet } }

    /// From now on errors are JSON documents, as a script that asked for `--json` reads them.
    func adoptJSON() { state.withLock { $0.isJSON = true } }

    // MARK: Results

    /// Text that we made ourselves: its line ends stay.
    func text(_ text: String) { bytes(Array(text.utf8)) }

    func line(_ line: String = "") { bytes(Array(line.utf8) + [UInt8(ascii: "\n")]) }

    /// A sentence beside a result, on standard output; not with `--quiet`.
    func remark(_ text: String) {
        if !state.withLock({ $0.isQuiet }) { line(text) }
    }

    /// One JSON document.
    func document(_ document: JSON) { bytes(document.serializedBytes() + [UInt8(ascii: "\n")]) }

    func bytes(_ bytes: [UInt8]) {
        state.withLock { state in
            state.pending += bytes
            if state.pending.count >= Self.flushThreshold { flush(&state) }
        }
    }

    /// A value, for the one time that it is shown: straight from the secret to the file, through no buffer.
    func reveal(_ secret: Secret, after prefix: String = "", before suffix: String = "\n") {
        bytes(Array(prefix.utf8))
        state.withLock { state in
            flush(&state)
            secret.withSpan { Self.write($0, &state) }
        }
        bytes(Array(suffix.utf8))
    }

    /// Whether anybody still reads what is printed: a long list may stop when not.
    var isRead: Bool { state.withLock { !$0.readerIsGone && $0.failure == nil } }

    // MARK: Beside the results

    /// A remark for people on standard error; not with `--quiet`, nor with `--json`.
    func note(_ text: String) {
        let isQuiet = state.withLock { $0.isQuiet || $0.isJSON }
        if !isQuiet { complain(SecretShape.redacted(text.hasSuffix("\n") ? text : text + "\n")) }
    }

    /// What somebody else's command has said beside its results, as it was said; remarks not with `--quiet`.
    func relay(_ text: String) {
        let isSerious = text.hasPrefix("warning: ") || text.hasPrefix("error: ") || text.hasPrefix("hint: ")
        if isSerious || !state.withLock({ $0.isQuiet }) { complain(SecretShape.redacted(text)) }
    }

    func warning(_ text: String) { complain("warning: \(SecretShape.redacted(text))\n") }

    func failure(_ failure: Failure) {
        let isJSON = state.withLock { $0.isJSON }
        complain(isJSON ? failure.json.serialized() + "\n" : failure.text)
    }

    /// Whether `progress` is seen by anybody.
    var showsProgress: Bool { errorsAreSeen && state.withLock { !$0.isQuiet && !$0.isJSON } }

    /// One line that is written over, and only on a terminal: how far long work has come.
    func progress(_ text: String) {
        guard errorsAreSeen else { return }
        state.withLock { state in
            guard !state.isQuiet, !state.isJSON else { return }
            state.progressShown = true
            Self.write(Array("\r\u{1B}[K\(printable(text))".utf8), to: STDERR_FILENO)
        }
    }

    /// Writes out what is pending; output that could not be written makes a success a failure.
    func finish(_ code: ExitCode) -> ExitCode {
        let failure = state.withLock { state in
            flush(&state)
            return state.failure
        }
        complain("")
        guard let failure else { return code }
        self.failure(Failure("cannot write the output: \(systemMessage(failure))"))
        return code == .done ? .failed : code
    }

    // MARK: Writing

    private func complain(_ text: String) {
        state.withLock { state in
            // What people read stays in the order in which it happened.
            flush(&state)
            if let remote { return remember(text, as: "note", in: remote, &state) }
            let eraser = state.progressShown ? "\r\u{1B}[K" : ""
            state.progressShown = false
            Self.write(Array((eraser + text).utf8), to: STDERR_FILENO)
        }
    }

    private func flush(_ state: inout State) {
        let bytes = state.pending
        if let remote {
            state.pending.removeAll(keepingCapacity: true)
            guard remote.isLines else { return keep(bytes, in: remote.body, &state) }
            return remember(String(decoding: bytes, as: UTF8.self), as: "output", in: remote, &state)
        }
        if state.progressShown, !bytes.isEmpty {
            state.progressShown = false
            Self.write(Array("\r\u{1B}[K".utf8), to: STDERR_FILENO)
        }
        state.pending.removeAll(keepingCapacity: true)
        Self.write(bytes.span, &state)
    }

    private func remember(
        _ text: String, as kind: String, in remote: (body: SpooledBody, isLines: Bool), _ state: inout State
    ) {
        guard !text.isEmpty, remote.isLines else { return }
        let line: JSON = [kind: .string(text)]
        keep(line.serializedBytes() + [UInt8(ascii: "\n")], in: remote.body, &state)
    }

    private func keep(_ bytes: [UInt8], in body: SpooledBody, _ state: inout State) {
        guard state.failure == nil else { return }
        do { try body.write(bytes) } catch { state.failure = (error as? SpooledBody.Failure)?.number ?? EIO }
    }

    private static func write(_ bytes: borrowing Span<UInt8>, _ state: inout State) {
        guard !bytes.isEmpty, !state.readerIsGone, state.failure == nil else { return }
        let problem = unsafe bytes.withUnsafeBytes { unsafe writeAll($0, to: STDOUT_FILENO) }
        if problem == EPIPE { state.readerIsGone = true } else { state.failure = problem }
    }

    private static func write(_ bytes: [UInt8], to file: Int32) {
        // Nobody could be told that standard error cannot be written.
        _ = unsafe bytes.withUnsafeBytes { unsafe writeAll($0, to: file) }
    }
}

/// Writes everything; returns the error number of the write that failed, or nil.
func writeAll(_ bytes: UnsafeRawBufferPointer, to file: Int32) -> Int32? {
    var rest = unsafe bytes[...]
    while unsafe !rest.isEmpty {
        let part = unsafe UnsafeRawBufferPointer(rebasing: rest)
        let written = unsafe Glibc.write(file, part.baseAddress, part.count)
        if written > 0 {
            unsafe rest = unsafe rest.dropFirst(written)
        } else if written < 0, errno != EINTR {
            return errno
        }
    }
    return nil
}

/// What the system calls an error number.
func systemMessage(_ number: Int32) -> String {
    unsafe strerror(number).map { unsafe String(cString: $0).lowercased() } ?? "error \(number)"
}

/// Text from outside as a terminal may show it: control characters and those that reverse the direction of
/// writing become `?`, so that a token's name cannot play with the screen.
func printable(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    var safe = String.UnicodeScalarView()
    for scalar in text.unicodeScalars { safe.append(isControl(scalar) ? "?" : scalar) }
    return String(safe)
}

/// Text that an error repeats: printable, and without what looks like a secret. Names are results; what was typed or
/// read may be anything.
func repeatable(_ text: String) -> String { printable(SecretShape.redacted(text)) }

private func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x200B...0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
    default: false
    }
}
