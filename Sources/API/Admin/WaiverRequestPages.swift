import Engine
import HTTPServer
import Pages
import RotaCore

/// Asking for an exception of a token: what the policies say of it is shown first.
extension API {
    /// How long one lasts that nobody says otherwise of.
    private static let usualTerm = TimeSpan.days(30)

    func newWaiverPage(_ visit: Visit) throws -> Answer {
        let configuration = parts.configuration()
        let name = visit.asked("token")
        return look(visit) { [self] store in
            guard !name.isEmpty else {
                return show(NewWaiverPage(longest: configuration.longestWaiver), visit)
            }
            // Whose it is is not for everybody to know: one of others is as one that there is not.
            guard let token = try store.token(named: name), visit.call.sees(token) else {
                let page = NewWaiverPage(
                    longest: configuration.longestWaiver, errors: ["token": "There is none that you may know of."])
                return show(page, visit, status: 404)
            }
            try visit.call.requireAsking(for: token)
            var page = try Self.newWaiverPage(about: token, configuration, from: store, at: visit.now)
            page.chosen = page.proposed?.value ?? ""
            page.ends = String((visit.now + min(configuration.longestWaiver, Self.usualTerm)).description.prefix(16))
            return show(page, visit)
        }
    }

    private static func newWaiverPage(
        about token: Token, _ configuration: ServedConfiguration, from store: any StoreReads, at now: Instant
    ) throws -> NewWaiverPage {
        let selecting = try timeline(of: token, configuration, from: store, at: now).policies.filter {
            $0.mismatch == nil
        }
        return NewWaiverPage(
            token: token,
            choices: selecting.flatMap { policy in
                policy.rules.map { rule in
                    NewWaiverPage.Choice(policy: policy.policy, rule: rule.rule, verdict: rule.verdict)
                } + [NewWaiverPage.Choice(policy: policy.policy)]
            }, longest: configuration.longestWaiver)
    }

    func askForWaiverFromPage(_ visit: Visit) throws -> Answer {
        let configuration = parts.configuration()
        let (name, reason, chosen) = (visit.field("token"), visit.field("reason"), visit.field("rule"))
        let end = visit.instant("ends")
        var errors: [String: String] = [:]
        errors["reason"] = Self.fault(ofReason: reason)
        if end.map({ $0 <= visit.now || $0 - visit.now > configuration.longestWaiver }) ?? true {
            errors["ends"] = "Give a date and a time to come, \(configuration.longestWaiver.spoken) from now at most."
        }
        let random = parts.random
        return change(visit) { [errors] store -> NewWaiverPage? in
            let token = try visit.call.token(named: name, in: store)
            try visit.call.requireAsking(for: token)
            var page = try Self.newWaiverPage(about: token, configuration, from: store, at: visit.now)
            guard let choice = page.choices.first(where: { $0.value == chosen }) else {
                throw Refused.senseless("the rule does not judge this token: load the form again")
            }
            guard errors.isEmpty, let end else {
                (page.chosen, page.reason, page.ends, page.errors) = (chosen, reason, visit.field("ends"), errors)
                return page
            }
            let request = WaiverRequest(
                subject: .token(token.id), policy: choice.policy, rule: choice.rule, reason: reason, endsAt: end,
                longest: configuration.longestWaiver)
            _ = try Engine.requestWaiver(
                request, by: visit.call.principal, policies: configuration.policies.policies, in: store,
                random: random, at: visit.now)
            return nil
        } then: { [self] page in
            if let page { return show(page, visit, status: 422) }
            let said = "The waiver is asked for. Nothing is waived before somebody else approves it."
            return go("/admin/waivers", visit, .done, said)
        }
    }
}
