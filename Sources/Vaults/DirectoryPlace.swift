import Engine
import RotaCore

/// Where a destination and what belongs to it lie below the root of a directory vault.
struct DirectoryPlace: Sendable {
    let folders: [String]
    let file: String

    var counter: String { ".rota.counter." + file }
    var lock: String { ".rota.lock." + file }
    var newCounter: String { ".rota.new-counter." + file }

    /// The file that a write over this count makes. Two names take turns: one that lies there under the name of the
    /// write before never got into its place, and is not taken for one that was begun after it.
    func newValue(over count: UInt64) -> String {
        (count.isMultiple(of: 2) ? ".rota.new-value." : ".rota.next-value.") + file
    }

    /// File systems take 255 bytes; the longest name of ours adds 18.
    private static let longestName = 230
    private static let deepest = 32

    /// Throws `rejected` for a field, and for a path that does not name a file below the root.
    init(_ destination: Destination) throws(VaultError) {
        guard destination.field == nil else {
            throw VaultError(
                .rejected,
                "a directory keeps one value in a file and has no fields; leave '#...' out")
        }
        if let reason = Self.objection(to: destination.path) {
            throw VaultError(.rejected, "\(reason); give a relative path such as 'app/db-token'")
        }
        var names = Self.names(in: destination.path)
        file = names.removeLast()
        folders = names
    }

    /// Why no secret can lie at a path; nil when one can.
    static func objection(to path: String) -> String? {
        let names = names(in: path)
        guard names.count <= deepest else { return "the path is deeper than \(deepest) folders" }
        return names.lazy.compactMap { objection(toName: $0) }.first
    }

    private static func names(in path: String) -> [String] {
        path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    }

    private static func objection(toName name: String) -> String? {
        switch name {
        case "": return "a part of the path is empty"
        case ".", "..": return "the path holds '\(name)'"
        default: break
        }
        if name.hasPrefix(".rota") { return "names that start with '.rota' are kept for counters and locks" }
        if name.utf8.count > longestName { return "a name is longer than \(longestName) bytes" }
        if name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
            return "the path holds a control character"
        }
        return nil
    }
}
