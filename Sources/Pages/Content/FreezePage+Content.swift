import Engine
package import HTML
import RotaCore

extension FreezePage {
    package var title: String { "Freeze" }
    package var section: Section? { .freeze }

    package func content(in frame: Frame) -> Markup {
        """
        \(heading(self, lede: "Stops everything destructive: for a release, an incident, or holidays."))
        \(present(frame))\(effect)\(unfreezing(frame))\(freezing(frame))\(pastCard(frame))
        """
    }

    private func present(_ frame: Frame) -> Markup {
        guard let freeze else {
            return card(
                "present", "As it is now",
                frame.brake == nil
                    ? "<p>Nothing is frozen: rotations and policies do their work.</p>"
                    : "<p>Nobody has frozen it; what is said above holds it all the same.</p>")
        }
        return card(
            "present", "As it is now",
            facts([
                ("Frozen by", "\(freeze.actor)"), ("Since", time(freeze.begunAt, frame.now)),
                ("Until", time(freeze.endsAt, frame.now, none: "somebody unfreezes it")), ("Why", "\(freeze.reason)"),
            ]))
    }

    private var effect: Markup {
        let steps: [Markup] = [
            "Nothing is rotated, retired, revoked by a policy, or marked as expired. An open rotation waits as it is.",
            "Values are answered for as ever; a token whose time is over is refused all the same.",
            "Plans and reports are made, and events delivered.",
            "An emergency revocation of a single token goes past it.",
            "What has become due meanwhile is done by the next run after it, within limits and paces.",
        ]
        return card(
            "steps", "What a freeze does",
            "<ol class=\"happens\">\(steps.map { "<li>\($0)</li>" as Markup })</ol>")
    }

    private func unfreezing(_ frame: Frame) -> Markup {
        guard freeze != nil, frame.may(.freeze) else { return "" }
        let field = textField(
            "end-reason", "reason", "Reason to unfreeze", "", hint: "It goes into the audit log.",
            error: errors["end-reason"], isOptional: true, attributes: " maxlength=\"1000\"")
        let end: Markup = "<div class=\"form-end\">\(submit("Unfreeze"))</div>"
        return card("unfreeze", "Let it go on", form("/admin/freeze/end", frame, look: "column", seen, field, end))
    }

    private func freezing(_ frame: Frame) -> Markup {
        guard frame.may(.freeze) else { return "" }
        let reasonField = textArea(
            "reason", "reason", "Reason", reason, hint: "Everybody who finds it frozen reads it.",
            error: errors["reason"], rows: 2, attributes: " required=\"required\" maxlength=\"1000\"")
        let endField = timeField(
            "ends", "Until, in UTC", ends, hint: "Left empty, it lasts until somebody unfreezes it.",
            error: errors["ends"], isOptional: true)
        let end: Markup = "<div class=\"form-end\">\(submit("Freeze", "danger-solid"))</div>"
        return card(
            "freeze", freeze == nil ? "Freeze" : "Freeze otherwise",
            note: freeze == nil ? "" : "It takes the place of the one that is on.",
            form("/admin/freeze", frame, look: "column", seen, reasonField, endField, end))
    }

    /// Which freeze was on when the page was made: nobody ends another one, which he has not seen.
    private var seen: Markup { hidden("seen", freeze?.begunAt.description ?? "") }

    private func pastCard(_ frame: Frame) -> Markup {
        let over = past.filter { !$0.isOn(at: frame.now) }
        guard !over.isEmpty else { return "" }
        let rows = over.map { past -> [Markup] in
            [
                twoLines(past.freeze.begunAt, frame.now), past.until.map { twoLines($0, frame.now) } ?? "–",
                "\(past.freeze.actor)", "\(past.freeze.reason)",
            ]
        }
        return card("past", "Earlier ones", table("Earlier freezes", ["From", "To", "Who", "Why"], rows))
    }
}
