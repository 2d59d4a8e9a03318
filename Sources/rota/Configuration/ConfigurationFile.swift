import Documents
import YAML

extension Configuration {
    /// More than any configuration needs.
    private static let largestFile = 1 << 20

    /// Finds the configuration, reads it and checks all of it.
    static func load(_ arguments: Arguments) throws(Failure) -> Configuration {
        try read(find(arguments.value("config")))
    }

    /// The first of `--config`, `$ROTA_CONFIG`, `./rota.yaml` and `/etc/rota/rota.yaml`.
    private static func find(_ given: String?) throws(Failure) -> String {
        if let given = given ?? Process.environment("ROTA_CONFIG") { return given }
        let places = ["rota.yaml", "/etc/rota/rota.yaml"]
        if let found = places.first(where: { kindOfFile(at: $0) != nil }) { return found }
        throw .usage(
            "there is no configuration: neither \(places.joined(separator: " nor "))",
            hint: "make one with 'rota init', or name one with --config FILE or $ROTA_CONFIG")
    }

    static func read(_ file: String) throws(Failure) -> Configuration {
        guard kindOfFile(at: file) != nil else {
            throw .usage(
                "there is no configuration at \(printable(file))",
                hint: "make one with 'rota init --directory DIRECTORY'")
        }
        let bytes = try File(reading: file, waits: true).readAll(most: largestFile)
        let root: Node
        do {
            root = try Document(parsing: bytes).root
        } catch {
            throw invalid(file, [Fault(file: file, mark: error.mark, message: error.message)])
        }
        var reader = ConfigurationReader(file: file, bytes: bytes)
        let configuration = reader.read(root)
        guard let configuration, reader.faults.isEmpty else { throw invalid(file, reader.faults) }
        return configuration
    }

    private static func invalid(_ file: String, _ faults: [Fault]) -> Failure {
        let inOrder = faults.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
        return Failure(
            "the configuration \(file) has \(counted(faults.count, "fault")); nothing was done",
            code: .usage, faults: inOrder)
    }
}
