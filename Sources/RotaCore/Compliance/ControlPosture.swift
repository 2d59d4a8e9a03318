/// What the policies that serve one control say.
package struct ControlPosture: Hashable, Sendable {
    /// Whether that is evidence for the control. It is no opinion on it.
    package enum Standing: String, Sendable, CaseIterable {
        /// Every rule over every token is kept, or its time to act has just come, or somebody approved an exception.
        case evidenced
        /// A rule is broken, or too little is known to say.
        case notEvidenced = "not-evidenced"
        /// No token is selected by any policy that names it.
        case notApplicable = "not-applicable"
    }

    /// One rule of one policy that names the control, by their places.
    package struct Source: Hashable, Sendable {
        package var policy: Int
        package var rule: Int
        /// One for each token that the policy selects.
        package var verdicts: StatusCounts
        /// Of how many all facts were seen here. Of what is unknown there are none, be it waived, nor of a hypothesis.
        package var observed = 0
        /// Of how many the facts, or some of them, were told by an import.
        package var asserted = 0
    }

    package var framework: String
    package var control: String
    /// Names of the policies that name it.
    package var policies: [String]
    package var sources: [Source]

    package var verdicts: StatusCounts { sources.reduce(into: StatusCounts()) { $0 += $1.verdicts } }

    package var asserted: Int { sources.reduce(0) { $0 + $1.asserted } }
    package var observed: Int { sources.reduce(0) { $0 + $1.observed } }

    package var standing: Standing {
        let verdicts = verdicts
        if verdicts.total == 0 { return .notApplicable }
        return verdicts.violating + verdicts.unknown == 0 ? .evidenced : .notEvidenced
    }

    /// Of every control that a policy names, in the order of framework and control.
    static func all(of policies: [Policy], _ postures: [PolicyPosture]) -> [ControlPosture] {
        var found: [String: [String: ControlPosture]] = [:]
        for (place, policy) in policies.enumerated() {
            let sources = postures[place].rules.enumerated().map {
                Source(
                    policy: place, rule: $0.offset, verdicts: $0.element.verdicts, observed: $0.element.observed,
                    asserted: $0.element.asserted)
            }
            for (framework, controls) in policy.controls {
                for control in controls {
                    let empty = ControlPosture(framework: framework, control: control, policies: [], sources: [])
                    found[framework, default: [:]][control, default: empty].policies.append(policy.name)
                    found[framework, default: [:]][control, default: empty].sources += sources
                }
            }
        }
        return found.values.flatMap(\.values)
            .sorted { ($0.framework, $0.control) < ($1.framework, $1.control) }
    }
}
