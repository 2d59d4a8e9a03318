package import HTML
import RotaCore

extension TokenQuery {
    /// As it stands in an address: what is not as usual.
    package var parameters: [(String, String)] {
        [
            ("q", q), ("state", state == .active ? "" : state.rawValue), ("owner", owner), ("scope", scope),
            ("policy", policy), ("status", status == .any ? "" : status.rawValue),
            ("expiring", expiring?.rawValue ?? ""), ("idle", idle?.rawValue ?? ""),
            ("sort", sort == .name ? "" : sort.rawValue),
        ].filter { !$0.1.isEmpty }
    }

    /// Whether anything is looked for, and not just everything that is active.
    var isNarrow: Bool {
        var usual = TokenQuery()
        usual.sort = sort
        return self != usual
    }

    /// Whether anything is chosen below the search.
    fileprivate var isFiltered: Bool {
        var searched = self
        searched.q = ""
        return searched.isNarrow
    }

    fileprivate func sorted(by sort: Sort) -> Markup {
        var query = self
        query.sort = sort
        return address("api-tokens", query.parameters)
    }
}

extension TokenQuery.Sort {
    /// Of its column.
    fileprivate var heading: String {
        switch self {
        case .name: "Name"
        case .created: "Created"
        case .expires: "Expires"
        case .used: "Last used"
        }
    }
}

extension TokenListPage {
    package var title: String { "API Tokens" }
    package var section: Section? { .apiTokens }

    package func content(in frame: Frame) -> Markup {
        let new = frame.may(.issue) ? button("/admin/api-tokens/new", "\(Icon.plus)New Token", "primary") : ""
        return """
            \(heading(self, lede: lede, actions: new))\(filters)
            <div class="card flush">\(rows.isEmpty ? nothing(frame) : list(frame))</div>
            \(unsorted)\(cutOff)\(paging("api-tokens", query.parameters, isContinued: isContinued, next: next))
            """
    }

    private var cutOff: Markup {
        guard let lookedAt else { return "" }
        let more = next.map { cursor in
            link(address("api-tokens", query.parameters + [("cursor", cursor)]), "go on")
        }
        return """
            <p class="remark">Looked at \(lookedAt.of("token")) so far; \(more ?? "narrow the search to see more").</p>

            """
    }

    private func nothing(_ frame: Frame) -> Markup {
        if query.isNarrow || isContinued || lookedAt != nil {
            let asksForVerdicts = query.status != .any || !query.policy.isEmpty
            return empty(
                "No token found",
                asksForVerdicts && !isJudged
                    ? "Which tokens violate a policy is known after the first run, and there was none."
                    : "None is as asked for here.",
                "<p>\(button("/admin/api-tokens", "Show all active tokens"))</p>")
        }
        return empty(
            "No token yet", "One for each integration, with the fewest scopes that it needs, and an end.",
            frame.may(.issue) ? "<p>\(button("/admin/api-tokens/new", "New Token", "primary"))</p>" : "")
    }

    private var lede: Markup {
        guard let active else { return "The tokens of your owner" }
        // How many are active says nothing of what was found.
        guard !query.isNarrow, !isContinued else { return "\(rows.count.of("token")) found on this page" }
        return "\(active.of("active token"))"
    }

    // MARK: - Filters

    private var filters: Markup {
        let search = """
            <div class="field search"><label for="q">Search</label><input type="search" id="q" name="q" \
            value="\(query.q)" placeholder="Part of the name, or an id" maxlength="200"/></div>

            """ as Markup
        let policyChoice =
            policies.isEmpty && query.policy.isEmpty
            ? "" : choice("policy", "policy", "Violates", all(policies, query.policy), chosen: query.policy)
        let clear = query.isNarrow ? button("/admin/api-tokens", "Clear") : ""
        let sort = query.sort == .name ? "" : hidden("sort", query.sort.rawValue)
        let owner = choice("owner", "owner", "Owner", all(owners, query.owner), chosen: query.owner)
        let scope = choice("scope", "scope", "Scope", all(scopes, query.scope), chosen: query.scope)
        return """
            <form method="get" action="/admin/api-tokens" class="filters" role="search" data-auto="yes">\(sort)
            <div class="filter-line">\(search)\(submit("Search", ""))\(clear)</div>
            <details class="fold"\(query.isFiltered ? " open=\"open\"" : "" as Markup)><summary>Filters</summary>
            <div class="filter-choices">\(states)\(owner)\(scope)\(policyChoice)\(statuses)\(ends)\(idle)</div>
            </details></form>

            """
    }

    private func all(_ texts: [String], _ chosen: String) -> [(value: String, text: String)] {
        let texts = chosen.isEmpty || texts.contains(chosen) ? texts : [chosen] + texts
        return [("", "Any")] + texts.map { ($0, $0) }
    }

    private var states: Markup {
        choice(
            "state", "state", "State", TokenQuery.State.allCases.map { ($0.rawValue, $0.rawValue.capitalizedFirst) },
            chosen: query.state.rawValue)
    }

    private var statuses: Markup {
        choice(
            "status", "status", "Last run found",
            [("any", "Anything"), ("violating", "A violation"), ("ok", "No violation")],
            chosen: query.status.rawValue)
    }

    private var ends: Markup {
        choice(
            "expiring", "expiring", "Expires",
            [("", "Whenever"), ("7d", "Within 7 days"), ("30d", "Within 30 days"), ("90d", "Within 90 days")],
            chosen: query.expiring?.rawValue ?? "")
    }

    private var idle: Markup {
        choice(
            "idle", "idle", "Unused",
            [
                ("", "Any use"), ("30d", "For 30 days"), ("90d", "For 90 days"), ("180d", "For 180 days"),
                ("never", "Never used"),
            ], chosen: query.idle?.rawValue ?? "")
    }

    // MARK: - The list

    private func list(_ frame: Frame) -> Markup {
        func head(_ sort: TokenQuery.Sort, _ order: Markup) -> Column {
            // A link that changes nothing would be taken for broken.
            guard sorts.contains(sort) else { return Column(stringLiteral: sort.heading) }
            return .sorted(sort.heading, query.sorted(by: sort), query.sort == sort ? order : nil)
        }
        let columns: [Column] = [
            head(.name, "ascending"), "Owner", "Scopes", head(.created, "descending"), head(.expires, "ascending"),
            head(.used, "ascending"), .number("Value age"), "State", .hidden("Actions"),
        ]
        return table("API tokens", columns, rows.map { cells($0, frame) }, look: "tokens")
    }

    private var unsorted: Markup {
        let headings = TokenQuery.Sort.allCases.filter { !sorts.contains($0) }.map(\.heading)
        guard !rows.isEmpty, !headings.isEmpty else { return "" }
        return """
            <p class="remark">What is looked for here is not sorted by \(headings.joined(separator: ", ")): only all \
            active tokens are.</p>

            """
    }

    private func cells(_ row: Row, _ frame: Frame) -> [Markup] {
        let token = row.token
        let below: Markup =
            token.integration.isEmpty ? "" : "<span class=\"below\">\(token.integration)</span>"
        let creator: Markup =
            token.createdBy.isEmpty ? "" : "<span class=\"below\">by \(token.createdBy)</span>"
        let age: Markup = token.values.currentIssuedAt.map { "\(rough(frame.now - $0))" } ?? "–"
        return [
            "\(tokenLink(token.id, token.name))\(below)",
            token.owner.isEmpty ? orNone("", "nobody") : breakable(token.owner), tags(token.scopes, most: 2),
            "\(shortTime(token.createdAt, frame.now))\(creator)", token.end(frame.now), token.lastUse(frame.now), age,
            "<span class=\"badges\">\(badge(token.state))\(standing(row))</span>", actions(token, frame),
        ]
    }

    private func standing(_ row: Row) -> Markup {
        guard let status = row.status else { return "" }
        guard status == .violating else { return badge(status) }
        return badge(row.violations.of("violation"), .bad)
    }

    private func actions(_ token: Token, _ frame: Frame) -> Markup {
        var links = Markup()
        let name: Markup = "<span class=\"unseen\"> \(token.name)</span>"
        if frame.may(.rotate), token.state == .active, token.issuer == .rota {
            links += button(address(of: token.id, "/rotate"), "Rotate\(name)", "small")
        }
        if frame.may(.revoke), token.state == .active || token.state == .quarantined {
            links += button(address(of: token.id, "/revoke"), "Revoke\(name)", "small danger")
        }
        return links.isEmpty ? "" : "<span class=\"row-actions\">\(links)</span>"
    }
}
