import Crypto
import Engine
import Glibc
import HTTPServer
import JSON
import RotaCore

/// The shapes that a log line can have.
enum LogFormat: String, CaseIterable, Sendable {
    /// `time=… level=info msg="…" name=value`
    case logfmt
    /// One JSON object a line.
    case json
}

/// Writes the daemon's log to standard error, a line at a time and whole.
final class LogWriter: ServiceLog {
    private let clock: any WallClock
    private let format: LogFormat
    private let lowest: LogLevel
    private let lock = Locked(())

    init(_ clock: any WallClock, format: LogFormat, lowest: LogLevel = .info) {
        self.clock = clock
        self.format = format
        self.lowest = lowest
    }

    func write(_ level: LogLevel, _ message: String, _ fields: [LogField]) {
        guard level.rank >= lowest.rank else { return }
        let line = Self.line(
            format,
            [
                LogField("time", clock.now()), LogField("level", level.rawValue),
                LogField("msg", message),
            ] + fields)
        lock.withLock { _ in
            // Nobody could be told that standard error cannot be written.
            _ = unsafe Array(line.utf8).withUnsafeBytes { unsafe writeAll($0, to: STDERR_FILENO) }
        }
    }

    /// One request that was answered.
    func write(_ served: Served) {
        write(
            .debug, "request",
            [
                LogField("request_id", served.id), LogField("method", served.method),
                LogField("path", Self.shown(served.path)), LogField("status", served.status),
                LogField("peer", served.peer),
            ])
    }

    /// A path without what may be a token's value: whoever mistakes an address for a form puts one there, and none of
    /// our own segments is as long.
    private static func shown(_ path: String) -> String {
        path.split(separator: "/", omittingEmptySubsequences: false)
            .map { $0.utf8.count > longestSegment ? "<\($0.utf8.count) bytes>" : String($0) }.joined(separator: "/")
    }

    private static let longestSegment = 30

    /// One line with its end. Control characters never get out: a name cannot forge a line.
    static func line(_ format: LogFormat, _ fields: [LogField]) -> String {
        switch format {
        case .logfmt:
            fields.map { "\($0.name)=\(quoted($0.value))" }.joined(separator: " ") + "\n"
        case .json:
            String(
                decoding: JSON.object(JSON.Object(fields.map { ($0.name, $0.json) })).serializedBytes(),
                as: UTF8.self) + "\n"
        }
    }

    private static func quoted(_ text: String) -> String {
        let isPlain =
            !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x3D && $0 != 0x5C }
        if isPlain { return text }
        let safe = printable(text).flatMap { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }
        return "\"\(String(safe))\""
    }
}

extension LogField {
    fileprivate var json: JSON {
        switch kind {
        case .text: .string(value)
        case .number: .number(value)
        case .truth: .bool(value == "true")
        }
    }
}

extension LogLevel {
    fileprivate var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
