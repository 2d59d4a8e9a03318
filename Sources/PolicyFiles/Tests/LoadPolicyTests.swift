package import RotaCore
import YAML

/// A file of tests, with the policies that it is about.
package struct PolicyTestFile: Sendable {
    package var file: String
    /// Where the policies were read from.
    package var source: String
    /// In the mode that the file asks for.
    package var policies: PolicySet
    package var now: Instant
    package var tests: [PolicyTest]
}

/// What was read: the tests when there is no error, and everything there is to say.
package struct PolicyTestLoad: Sendable {
    /// Empty when any diagnostic is an error.
    package var files: [PolicyTestFile]
    package var diagnostics: [Diagnostic]
}

/// Tests of policies stand beside them, in `production.test.yaml` beside `production.yaml`.
enum TestFiles {
    static let endings = [".test.yaml", ".test.yml"]

    static func isTest(_ name: String) -> Bool { endings.contains(where: name.hasSuffix) }

    /// The names that the tests of a policy file may have.
    static func tests(of policyFile: String) -> [String] {
        guard let ending = [".yaml", ".yml"].first(where: policyFile.hasSuffix) else { return [] }
        return endings.map { policyFile.dropLast(ending.count) + $0 }
    }

    /// The names that the policies of a test file may have.
    static func policies(of testFile: String) -> [String] {
        guard let ending = endings.first(where: testFile.hasSuffix) else { return [] }
        return [".yaml", ".yml"].map { testFile.dropLast(ending.count) + $0 }
    }
}

/// Reads a file of tests, those beside a policy file, or all of a directory.
///
/// Never throws: all faults are told together, those of the policies among them.
package func loadPolicyTests(at path: String) -> PolicyTestLoad {
    switch testFiles(at: path) {
    case .failure(let fault):
        return PolicyTestLoad(
            files: [], diagnostics: [Diagnostic(file: path, message: fault.message, hint: fault.hint)])
    case .success(let names):
        var files: [PolicyTestFile] = []
        var diagnostics: [Diagnostic] = []
        for name in names {
            let (file, faults) = loadTests(name)
            if let file { files.append(file) }
            // Several tests of one set of policies tell its faults once.
            diagnostics += faults.filter { !diagnostics.contains($0) }
        }
        let failed = diagnostics.contains { $0.severity == .error }
        return PolicyTestLoad(files: failed ? [] : files, diagnostics: diagnostics)
    }
}

private func testFiles(at path: String) -> Result<[String], FileFault> {
    switch kind(of: path) {
    case .failure(let fault): return .failure(fault)
    case .success(.other):
        return .failure(
            FileFault(message: "is neither a file nor a directory", hint: "give a YAML file or a directory of them"))
    case .success(.file):
        if TestFiles.isTest(path) { return .success([path]) }
        let tests = TestFiles.tests(of: path).filter(isFile)
        if !tests.isEmpty { return .success(tests) }
        let name = TestFiles.tests(of: path).first ?? "a file that ends in .test.yaml"
        return .failure(
            FileFault(
                message: "there is no test of it",
                hint: "write \(name); 'rota policy test --help' shows one, with every key"))
    case .success(.directory):
        return listFiles(of: path, endings: TestFiles.endings).flatMap { names in
            let folder = path.hasSuffix("/") ? path : path + "/"
            guard names.isEmpty else { return .success(names.map { folder + $0 }) }
            return .failure(
                FileFault(
                    message: "the directory holds no *.test.yaml file",
                    hint: "write one beside each policy file; 'rota policy test --help' shows one"))
        }
    }
}

private func isFile(_ path: String) -> Bool {
    if case .success(.file) = kind(of: path) { true } else { false }
}

private func loadTests(_ path: String) -> (PolicyTestFile?, [Diagnostic]) {
    switch readFile(path) {
    case .failure(let fault): return (nil, [Diagnostic(file: path, message: fault.message, hint: fault.hint)])
    case .success(let bytes):
        return readPolicyTests(bytes, file: path) { named in
            let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            if let named {
                let isAbsolute = named.hasPrefix("/") || folder.isEmpty
                return isAbsolute ? named : folder.joined(separator: "/") + "/" + named
            }
            let beside = TestFiles.policies(of: path)
            return beside.first(where: isFile) ?? beside.first ?? path
        }
    }
}

/// Reads tests out of the text of one file.
///
/// - parameters:
///   - file: its name, for diagnostics.
///   - source: where the policies are: by the name that the file gives for them, or by its own where it gives none.
package func readPolicyTests(
    _ bytes: [UInt8], file: String, policiesAt source: (String?) -> String
) -> (PolicyTestFile?, [Diagnostic]) {
    var reader = PolicyReader(file: file)
    guard let root = reader.parse(bytes, beginning: "'version: 1', 'now:' and 'tests:'"),
        let fields = reader.fields(of: root, Vocabulary.testFile)
    else { return (nil, reader.diagnostics) }
    let path = source(fields["policies"].flatMap { reader.string($0, "policies") })
    let load = loadPolicies(at: path)
    guard var policies = load.policies else {
        let beside = fields["policies"] == nil ? "its policies are looked for in \(path)" : nil
        let faults = load.diagnostics.map { diagnostic in
            var told = diagnostic
            // A file that is not there is a fault of the test that names it.
            if diagnostic.line == 0, let beside { told.hint = beside + "; write 'policies: FILE' for others" }
            return told
        }
        return (nil, reader.diagnostics + faults)
    }
    if let mode = reader.word("mode", of: fields, Mode.allCases) {
        policies = PolicySet(
            policies.policies.map { policy in
                var policy = policy
                policy.mode = mode
                return policy
            })
    }
    let now = reader.testInstant(of: fields, at: root.mark)
    let tests = reader.tests(fields["tests"], policies.policies, at: now ?? Instant(seconds: 0), root: root.mark)
    let failed = reader.diagnostics.contains { $0.severity == .error }
    guard !failed, let now else { return (nil, reader.diagnostics) }
    let read = PolicyTestFile(file: file, source: path, policies: policies, now: now, tests: tests)
    return (read, reader.diagnostics)
}
