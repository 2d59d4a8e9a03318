import FoundationEssentials

/// A file of this package, and its lines with and without what a reader would skip.
struct SourceFile {
    /// Relative to the package.
    let path: String
    let lines: [String]
    /// The same lines without comments and without the content of string literals.
    let code: [String]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        code = path.hasSuffix(".swift") ? CodeOnly.lines(of: lines) : []
    }

    /// The folder below `Sources` or `Tests`.
    var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

    /// Lines of code that hold `text`, as `path:line`.
    func places(holding text: String) -> [String] {
        code.indices.filter { code[$0].contains(text) }.map(place)
    }

    func place(_ index: Int) -> String { "\(path):\(index + 1)" }
}

/// What is in this package, as it lies on disk.
enum House {
    static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    static let sources = files(below: "Sources").filter { $0.hasSuffix(".swift") }.compactMap(read)
    static let tests = files(below: "Tests").filter { $0.hasSuffix(".swift") }.compactMap(read)

    /// Every text file, without what git ignores and what builds make.
    static let everything = files(below: "").compactMap(read)

    private static func read(_ path: String) -> SourceFile? {
        guard let data = FileManager.default.contents(atPath: "\(root)/\(path)"), data.count < 1 << 20,
            let text = String(data: data, encoding: .utf8)
        else { return nil }
        return SourceFile(path: path, text: text)
    }

    private static func files(below folder: String) -> [String] {
        let ignored: Set = [".build", ".git", "demo", "__pycache__", ".pytest_cache"]
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)")) ?? []
        return names.sorted().filter { !ignored.contains($0) }.flatMap { name in
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            var isFolder = false
            _ = FileManager.default.fileExists(atPath: "\(root)/\(path)", isDirectory: &isFolder)
            return isFolder ? files(below: path) : [path]
        }
    }
}

/// Takes comments and the content of string literals out, and leaves every line where it was.
///
/// Not a parser: a quote within an interpolation counts as one more literal, which is good enough, because
/// a literal of one line ends with its line.
private enum CodeOnly {
    private enum State { case code, comment, text }

    static func lines(of lines: [String]) -> [String] {
        var state = State.code
        return lines.map { line in
            let (kept, after) = strip(Array(line.utf8), state)
            state = after
            return kept
        }
    }

    private static func strip(_ line: [UInt8], _ before: State) -> (String, State) {
        var state = before
        var kept: [UInt8] = []
        var index = 0
        func next(_ text: StaticString) -> Bool { line[index...].starts(with: text.description.utf8) }
        scan: while index < line.count {
            switch state {
            case .comment where next("*/"): (state, index) = (.code, index + 1)
            case .text where next("\"\"\""): (state, index) = (.code, index + 2)
            case .comment, .text: break
            case .code where next("//"): break scan
            case .code where next("/*"): (state, index) = (.comment, index + 1)
            case .code where next("\"\"\""): (state, index) = (.text, index + 2)
            case .code where next("\""):
                kept += Array("\"\"".utf8)
                index = endOfLiteral(line, index)
            case .code: kept.append(line[index])
            }
            index += 1
        }
        return (String(decoding: kept, as: UTF8.self), state)
    }

    private static func endOfLiteral(_ line: [UInt8], _ start: Int) -> Int {
        var index = start + 1
        while index < line.count, line[index] != UInt8(ascii: "\"") {
            index += line[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return index
    }
}
