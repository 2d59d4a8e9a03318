import Testing

/// How long things may be, and what no file may hold.
struct MeasureTests {
    private static let longestLine = 120
    private static let longestFile = 500
    private static let longestFunction = 70

    @Test func `lines and files keep within their measure`() {
        for file in House.sources + House.tests {
            #expect(file.lines.count <= Self.longestFile + 1, "\(file.path): \(file.lines.count) lines")
            for (index, line) in file.lines.enumerated() where line.count > Self.longestLine {
                Issue.record("\(file.place(index)): \(line.count) columns")
            }
        }
    }

    @Test func `a function fits a screen`() {
        for file in House.sources {
            for (start, end) in functions(of: file) {
                // SQL and other texts are read in one piece, and do not count.
                let length = file.code[start...end].count { $0.contains { $0 != " " } }
                #expect(length <= Self.longestFunction, "\(file.place(start)): a function of \(length) lines")
            }
        }
    }

    @Test func `nothing tells of the machine that it was made on`() {
        // Put together here, so that this file does not hold them.
        let words = [
            "/wo" + "rk/", "/ro" + "ot/", "pypi" + ".org", "npmjs" + ".org", "golang" + ".org",
            "crates" + ".io", "rubygems" + ".org", "docker" + ".io",
        ]
        for file in House.everything {
            for (index, line) in file.lines.enumerated() {
                for word in words where line.contains(word) {
                    Issue.record("\(file.place(index)): '\(word)' does not belong into a committed file")
                }
            }
        }
    }

    /// First and last line of each function and initializer with a body.
    private func functions(of file: SourceFile) -> [(Int, Int)] {
        file.code.indices.compactMap { start in
            let line = file.code[start]
            let words = line.split { !$0.isLetter }
            guard words.prefix(6).contains(where: { $0 == "func" || $0 == "init" }), !line.contains(".init") else {
                return nil
            }
            return end(of: start, in: file).map { (start, $0) }
        }
    }

    /// The line that closes the body; nil for a requirement of a protocol.
    private func end(of start: Int, in file: SourceFile) -> Int? {
        var depth = 0
        for index in start..<file.code.count {
            let line = file.code[index]
            // A blank line or a closing brace before any body: there is none.
            if depth == 0, index > start, line.allSatisfy({ $0 == " " || $0 == "}" }) { return nil }
            for character in line where character == "{" || character == "}" {
                depth += character == "{" ? 1 : -1
                if depth == 0 { return index }
                if depth < 0 { return nil }
            }
        }
        return nil
    }
}
