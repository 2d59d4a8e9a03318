import PolicyFiles
import RotaCore

extension Configuration {
    /// That nobody is told of what policies are about to do, though they give notice of it: no webhook takes the event.
    /// Nil where one does, or no policy gives notice.
    func untoldNotices(of policies: [Policy]) -> Fault? {
        let isTaken = webhooks.contains { $0.events.contains { Glob($0).matches("token.action_due") } }
        guard !isTaken, policies.contains(where: { NoticeTerms($0) != nil }) else { return nil }
        var fault = Fault(
            file: file, line: 0, message: "notices go to webhooks, and none takes token.action_due: nobody is told",
            hint: "under 'webhooks', let one take it: events: [\"token.*\"]")
        fault.severity = .warning
        return fault
    }

    /// One line for people.
    func warnOfUntoldNotices(of policies: [Policy], _ invocation: Invocation) {
        guard !invocation.wantsJSON, let fault = untoldNotices(of: policies) else { return }
        invocation.output.warning("\(fault.message); \(fault.hint ?? "")")
    }
}
