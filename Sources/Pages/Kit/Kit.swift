import Crypto
import HTML
import RotaCore

// What pages are put together from.

extension Frame {
    func may(_ power: Power) -> Bool { person?.may.contains(power) ?? false }
}

/// Percent-encoded, for a part of a path or a value in a query.
func encoded(_ text: String) -> Markup { Markup(text: PercentEncoding.encode(text)) }

/// An address of the administration: its path, and what is not empty of its parameters.
func address(_ path: Markup, _ parameters: [(String, String)] = []) -> Markup {
    let given = parameters.filter { !$0.1.isEmpty }
    guard !given.isEmpty else { return "/admin/\(path)" }
    let parts = given.enumerated().map { index, parameter -> Markup in
        "\(index == 0 ? "?" : "&amp;" as Markup)\(encoded(parameter.0))=\(encoded(parameter.1))"
    }
    return "/admin/\(path)\(parts)"
}

func address(of id: TokenID, _ part: Markup = "") -> Markup { "/admin/api-tokens/\(encoded(id.text))\(part)" }

func link(_ target: Markup, _ content: Markup) -> Markup { "<a href=\"\(target)\">\(content)</a>" }

func tokenLink(_ id: TokenID, _ name: String) -> Markup { link(address(of: id), breakable(name)) }

/// Where no single use is known: a list that was imported may have told of the last one alone.
func nothingSeen(of token: Token) -> Markup {
    let isKnown = if case .lastUsed = token.usage { true } else { false }
    return isKnown
        ? "<p class=\"quiet\">From where and by whom it was used last is not known here.</p>"
        : "<p class=\"quiet\">No use was seen.</p>"
}

/// A name that may be broken where its words end, and not within them.
func breakable(_ name: String) -> Markup {
    var markup = Markup()
    var word = ""
    for character in name {
        word.append(character)
        guard "@_-/:.".contains(character) else { continue }
        markup += "\(word)<wbr/>"
        word = ""
    }
    markup += Markup(text: word)
    return markup
}

/// A policy by its name, with the way to it for whoever may go there.
func policyLink(_ name: String, _ frame: Frame) -> Markup {
    frame.person?.sees.contains(.policies) ?? false ? policyLink(name) : Markup(text: name)
}

func policyLink(_ name: String) -> Markup { link("/admin/policies/\(encoded(name))", Markup(text: name)) }

/// What a page is about, where it is, and what can be done there.
func heading(_ title: String, trail: [Markup] = [], lede: Markup = "", actions: Markup = "") -> Markup {
    let steps = trail.map { "<li>\($0)</li>" as Markup }
    return """
        <div class="head"><div class="head-text"><nav class="trail" aria-label="Where this is"><ol>
        <li>Administration</li>\(steps)</ol></nav>
        <h1>\(breakable(title))</h1>\(lede.isEmpty ? "" : "<p class=\"lede\">\(lede)</p>" as Markup)</div>
        \(actions.isEmpty ? "" : "<div class=\"actions\">\(actions)</div>" as Markup)</div>

        """
}

func heading(_ page: some Page, lede: Markup = "", actions: Markup = "") -> Markup {
    heading(page.title, lede: lede, actions: actions)
}

func button(_ target: Markup, _ text: Markup, _ look: Markup = "") -> Markup {
    "<a class=\"button \(look)\" href=\"\(target)\">\(text)</a>"
}

/// A card with a heading.
func card(_ id: Markup, _ title: Markup, note: Markup = "", _ content: Markup...) -> Markup {
    """
    <section class="card" aria-labelledby="\(id)"><div class="card-head"><h2 id="\(id)">\(title)</h2>
    \(note.isEmpty ? "" : "<p class=\"quiet\">\(note)</p>" as Markup)</div>
    \(content)</section>

    """
}

func empty(_ title: String, _ text: Markup, _ action: Markup = "") -> Markup {
    "<div class=\"empty\">\(Icon.nothing)<p class=\"empty-title\">\(title)</p><p>\(text)</p>\(action)</div>\n"
}

func badge(_ text: String, _ mood: Mood) -> Markup {
    "<span class=\"badge \(mood.name)\">\(text)</span>"
}

/// What a colour says.
enum Mood: String {
    case good, heed, bad, waived, plain, accent

    var name: Markup { Markup(text: rawValue) }
}

func badge(_ state: TokenState) -> Markup {
    switch state {
    case .active: badge("active", .good)
    case .quarantined: badge("quarantined", .heed)
    case .revoked, .expired: badge(state.rawValue, .plain)
    }
}

func badge(_ status: Verdict.Status) -> Markup { badge(status.rawValue, status.mood) }

extension Verdict.Status {
    static let byGravity = allCases.sorted { $0.gravity > $1.gravity }

    var mood: Mood {
        switch self {
        case .compliant: .good
        case .due: .heed
        case .violating: .bad
        case .waived: .waived
        case .unknown: .plain
        }
    }
}

func badge(_ outcome: Outcome) -> Markup { badge(outcome.rawValue, outcome.mood) }

extension Outcome {
    var mood: Mood {
        switch self {
        case .done: .good
        case .started: .accent
        case .blocked: .heed
        case .failed: .bad
        case .waiting, .skipped: .plain
        }
    }
}

func badge(_ mode: Mode) -> Markup { badge(mode.rawValue, mode == .enforce ? .accent : .plain) }

func badge(_ action: Action) -> Markup {
    switch action {
    case .revoke: badge(action.rawValue, .bad)
    case .quarantine: badge(action.rawValue, .heed)
    case .rotate: badge(action.rawValue, .accent)
    case .setExpiry, .notify: badge(action.rawValue, .plain)
    }
}

func tag(_ text: String) -> Markup { "<code class=\"tag\">\(text)</code>" }

/// The first few, and how many more there are.
func tags(_ texts: [String], most: Int = 3) -> Markup {
    guard !texts.isEmpty else { return "<span class=\"quiet\">none</span>" }
    let shown = texts.prefix(most).map(tag)
    let rest = texts.dropFirst(most)
    let more: Markup =
        rest.isEmpty
        ? "" : "<span class=\"tag more\" title=\"\(rest.joined(separator: ", "))\">+\(rest.count)</span>"
    return "<span class=\"tags\">\(shown)\(more)</span>"
}

/// A text, or that there is none.
func orNone(_ text: String, _ none: String = "none") -> Markup {
    text.isEmpty ? "<span class=\"quiet\">\(none)</span>" : Markup(text: text)
}

/// Names and what they are.
func facts(_ facts: [(String, Markup)]) -> Markup {
    let rows = facts.map { "<div><dt>\($0.0)</dt><dd>\($0.1)</dd></div>\n" as Markup }
    return "<dl class=\"facts\">\(rows)</dl>\n"
}

/// A number that is worth a look, with a line below.
struct Figure {
    var name: String
    var count: Int
    var note: String
    var mood: Mood

    init(_ name: String, _ count: Int, _ note: String, _ mood: Mood = .plain) {
        (self.name, self.count, self.note, self.mood) = (name, count, note, mood)
    }
}

func figures(_ figures: [Figure]) -> Markup {
    let cards = figures.map { figure -> Markup in
        """
        <div class="figure \(figure.mood.name)"><dt>\(figure.name)</dt><dd class="value">\(figure.count)</dd>
        <dd class="quiet">\(figure.note)</dd></div>

        """
    }
    return "<dl class=\"figures\">\(cards)</dl>\n"
}

func alert(_ kind: Markup, _ title: String, _ text: Markup) -> Markup {
    let role: Markup = kind == "failed" ? "alert" : "status"
    return """
        <div class="alert \(kind)" role="\(role)">\(kind == "done" ? Icon.done : Icon.warning)<div>\
        \(title.isEmpty ? "" : "<strong>\(title)</strong> " as Markup)\(text)</div></div>

        """
}

/// To the first page, and the one that follows.
func paging(_ path: Markup, _ parameters: [(String, String)], isContinued: Bool, next: String?) -> Markup {
    guard isContinued || next != nil else { return "" }
    let first = isContinued ? button(address(path, parameters), "First page") : ""
    let following = next.map { button(address(path, parameters + [("cursor", $0)]), "Next page \(Icon.next)") } ?? ""
    return "<nav class=\"paging\" aria-label=\"Pages\">\(first)\(following)</nav>\n"
}

extension Markup {
    static func == (left: Markup, right: Markup) -> Bool { left.bytes == right.bytes }

    var isEmpty: Bool { bytes.isEmpty }
}
