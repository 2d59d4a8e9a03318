import Engine
package import HTML
import RotaCore

extension SavedPlan {
    /// Where it stands, for people.
    fileprivate func standing(_ now: Instant) -> Markup {
        if let end { return badge(end.kind.rawValue, end.kind == .applied ? .good : .plain) }
        if expiresAt <= now { return badge("expired", .plain) }
        if isApproved(now) { return badge("approved", .good) }
        return needsApproval ? badge("needs approval", .heed) : badge("open", .accent)
    }

    fileprivate func isApproved(_ now: Instant) -> Bool {
        approval.map { $0.digest == digest && $0.expiresAt > now } ?? false
    }

    fileprivate func isOpen(_ now: Instant) -> Bool { end == nil && expiresAt > now }
}

extension PlansPage {
    package var title: String { "Plans" }
    package var section: Section? { .plans }

    package func content(in frame: Frame) -> Markup {
        let make = frame.may(.plan) ? form("/admin/plans", frame, submit("Make a plan")) : ""
        return """
            \(heading(self, lede: "What the policies would do, written down to be approved and applied as it is.",
                actions: make))
            \(isContinued ? "" : card("open", "Open", open.isEmpty
                ? empty("No open plan", "A plan of all that is due now can be made at any time; nothing is done by it.")
                : list("Open plans", open, frame)))\
            \(closed.isEmpty ? "" : card("closed", "Closed", list("Closed plans", closed, frame)))\
            \(paging("plans", [], isContinued: isContinued, next: next))
            """
    }

    private func list(_ caption: String, _ plans: [SavedPlan], _ frame: Frame) -> Markup {
        let rows = plans.map { plan -> [Markup] in
            [
                link("/admin/plans/\(encoded(plan.id))", "<code class=\"id\">\(plan.id)</code>"),
                plan.standing(frame.now),
                plan.policy.map(policyLink) ?? "all policies", "\(plan.actions)",
                "\(plan.requester.name)<span class=\"below\">\(relative(plan.at, to: frame.now))</span>",
                twoLines(plan.end?.at ?? plan.expiresAt, frame.now),
            ]
        }
        return table(caption, ["Plan", "State", "Policy", .number("Actions"), "Asked by", "Ends"], rows)
    }
}

extension PlanPage {
    package var title: String { "Plan \(plan.id)" }
    package var section: Section? { .plans }

    package func content(in frame: Frame) -> Markup {
        let of = plan.policy.map { "the policy \($0)" } ?? "all policies"
        let lede: Markup = """
            <span class="badges">\(plan.standing(frame.now))</span> \(plan.actions.of("action")) of \(of)
            """
        return """
            \(heading(title, trail: [link("/admin/plans", "Plans")], lede: lede))
            \(figures(numbers))
            \(decision(frame))\(about(frame))\(list(frame))\
            \(paging("plans/\(encoded(plan.id))", [], isContinued: false, next: next))
            """
    }

    private var numbers: [Figure] {
        Action.allCases.reversed().filter { totals[$0, default: 0] > 0 }.map { action in
            Figure(
                action.rawValue.capitalizedFirst, totals[action, default: 0], action.consequence,
                action == .revoke ? .bad : .plain)
        }
    }

    // MARK: - What to do with it

    private func decision(_ frame: Frame) -> Markup {
        guard plan.isOpen(frame.now) else { return "" }
        let target: Markup = "/admin/plans/\(encoded(plan.id))"
        let isApproved = plan.isApproved(frame.now)
        var parts: [Markup] = []
        if plan.actions == 0 {
            parts.append("<p>There is nothing to do: nothing to approve, and nothing to apply.</p>")
        }
        if plan.needsApproval, !isApproved, plan.actions > 0 { parts.append(approvalForm(frame, target)) }
        if frame.may(.apply), plan.actions > 0, isApproved || !plan.needsApproval {
            parts.append(
                form(
                    "\(target)/apply", frame, look: "column", hidden("digest", plan.digest),
                    """
                    <p>Applies these very actions. A token that has changed since is left out, and the run says so.</p>
                    <div class="form-end">\(submit("Apply this plan"))</div>
                    """))
        }
        if frame.may(.plan) || frame.may(.approve) {
            let field = textField(
                "withdraw-reason", "reason", "Reason to withdraw it", "", attributes: " required=\"required\"")
            parts.append(form("\(target)/withdraw", frame, look: "column", field, submit("Withdraw", "danger")))
        }
        guard !parts.isEmpty else { return "" }
        return card("decision", "Decision", "<div class=\"columns forms\">\(parts)</div>")
    }

    private func approvalForm(_ frame: Frame, _ target: Markup) -> Markup {
        if let obstacle { return alert("warning", "You cannot approve it.", "\(obstacle).") }
        guard frame.may(.approve) else {
            return alert("warning", "It waits for an approval.", "Somebody who operates Rota has to give it.")
        }
        let comment = textField(
            "comment", "comment", "Comment", "", hint: "Goes into the audit log.", isOptional: true,
            attributes: " maxlength=\"1000\"")
        return form(
            "\(target)/approve", frame, look: "column", hidden("digest", plan.digest), comment, submit("Approve"))
    }

    private func about(_ frame: Frame) -> Markup {
        var list: [(String, Markup)] = [
            ("Asked by", "\(plan.requester.name) <span class=\"quiet\">from \(plan.requester.account)</span>"),
            ("Made", time(plan.at, frame.now)), ("Ends", time(plan.expiresAt, frame.now)),
            ("Digest", "<code>\(plan.digest)</code>"), ("Of the policies", "<code>\(plan.policiesDigest)</code>"),
        ]
        if let approval = plan.approval {
            let comment: Markup = approval.comment.isEmpty ? "" : ": \(approval.comment)"
            list.append(("Approved", "\(time(approval.at, frame.now)) by \(approval.approver)\(comment)"))
            list.append(("Approval holds until", time(approval.expiresAt, frame.now)))
        }
        if let end = plan.end {
            let run: Markup = end.run.map { ", \(link("/admin/runs/\(encoded($0))", "run <code>\($0)</code>"))" } ?? ""
            list.append(
                (end.kind.rawValue.capitalizedFirst, "\(time(end.at, frame.now)) by \(end.by): \(end.cause)\(run)"))
        }
        return card("about", "About", facts(list))
    }

    private func list(_ frame: Frame) -> Markup {
        let rows = actions.map { action -> [Markup] in
            [
                tokenLink(action.tokenID, action.name), badge(action.action), orNone(action.owner, "nobody"),
                "\(policyLink(action.policy))<span class=\"below\">\(action.rule)</span>",
                "\(action.message.capitalizedFirst).", action.deadline.map { twoLines($0, frame.now) } ?? "–",
            ]
        }
        let note: Markup =
            actions.count < plan.actions ? "\(actions.count) of \(plan.actions), oldest deadline first." : ""
        return card(
            "actions", "Actions", note: note,
            table("Actions", ["Token", "Action", "Owner", "Policy", "Why", "Deadline"], rows))
    }
}

extension Action {
    fileprivate var consequence: String {
        switch self {
        case .notify: "people are told"
        case .setExpiry: "tokens get an end"
        case .rotate: "values are replaced"
        case .quarantine: "nobody can use them meanwhile"
        case .revoke: "ended for good"
        }
    }
}
