import PolicyFiles
import RotaCore
import Testing

/// What is said of `sources` that are none.
@Suite struct MalformedSourcesTests {
    static let cases: [Malformed] = [
        Malformed(
            "a rule about places of use", rules: "      - sources: { allow: [10.0.0.0/8] }",
            "6:20: error: unknown key 'allow' in 'sources'\nhint: the keys are max-addresses, max-agents, within"),
        Malformed(
            "places without a limit", rules: "      - sources: { within: 7d }",
            "6:18: error: 'sources' limits nothing\nhint: write max-addresses: 3, or max-agents: 2"),
        Malformed(
            "more places than are told apart", rules: "      - sources: { max-addresses: 16 }",
            "6:35: error: 'max-addresses' must be from 1 to 15, and here is 16"
                + "\nhint: of one day no more than 16 addresses are told apart"),
        Malformed(
            "more agents than are told apart", rules: "      - sources: { max-agents: 8 }",
            "6:32: error: 'max-agents' must be from 1 to 7, and here is 8"),
        Malformed(
            "places within hours", rules: "      - sources: { max-agents: 2, within: 12h }",
            "6:43: error: 'within' must be from 1d to 366d, and here is 12h"),
        Malformed(
            "integrations of uses", rules: "      - sources: { max-integrations: 2 }",
            "6:20: error: 'max-integrations' does not stand in 'sources'\nhint: write max-agents"),
        Malformed(
            "a rotation for places", rules: "      - sources: { max-addresses: 3 }\n        action: rotate",
            "7:17: error: action 'rotate' does not cure 'sources'"),
    ]

    @Test(arguments: cases)
    func `the fault is told with its place and what to do`(_ malformed: Malformed) { malformed.requireTold() }

    @Test func `agents alone, addresses alone and both are taken, within 30 days where nothing is written`() throws {
        let text = """
            version: 1
            policies:
              - name: shared
                match: all
                rules: [{ sources: { max-addresses: 15 }, action: quarantine }]
              - name: agents
                match: all
                rules: [{ sources: { max-agents: 7, within: 7d } }]
            """
        let load = readPolicies(Array(text.utf8), file: "p.yaml")
        let rules = try #require(load.policies).policies.flatMap(\.rules)
        #expect(
            rules.map(\.requirement) == [
                .sources(addresses: 15, agents: nil, within: .days(30)),
                .sources(addresses: nil, agents: 7, within: .days(7)),
            ])
    }
}

extension Malformed {
    /// All that is said of it begins as expected, and it makes no policies.
    func requireTold() {
        let load = readPolicies(Array(text.utf8), file: "p.yaml")
        let said = load.diagnostics.map(\.description).joined(separator: "\n")
        #expect(load.policies == nil)
        #expect(said.hasPrefix(expected), "\(said)")
    }
}
