// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// Every target that is not a wrapper: the first unmarked C call that takes a pointer is an error.
let safe = settings + [.strictMemorySafety()]

/// A wrapper: it alone imports its C module, and knows nothing of tokens.
func wrapper(_ name: String, c: [Target.Dependency] = [], _ more: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: c + more, swiftSettings: settings)
}

func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: safe)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: dependencies + ["TestSupport"], swiftSettings: settings)
}

let package = Package(
    name: "rota",
    products: [.executable(name: "rota", targets: ["rota"])],
    targets: [
        // C libraries from the system.
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CMicroHTTPD", pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CMinizip", pkgConfig: "minizip", providers: [.apt(["libminizip-dev"])]),

        // Memory that is given back empty, for the program alone: nothing calls it.
        .target(name: "CWipe"),

        // Wrappers: know C, know nothing of tokens.
        wrapper("SQLite", c: ["CSQLite"], ["Crypto"]),
        wrapper("Crypto", c: ["COpenSSL"]),
        wrapper("YAML", c: ["CYAML"]),
        wrapper("Archive", c: ["CMinizip"]),
        wrapper("Addresses"),
        wrapper("HTTPClient", c: ["CCurl"], ["Addresses", "Crypto"]),
        wrapper("HTTPServer", c: ["CMicroHTTPD"], ["Addresses", "Crypto", "JSON"]),
        module("JSON", []),
        module("CEL", []),
        module("TransparencyLog", ["Crypto"]),

        // Core: pure decisions.
        module("RotaCore", ["CEL", "Crypto"]),

        // Engine: the use cases and the ports that they need.
        module("Engine", ["RotaCore", "TransparencyLog", "Crypto", "JSON"]),

        // Adapters: one port each.
        module("Stores", ["Engine", "RotaCore", "TransparencyLog", "SQLite", "Crypto", "JSON"]),
        module("Vaults", ["Engine", "RotaCore", "HTTPClient", "Crypto", "JSON"]),
        module("Webhooks", ["Addresses", "Engine", "RotaCore", "HTTPClient", "Crypto", "JSON"]),
        module("Witnesses", ["Engine", "RotaCore", "TransparencyLog", "HTTPClient", "Crypto", "JSON"]),
        module("OpenID", ["HTTPClient", "RotaCore", "Crypto", "JSON"]),
        module(
            "API",
            [
                "HTTPServer", "Addresses", "Archive", "Documents", "Pages", "Reports", "Engine", "RotaCore",
                "TransparencyLog", "Crypto", "JSON",
            ]),
        module("Documents", ["Engine", "RotaCore", "JSON"]),
        module("PolicyFiles", ["RotaCore", "YAML", "Crypto", "JSON"]),
        module("HTML", ["RotaCore"]),
        module(
            "Reports",
            ["Engine", "RotaCore", "Crypto", "JSON", "HTML", "Archive", "Documents", "TransparencyLog"]),
        module("Pages", ["Engine", "RotaCore", "Crypto", "JSON", "HTML"]),

        // Edge.
        .executableTarget(
            name: "rota",
            dependencies: [
                "Engine", "Stores", "Vaults", "Webhooks", "PolicyFiles", "Reports", "RotaCore", "YAML",
                "JSON", "Crypto", "HTTPClient", "Addresses", "HTTPServer", "API", "Documents", "OpenID",
                "TransparencyLog", "Archive", "Witnesses", "CWipe",
            ],
            swiftSettings: safe,
            // What the loader fills in is closed to writing before anything runs.
            linkerSettings: [.unsafeFlags(["-Xlinker", "-z", "-Xlinker", "now"])]),

        // Tests.
        .target(
            name: "TestSupport",
            dependencies: ["Engine", "Stores", "RotaCore", "TransparencyLog", "Crypto", "JSON"],
            swiftSettings: settings),
        tests("SQLite", ["SQLite"]),
        tests("Crypto", ["Crypto"]),
        tests("YAML", ["YAML"]),
        tests("Archive", ["Archive"]),
        tests("Addresses", ["Addresses"]),
        tests("HTTPClient", ["HTTPClient", "Addresses", "Crypto"]),
        tests("HTTPServer", ["HTTPServer", "HTTPClient", "Addresses", "Crypto"]),
        tests("JSON", ["JSON"]),
        tests("CEL", ["CEL", "JSON"]),
        tests("TransparencyLog", ["TransparencyLog", "Crypto"]),
        tests("RotaCore", ["RotaCore", "Engine"]),
        tests("Engine", ["Engine", "RotaCore", "Stores", "TransparencyLog", "Crypto", "JSON"]),
        tests("Stores", ["Stores", "SQLite", "Engine", "RotaCore", "Crypto", "JSON"]),
        tests("Vaults", ["Vaults", "Engine", "RotaCore", "HTTPClient", "Crypto", "JSON"]),
        tests("Webhooks", ["Webhooks", "Engine", "RotaCore", "HTTPClient", "Crypto", "JSON"]),
        tests(
            "Witnesses",
            ["Witnesses", "Webhooks", "HTTPClient", "Engine", "RotaCore", "TransparencyLog", "Crypto", "JSON"]),
        tests("OpenID", ["OpenID", "RotaCore", "Crypto", "JSON"]),
        tests("API", ["API", "HTTPServer", "Stores", "Addresses", "Engine", "RotaCore", "Crypto", "JSON"]),
        tests("PolicyFiles", ["PolicyFiles", "RotaCore", "YAML", "JSON"]),
        tests("Reports", ["Reports", "Engine", "RotaCore", "TransparencyLog", "JSON"]),
        tests("Pages", ["Pages", "Engine", "RotaCore", "TransparencyLog", "Crypto", "HTML"]),
        tests("Simulation", ["Engine", "Stores", "SQLite", "RotaCore", "Crypto"]),
        tests("Evidence", ["Reports", "PolicyFiles", "Engine", "Stores", "SQLite", "RotaCore", "Crypto"]),
        tests("Tidy", []),
    ],
    swiftLanguageModes: [.v6]
)
