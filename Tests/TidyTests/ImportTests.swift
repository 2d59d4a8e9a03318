import Testing

/// The arrows of the house: what a target may import, and nothing points back.
struct ImportTests {
    /// C modules, and the one wrapper that may import each.
    private static let wrapperOfModule = [
        "CSQLite": "SQLite", "CCurl": "HTTPClient", "CMicroHTTPD": "HTTPServer", "CYAML": "YAML", "COpenSSL": "Crypto",
        "CMinizip": "Archive",
    ]

    /// Pure targets: not even the system's modules.
    private static let pure: Set = ["CEL", "JSON", "RotaCore", "TransparencyLog"]
    private static let system: Set = ["Glibc", "Dispatch", "Synchronization", "FoundationEssentials"]

    private static let allowed: [String: Set<String>] = [
        "SQLite": ["CSQLite", "Crypto"],
        "Crypto": ["COpenSSL"],
        "YAML": ["CYAML"],
        "Archive": ["CMinizip"],
        "Addresses": [],
        "HTTPClient": ["CCurl", "Addresses", "Crypto"],
        "HTTPServer": ["CMicroHTTPD", "Addresses", "Crypto", "JSON"],
        "JSON": [],
        "CEL": [],
        "TransparencyLog": ["Crypto"],
        "RotaCore": ["CEL", "Crypto"],
        "Engine": ["RotaCore", "TransparencyLog", "Crypto", "JSON"],
        "Stores": ["Engine", "RotaCore", "TransparencyLog", "SQLite", "Crypto", "JSON"],
        "Vaults": ["Engine", "RotaCore", "HTTPClient", "Crypto", "JSON"],
        "Webhooks": ["Addresses", "Engine", "RotaCore", "HTTPClient", "Crypto", "JSON"],
        "Witnesses": ["Engine", "RotaCore", "TransparencyLog", "HTTPClient", "Crypto", "JSON"],
        "API": [
            "HTTPServer", "Addresses", "Archive", "Documents", "Pages", "Reports", "Engine", "RotaCore",
            "TransparencyLog", "Crypto", "JSON",
        ],
        "OpenID": ["HTTPClient", "RotaCore", "Crypto", "JSON"],
        "Documents": ["Engine", "RotaCore", "JSON"],
        "PolicyFiles": ["RotaCore", "YAML", "Crypto", "JSON"],
        "HTML": ["RotaCore"],
        "Reports": ["Engine", "RotaCore", "TransparencyLog", "Archive", "Documents", "Crypto", "JSON", "HTML"],
        "Pages": ["Engine", "RotaCore", "Crypto", "JSON", "HTML"],
        "rota": [
            "Engine", "Stores", "Vaults", "Webhooks", "PolicyFiles", "Reports", "RotaCore", "YAML", "JSON",
            "Crypto", "HTTPClient", "Addresses", "HTTPServer", "API", "Documents", "OpenID", "TransparencyLog",
            "Archive", "Witnesses",
        ],
        "TestSupport": ["Engine", "Stores", "RotaCore", "TransparencyLog", "Crypto", "JSON"],
    ]

    @Test func `a target imports only what lies below it`() {
        for file in House.sources {
            guard let below = Self.allowed[file.target] else {
                Issue.record("\(file.path): the target has no place in the house; give it one here and in the design")
                continue
            }
            for (index, module) in imports(of: file) where !below.contains(module) {
                let isSystem = Self.system.contains(module) && !Self.pure.contains(file.target)
                #expect(isSystem, "\(file.place(index)): \(file.target) may not import \(module)")
            }
        }
    }

    @Test func `a C module is imported by its wrapper alone`() {
        for file in House.sources + House.tests {
            for (index, module) in imports(of: file) {
                guard let wrapper = Self.wrapperOfModule[module] else { continue }
                let isWrapper = file.path.hasPrefix("Sources/\(wrapper)/")
                #expect(isWrapper, "\(file.place(index)): only \(wrapper) may import \(module)")
            }
        }
    }

    /// Each line that imports, and the module.
    private func imports(of file: SourceFile) -> [(Int, String)] {
        file.code.enumerated().compactMap { index, line in
            let words = line.split(separator: " ")
            guard let keyword = words.firstIndex(of: "import"), keyword < 3, words.count > keyword + 1 else {
                return nil
            }
            return (index, words[keyword + 1].split(separator: ".").first.map(String.init) ?? "")
        }
    }
}
