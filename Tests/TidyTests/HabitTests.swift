import Testing

/// Habits that the compiler does not know.
struct HabitTests {
    /// There the system is asked to call back after a while: how long a client may take is counted in such calls, and
    /// no token is judged by them. What else a file does with a clock is not excused.
    private static let maySetATimer = ["Sources/HTTPServer/Listener.swift": ["asyncAfter", "deadline: .now()"]]

    @Test(arguments: [
        "Date()", "Date.now", "ContinuousClock", "SuspendingClock", "clock_gettime", "gettimeofday", "time(nil)",
        "DispatchTime.now", "DispatchWallTime", "deadline: .now()", "asyncAfter", "Task.sleep",
    ])
    func `only the edge reads the real clock`(_ clock: String) {
        let bound = House.sources.filter { file in
            file.target != "rota" && Self.maySetATimer[file.path]?.contains(clock) != true
        }
        let places = bound.flatMap { $0.places(holding: clock) }
        #expect(places.isEmpty, "take a clock, or an Instant")
        for (path, excused) in Self.maySetATimer where excused.contains(clock) {
            let isUsed = House.sources.contains { $0.path == path && !$0.places(holding: clock).isEmpty }
            #expect(isUsed, "\(path) needs no excuse for '\(clock)' any more")
        }
    }

    @Test(arguments: ["try!", "as!", "assumeIsolated", "DispatchSemaphore", "Task.detached"])
    func `nothing stakes the process on a guess`(_ word: String) {
        #expect(House.sources.flatMap { $0.places(holding: word) }.isEmpty)
    }

    /// There an end is right: no randomness or no memory is nothing to go on with, and a constant of ours that
    /// does not parse is caught by any test.
    private static let mayEndTheProcess: Set = [
        "Sources/Crypto/Random.swift", "Sources/Crypto/SecureHeap.swift", "Sources/Crypto/SHA256.swift",
        "Sources/HTTPClient/AddressPolicy.swift", "Sources/HTTPClient/TransferLoop.swift",
    ]

    /// Where a rule of the protocol can be taken away, and what is named by tests alone.
    private static let weakening = [
        "openWeakenedStore(": "Sources/Stores/WeakenedStore.swift", "SyncWatch": "Sources/SQLite/SyncWatch.swift",
        "replaced[": "Sources/Stores/WeakenedStore.swift",
    ]

    @Test(arguments: weakening.keys.sorted()) func `only tests take a rule away`(_ word: String) {
        let others = House.sources.filter { file in
            file.target != "TestSupport" && file.path != Self.weakening[word]
                && !(word == "replaced[" && file.path == "Sources/Stores/SQLiteDriver.swift")
        }
        #expect(others.flatMap { $0.places(holding: word) }.isEmpty)
    }

    @Test(arguments: ["fatalError(", "preconditionFailure("])
    func `only a broken machine ends the process`(_ word: String) {
        let files = House.sources.filter { !Self.mayEndTheProcess.contains($0.path) }
        #expect(files.flatMap { $0.places(holding: word) }.isEmpty, "throw instead")
    }

    @Test func `no work is let loose`() {
        for file in House.sources {
            for (index, line) in file.code.enumerated() {
                let words = line.split { $0 == " " || $0 == "(" || $0 == "=" }
                let pairs = zip(words, words.dropFirst())
                let isLoose = words.contains("Task{") || pairs.contains { $0 == "Task" && $1 == "{" }
                #expect(!isLoose, "\(file.place(index)): use a task group")
            }
        }
    }

    @Test func `nothing is left for later`() {
        let words = ["TO" + "DO", "FIX" + "ME"]
        for file in House.sources + House.tests {
            for (index, line) in file.lines.enumerated() {
                #expect(!words.contains { line.contains($0) }, "\(file.place(index)): do it, or file it")
            }
            #expect(!file.path.hasSuffix("/Placeholder.swift"), "\(file.path): the target has no content yet")
        }
    }

    @Test func `who goes around the compiler says what protects him`() {
        for file in House.sources {
            for (index, line) in file.code.enumerated() {
                guard line.contains("@unchecked Sendable") || line.contains("nonisolated(unsafe)") else { continue }
                let around = [index - 1, index + 1].filter(file.lines.indices.contains)
                let isExplained = around.contains { file.lines[$0].contains("//") }
                #expect(isExplained, "\(file.place(index)): say what makes it safe, in the line above or below")
            }
        }
    }

    @Test func `what other targets use is documented`() {
        let types = ["struct", "enum", "class", "protocol", "actor", "typealias"]
        for file in House.sources where file.target != "TestSupport" {
            for (index, line) in file.code.enumerated() {
                let words = line.split(separator: " ").filter { $0 != "final" && $0 != "indirect" }
                guard words.count > 2, words[0] == "package" else { continue }
                // Names that a protocol of the standard library asks for.
                if words[1] == "typealias", line.contains(" = "), line.hasPrefix(" ") { continue }
                // At the top everything; within a type the types, because a good name says what a member is.
                let counts = !line.hasPrefix(" ") && words[1] != "import" && words[1] != "init"
                guard counts || types.contains(String(words[1])) else { continue }
                let isDocumented = isDocumented(file, index)
                #expect(isDocumented, "\(file.place(index)): begin it with ///")
            }
        }
    }

    private func isDocumented(_ file: SourceFile, _ index: Int) -> Bool {
        for line in file.lines[..<index].reversed() {
            let text = line.drop(while: { $0 == " " })
            if text.hasPrefix("///") { return true }
            // Attributes and remarks may stand between.
            guard text.hasPrefix("@") || text.hasPrefix("//") else { return false }
        }
        return false
    }
}
