package import HTML
import RotaCore

extension TokenActionPage.Kind {
    fileprivate var verb: String { self == .emergency ? "Emergency revocation:" : rawValue.capitalizedFirst }

    fileprivate var order: String { self == .emergency ? "Revoke this token now" : "\(verb) this token" }

    fileprivate var power: Frame.Power {
        switch self {
        case .rotate: .rotate
        case .revoke: .revoke
        case .emergency: .emergency
        case .quarantine, .restore: .quarantine
        }
    }

    /// What happens, in the order in which it does.
    fileprivate func steps(_ token: Token, _ destinations: Int) -> [Markup] {
        switch self {
        case .rotate:
            [
                "A new value is made, pushed to \(destinations.of("destination")), and read back there.",
                "Then the new value is current. The old one stays valid for the overlap.",
                "After the overlap the old value ends, and nobody can use it any more.",
            ]
        case .revoke:
            [
                "All its values end at once: the next request with one of them is refused.",
                "It stays listed as revoked, with its history. There is no way back.",
            ]
        case .emergency:
            [
                "All its values end at once, although destructive actions are on hold: that is gone past.",
                "The audit log and whoever is told of events learn that it was an emergency, and what was gone past.",
                "It stays listed as revoked, with its history. There is no way back.",
            ]
        case .quarantine:
            [
                "Nobody can use it from now on; its values and destinations stay as they are.",
                "Who presents it meanwhile is counted, so that you see who misses it.",
                "Restore gives it back as it was.",
            ]
        case .restore:
            [
                "Its values are accepted again at once, to its end.",
                "How long it is unused counts from now on anew.",
            ]
        }
    }
}

extension TokenActionPage {
    package var title: String { "\(kind.verb) \(token.name)" }
    package var section: Section? { .apiTokens }

    package func content(in frame: Frame) -> Markup {
        let trail = [link("/admin/api-tokens", "API Tokens"), tokenLink(token.id, token.name)]
        let decision =
            refusal(frame).map { (before: alert("failed", "This cannot be done.", $0), after: "" as Markup) }
            ?? (before: steps(frame), after: confirmation(frame))
        return """
            \(heading(title, trail: trail, lede: verdict(frame)))
            \(decision.before)\(impact(frame))\(decision.after)
            """
    }

    /// Why it cannot be done.
    private func refusal(_ frame: Frame) -> Markup? {
        if let obstacle {
            guard kind == .revoke, isHeld else { return Markup(text: obstacle) }
            guard frame.may(.emergency) else {
                return "\(obstacle.capitalizedFirst). If it has leaked and cannot wait: ask somebody who operates Rota."
            }
            let urgent = link(address(of: token.id, "/emergency"), "revoke it in an emergency")
            return "\(obstacle.capitalizedFirst). If it has leaked and cannot wait: \(urgent)."
        }
        guard kind == .rotate, destinations.isEmpty else { return nil }
        let edit = link(address(of: token.id, "/edit"), "add one")
        return "It has no destination that a new value could be pushed to: \(edit) first."
    }

    /// The one sentence that matters most.
    private func verdict(_ frame: Frame) -> Markup {
        switch token.usage {
        case .lastUsed(let last) where frame.now - last < Self.recent:
            "<strong class=\"alarm\">It is in use:</strong> the last time was \(time(last, frame.now))."
        case .lastUsed(let last): "It was used last \(time(last, frame.now))."
        case .neverUsed(let since): "Nobody has used it since \(time(since, frame.now)), when watching began."
        case .unknown: "It is not known whether anybody uses it."
        }
    }

    private func steps(_ frame: Frame) -> Markup {
        let steps = kind.steps(token, destinations.count).map { "<li>\($0)</li>" as Markup }
        let past: Markup = quarantine.map { "<p class=\"remark\">\($0.sequel(frame.now))</p>" } ?? ""
        return card("steps", "What happens", "<ol class=\"happens\">\(steps)</ol>", past)
    }

    private func impact(_ frame: Frame) -> Markup {
        let places = destinations.map { "<li>\(tag($0.description))</li>" as Markup }
        let list: Markup =
            places.isEmpty
            ? "<p class=\"quiet\">No destination is known.</p>" : "<ul class=\"lines\">\(places)</ul>"
        let consumers: Markup =
            uses.isEmpty ? nothingSeen(of: token) : usesTable(uses, frame.now)
        return """
            \(card("consumers", "Who uses it", note: "The last 30 days.", consumers))\
            \(card("places", "Where its value lives", list))
            """
    }

    private var whyName: Markup {
        kind == .emergency ? "It goes past what keeps others from it" : "It was used within the last 7 days"
    }

    private func confirmation(_ frame: Frame) -> Markup {
        guard frame.may(kind.power) else {
            return alert(
                "failed", "You cannot do this.", "Your roles do not allow it: ask somebody who operates Rota.")
        }
        let asks = Self.asksForName(kind, token, at: frame.now)
        let overlapField =
            kind == .rotate
            ? textField(
                "overlap", "overlap", "Overlap", overlap,
                hint: "How long the old value stays valid, such as <code>24h</code> or <code>7d</code>.",
                error: errors["overlap"], attributes: " required=\"required\" maxlength=\"20\"") : ""
        let nameField =
            asks
            ? textField(
                "name", "name", "Type the token’s name to confirm", "",
                hint: "\(whyName): <code>\(token.name)</code>", error: errors["name"],
                attributes: " required=\"required\" autocomplete=\"off\" spellcheck=\"false\"") : ""
        let reasonField = textArea(
            "reason", "reason", "Reason", reason, hint: "It goes into the audit log, for whoever asks in a year.",
            error: errors["reason"], rows: 2, attributes: " required=\"required\" maxlength=\"1000\"")
        let confirm: Markup = asks ? " data-confirm=\"\(token.name)\"" : ""
        let look: Markup = kind == .revoke || kind == .emergency ? "danger-solid" : "primary"
        let end: Markup = """
            <div class="form-end">\(submit("\(kind.order)", look))\
            \(button(address(of: token.id), "Cancel"))</div>
            """
        return card(
            "confirm", "Confirm",
            form(
                address(of: token.id, "/\(kind.rawValue)"), frame, look: "column", extra: confirm, overlapField,
                reasonField, nameField, end))
    }
}
