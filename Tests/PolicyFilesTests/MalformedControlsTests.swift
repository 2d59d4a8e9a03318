import PolicyFiles
import RotaCore
import Testing

/// What is said of `controls` that would be counted twice.
@Suite struct MalformedControlsTests {
    static let cases: [Malformed] = [
        Malformed(
            "a control that is named twice", "controls: { pci-dss-4.0.1: [8.2.6, \"8.6.3\", 8.6.3] }",
            "6:49: error: 'pci-dss-4.0.1' names the control '8.6.3' twice"),
        Malformed(
            "a control that is written in two ways", "controls: { nist-800-53-r5: [IA-5 f, IA-5f] }",
            "6:42: error: 'nist-800-53-r5' names the control 'IA-5f' twice, as 'IA-5 f' before"),
    ]

    @Test(arguments: cases)
    func `the fault is told with its place and what to do`(_ malformed: Malformed) { malformed.requireTold() }

    @Test func `a control and a part of it are two`() {
        let text = Malformed("", "controls: { nist-800-53-r5: [IA-5, IA-5f, AC-2, AC-2(3)] }", "").text
        #expect(readPolicies(Array(text.utf8), file: "p.yaml").policies?.policies[0].controls.values.first?.count == 4)
    }
}
