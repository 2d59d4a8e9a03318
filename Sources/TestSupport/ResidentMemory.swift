import Glibc

/// What of this process is in memory. Other tests of it run meanwhile, so that only much is a finding.
package enum ResidentMemory {
    /// In bytes, by `/proc/self/statm` (proc(5)).
    package static func bytes() -> Int {
        let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        var text = [UInt8](repeating: 0, count: 256)
        let count = max(0, read(file, &text, text.count))
        let fields = String(decoding: text.prefix(count), as: UTF8.self).split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * 4_096 : 0
    }

    /// What a million inputs may leave behind: a kibibyte each would be four times as much.
    package static let mostOfAFuzz = 256 << 20
}
