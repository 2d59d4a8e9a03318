/// A control as OSCAL names it: by NIST's own catalogue for 800-53, `ia-5` and `ia-5_obj.f`; else with its framework
/// before it.
package struct ControlName: Hashable, Sendable {
    package var control: String
    package var objective: String

    package init(_ framework: String, _ name: String) {
        if framework.lowercased().contains("800-53"), let known = Self.catalogued(name) {
            (control, objective) = known
        } else {
            control = Self.token("\(framework)_\(name)")
            objective = control
        }
    }

    /// `IA-5`, `AC-2(3)`, `IA-5f` and `IA-5 f`.
    private static func catalogued(_ name: String) -> (control: String, objective: String)? {
        var rest = name.lowercased().filter { $0 != " " }[...]
        let family = rest.prefix { $0.isLetter && $0.isASCII }
        rest = rest.dropFirst(family.count)
        guard family.count == 2, rest.popFirst() == "-" else { return nil }
        let number = rest.prefix { $0.isNumber && $0.isASCII }
        rest = rest.dropFirst(number.count)
        guard !number.isEmpty else { return nil }
        var control = "\(family)-\(number)"
        if rest.first == "(" {
            let enhancement = rest.dropFirst().prefix { $0.isNumber && $0.isASCII }
            rest = rest.dropFirst(1 + enhancement.count)
            guard !enhancement.isEmpty, rest.popFirst() == ")" else { return nil }
            control += ".\(enhancement)"
        }
        guard rest.count <= 1, rest.allSatisfy({ $0.isLetter && $0.isASCII }) else { return nil }
        return (control, "\(control)_obj\(rest.isEmpty ? "" : ".\(rest)")")
    }

    /// A letter or an underscore first, then letters, digits, and `.`, `-`, `_`.
    private static func token(_ text: String) -> String {
        let plain = text.map { $0.isASCII && ($0.isLetter || $0.isNumber) || ".-_".contains($0) ? $0 : "-" }
        return plain.first.map { $0.isLetter || $0 == "_" } ?? false ? String(plain) : "_" + String(plain)
    }
}
