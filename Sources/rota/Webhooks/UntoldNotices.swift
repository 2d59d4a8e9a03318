import PolicyFiles
import RotaCore

extension Configuration {
    /// That nobody is told of what policies are about to do, though they give notice of it, or of what they find, where
    /// that is all they do: no webhook takes the event. Nil where one does, or no policy tells anybody.
    ///
    /// - parameter findings: whether what only tells is looked at, too: once, where policies are checked.
    func untoldNotices(of policies: [Policy], findings: Bool) -> Fault? {
        var events: [String] = []
        if !isNoticeTaken, policies.contains(where: { NoticeTerms($0) != nil }) { events.append("token.action_due") }
        if findings, !isTaken("policy.violated"), policies.contains(where: \.onlyTells) {
            events.append("policy.violated")
        }
        guard !events.isEmpty else { return nil }
        let patterns = events.map { "\"\($0.prefix { $0 != "." }).*\"" }.joined(separator: ", ")
        var fault = Fault(
            file: file, line: 0,
            message: "notices go to webhooks, and none takes \(events.joined(separator: " or ")): nobody is told",
            hint: "under 'webhooks', let one take \(events.count == 1 ? "it" : "them"): events: [\(patterns)]")
        fault.severity = .warning
        return fault
    }

    /// Whether a webhook takes the notices of coming actions.
    var isNoticeTaken: Bool { isTaken("token.action_due") }

    private func isTaken(_ event: String) -> Bool {
        webhooks.contains { $0.events.contains { Glob($0).matches(event) } }
    }

    /// One line for people.
    func warnOfUntoldNotices(of policies: [Policy], findings: Bool = false, _ invocation: Invocation) {
        guard !invocation.wantsJSON, let fault = untoldNotices(of: policies, findings: findings) else { return }
        invocation.output.warning("\(fault.message); \(fault.hint ?? "")")
    }
}

extension Policy {
    /// Whether it has something to tell and does nothing about it: it warns, or notifies.
    fileprivate var onlyTells: Bool { mode == .warn || mode == .enforce && rules.contains { $0.action == .notify } }
}
