package import RotaCore
import YAML

/// What was read: the policies when there is no error, and everything there is to say.
package struct PolicyLoad: Sendable {
    /// Nil when any diagnostic is an error: never a part of the policies.
    package var policies: PolicySet?
    /// By file, then by place.
    package var diagnostics: [Diagnostic]
    /// The files that could be read, by their names without a folder, in the order in which they were.
    package var files: [(name: String, bytes: [UInt8])] = []
}

/// Reads a policy file, or every `*.yaml` and `*.yml` of a directory, in the order of their names; tests of policies
/// that stand among them are none.
///
/// Never throws: an unreadable path is a diagnostic like any other, and all faults are told together.
///
/// - parameter isConfigured: whether the configuration names the path, and not who asks.
package func loadPolicies(at path: String, isConfigured: Bool = false) -> PolicyLoad {
    switch kind(of: path) {
    case .success(.file):
        guard !TestFiles.isTest(path) else {
            return refusal(
                of: path, "this is a test of policies, not a policy", hint: "run 'rota policy test \(path)'")
        }
        return readPolicies([PolicyFile(path)])
    case .success(.directory): return loadDirectory(at: path)
    case .success(.other):
        return refusal(
            of: path, "is neither a file nor a directory", hint: "give a YAML file or a directory of them")
    case .failure(let fault):
        let setting = "set 'policies' in the configuration to where they are"
        return refusal(of: path, fault.message, hint: isConfigured ? setting : fault.hint)
    }
}

/// Reads policies as they would be with a changed file in their directory: it takes the place of the one of its name
/// there, and comes beside them where there is none.
///
/// - parameter changed: a file, or a directory or a file that takes the place of all.
package func loadPolicies(at path: String, with changed: String) -> PolicyLoad {
    guard case .success(.directory) = kind(of: path), case .success(.file) = kind(of: changed),
        !TestFiles.isTest(changed), case .success(let found) = listFiles(of: path, endings: [".yaml", ".yml"])
    else { return loadPolicies(at: changed) }
    let name = changed.split(separator: "/").last.map(String.init) ?? changed
    return readPolicies(kept(found, in: path, besides: name) + [PolicyFile(changed)], beside: changed)
}

/// Reads policies as they would be with files that somebody has sent: they take the place of all, or the one that there
/// is takes the place of the one of its name in the directory, and comes beside the others where there is none.
///
/// - parameters:
///   - inForce: the texts that were read from `path`; what stands there by now is not in force.
///   - path: a directory, or a file, whose place is taken by whatever comes.
package func loadPolicies(
    _ inForce: [(name: String, bytes: [UInt8])], from path: String, with sent: [(name: String, bytes: [UInt8])],
    replacingAll: Bool
) -> PolicyLoad {
    let files = sent.sorted { $0.name < $1.name }.map { PolicyFile(name: $0.name, content: .success($0.bytes)) }
    let isFile = inForce.count == 1 && inForce[0].name == path.split(separator: "/").last.map(String.init)
    guard !replacingAll, !isFile, let name = files.last?.name else { return readPolicies(files) }
    let folder = path.hasSuffix("/") ? path : path + "/"
    let kept = inForce.filter { $0.name != name }.map { file in
        PolicyFile(name: folder + file.name, content: .success(file.bytes))
    }
    return readPolicies(kept + files, beside: name)
}

/// The policy files at a path, to be sent to somebody else: of a directory, all but the tests among them.
package func policyFiles(at path: String) -> Result<[(name: String, bytes: [UInt8])], Diagnostic> {
    var paths = [path]
    if case .success(.directory) = kind(of: path) {
        switch listFiles(of: path, endings: [".yaml", ".yml"]) {
        case .success(let names): paths = names.filter { !TestFiles.isTest($0) }.map { "\(path)/\($0)" }
        case .failure(let fault): return .failure(Diagnostic(file: path, message: fault.message, hint: fault.hint))
        }
    }
    var files: [(name: String, bytes: [UInt8])] = []
    for path in paths {
        switch readFile(path) {
        case .success(let bytes): files.append((path.split(separator: "/").last.map(String.init) ?? path, bytes))
        case .failure(let fault):
            return .failure(Diagnostic(file: path, message: "\(path): \(fault.message)", hint: fault.hint))
        }
    }
    return .success(files)
}

/// The policy files of a directory but for one.
private func kept(_ names: [String], in path: String, besides changed: String) -> [PolicyFile] {
    let folder = path.hasSuffix("/") ? path : path + "/"
    return names.filter { $0 != changed && !TestFiles.isTest($0) }.map { PolicyFile(folder + $0) }
}

/// Reads policies out of texts that were kept: they are all that there are.
package func readPolicies(_ files: [(name: String, bytes: [UInt8])]) -> PolicyLoad {
    readPolicies(files.map { PolicyFile(name: $0.name, content: .success($0.bytes)) })
}

/// Reads policies out of the text of one file.
///
/// - parameter file: its name, for diagnostics.
package func readPolicies(_ bytes: [UInt8], file: String) -> PolicyLoad {
    readPolicies([PolicyFile(name: file, content: .success(bytes))])
}

/// A file by its name, with its bytes or why there are none.
private struct PolicyFile {
    var name: String
    var content: Result<[UInt8], FileFault>

    init(name: String, content: Result<[UInt8], FileFault>) {
        self.name = name
        self.content = content
    }

    init(_ path: String) {
        self.init(name: path, content: readFile(path))
    }
}

/// How many files a directory may hold.
private let mostFiles = 1000

private func loadDirectory(at path: String) -> PolicyLoad {
    let names: [String]
    switch listFiles(of: path, endings: [".yaml", ".yml"]) {
    case .success(let found): names = found.filter { !TestFiles.isTest($0) }
    case .failure(let fault):
        return refusal(of: path, fault.message, hint: "check the permissions of the directory")
    }
    guard !names.isEmpty else {
        return refusal(
            of: path, "the directory holds no *.yaml or *.yml file",
            hint: "begin with a copy of Policies/baseline.yaml")
    }
    guard names.count <= mostFiles else {
        return refusal(of: path, "the directory holds \(names.count) policy files; the limit is \(mostFiles)")
    }
    let folder = path.hasSuffix("/") ? path : path + "/"
    return readPolicies(names.map { PolicyFile(folder + $0) })
}

private func refusal(of path: String, _ message: String, hint: String? = nil) -> PolicyLoad {
    PolicyLoad(policies: nil, diagnostics: [Diagnostic(file: path, message: message, hint: hint)])
}

/// - parameter changed: the one that comes beside the others for a comparison.
private func readPolicies(_ files: [PolicyFile], beside changed: String? = nil) -> PolicyLoad {
    var policies: [PlacedPolicy] = []
    var diagnostics: [Diagnostic] = []
    var zones = ZoneFiles()
    for file in files {
        switch file.content {
        case .success(let bytes):
            var reader = PolicyReader(file: file.name, zones: zones)
            policies += reader.read(bytes)
            diagnostics += reader.diagnostics
            zones = reader.zones
        case .failure(let fault):
            diagnostics.append(Diagnostic(file: file.name, message: fault.message, hint: fault.hint))
        }
    }
    diagnostics += repeatedNames(in: policies, beside: changed)
    let order = Dictionary(files.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    diagnostics.sort { (order[$0.file] ?? 0, $0.line, $0.column) < (order[$1.file] ?? 0, $1.line, $1.column) }
    let failed = diagnostics.contains { $0.severity == .error }
    let texts = files.compactMap { file -> (name: String, bytes: [UInt8])? in
        guard case .success(let bytes) = file.content else { return nil }
        return (file.name.split(separator: "/").last.map(String.init) ?? file.name, bytes)
    }
    return PolicyLoad(
        policies: failed ? nil : PolicySet(policies.map(\.policy)), diagnostics: diagnostics, files: texts)
}

/// Names are unique over all files: findings, reports and audit entries go by them.
private func repeatedNames(in policies: [PlacedPolicy], beside changed: String?) -> [Diagnostic] {
    var first: [String: PlacedPolicy] = [:]
    let repeated = policies.compactMap { placed -> Diagnostic? in
        guard let known = first[placed.policy.name] else {
            first[placed.policy.name] = placed
            return nil
        }
        let place = "\(known.policy.file):\(known.mark.line):\(known.mark.column)"
        let replaced = known.policy.file.split(separator: "/").last.map(String.init) ?? known.policy.file
        let isChange = placed.policy.file == changed && known.policy.file != changed
        return Diagnostic(
            file: placed.policy.file, line: placed.mark.line, column: placed.mark.column,
            message: "a policy named '\(placed.policy.name)' exists already, at \(place)",
            hint: isChange
                ? "to compare a changed file give it the name of the file that it replaces, \(replaced)"
                : "give one of them another name")
    }
    return Array(repeated.prefix(PolicyReader.mostFaults))
}
