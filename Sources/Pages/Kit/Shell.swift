import Engine
import HTML
import RotaCore

extension Page {
    /// The whole page, in UTF-8.
    package func render(in frame: Frame) -> [UInt8] {
        let body = content(in: frame)
        let whole: Markup =
            frame.person == nil
            ? "<main id=\"content\" class=\"alone\" tabindex=\"-1\">\(notices(frame))\(body)</main>\n"
            : """
            <div class="shell">\(side(frame))<main id="content" class="main" tabindex="-1">
            \(notices(frame))\(body)</main></div>

            """
        let page: Markup = """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"/><title>\(title) · Rota</title>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <meta name="color-scheme" content="light dark"/><meta name="robots" content="noindex"/>
            <link rel="icon" type="image/svg+xml" href="\(PageAssets.icon.path)"/>
            <link rel="stylesheet" href="\(PageAssets.style.path)"/>
            <script src="\(PageAssets.script.path)" defer="defer"></script></head>
            <body><a class="skip" href="#content">Skip to the content</a>
            \(whole)</body></html>

            """
        return page.bytes
    }

    private func side(_ frame: Frame) -> Markup {
        let seen = frame.person?.sees ?? []
        let groups = Section.groups.map { name, sections -> Markup in
            guard !seen.isDisjoint(with: sections) else { return "" }
            let items = sections.filter(seen.contains).map { section -> Markup in
                let here: Markup = section == self.section ? " aria-current=\"page\"" : ""
                return "<li><a href=\"/admin/\(section.rawValue)\"\(here)>\(section.icon)\(section.name)</a></li>\n"
            }
            return "<li><p class=\"group\">\(name)</p><ul>\(items)</ul></li>\n"
        }
        let version: Markup = frame.version.isEmpty ? "" : " <span class=\"quiet\">\(frame.version)</span>"
        return """
            <header class="side"><a class="brand" href="/admin/api-tokens">\(Icon.mark)<span>Rota</span>\(version)</a>
            <nav class="menu" aria-label="Administration"><ul>
            \(groups)</ul></nav>
            \(frame.person.map { person($0, frame) } ?? "")</header>

            """
    }

    private func person(_ person: Frame.Person, _ frame: Frame) -> Markup {
        """
        <div class="person"><p><span class="person-name">\(breakable(person.name))</span>
        <span class="quiet">\(person.roles.isEmpty ? "no role" : person.roles.joined(separator: ", "))</span></p>
        \(form("/admin/sign-out", frame, submit("Sign out", "small")))</div>
        """
    }

    /// Where a freeze is ended, for whoever may.
    private func wayOut(of brake: Brake, _ frame: Frame) -> Markup {
        guard case .frozen = brake, frame.may(.freeze), section != .freeze else { return "" }
        return " \(link("/admin/freeze", "Unfreeze…"))"
    }

    private func notices(_ frame: Frame) -> Markup {
        var markup = Markup()
        if let brake = frame.brake {
            // Who froze it, and why, is for who is signed in: the reason may name what has leaked.
            let advice = (frame.advice ?? brake.hint).capitalizedFirst
            let why: Markup =
                frame.person == nil
                ? ""
                : """
                \(brake.message.capitalizedFirst). <span class="quiet">\(advice)</span>\
                \(wayOut(of: brake, frame))
                """
            markup += """
                <div class="brake" role="status">\(Icon.warning)<div><strong>Destructive actions are on hold.</strong>
                \(why)</div></div>

                """
        }
        if let notice = frame.notice {
            markup += alert(Markup(text: notice.kind.rawValue), "", Markup(text: notice.text))
        }
        return markup
    }
}

extension Section {
    fileprivate static let groups: [(String, [Section])] = [
        ("Administration", [.apiTokens, .policies, .waivers]),
        ("Operations", [.plans, .runs, .webhooks, .freeze]),
        ("Evidence", [.reports, .audit]),
    ]

    var name: String {
        switch self {
        case .apiTokens: "API Tokens"
        default: rawValue.capitalizedFirst
        }
    }

    fileprivate var icon: Markup {
        switch self {
        case .apiTokens: Icon.key
        case .policies: Icon.shield
        case .plans: Icon.list
        case .runs: Icon.play
        case .waivers: Icon.pause
        case .webhooks: Icon.hook
        case .freeze: Icon.stop
        case .reports: Icon.chart
        case .audit: Icon.book
        }
    }
}

extension String {
    var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
