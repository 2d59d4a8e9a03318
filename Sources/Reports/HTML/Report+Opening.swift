import Engine
import HTML
import RotaCore

/// What a reader learns in the first ten seconds.
extension Report {
    var hero: Markup {
        """
        \(warning)\(pastNote)\(sliceNote)\(redactionNote)\(retentionNote)\(freezeWarning)<div class="hero">
        <p class="eyebrow">Token compliance on \(facts.at.minute)</p>
        <h1 class="headline">\(headline)</h1>
        <p class="lede">\(lede)</p>
        \(overview)</div>

        """
    }

    private var warning: Markup {
        guard facts.hypothetical else { return "" }
        return """
            <p class="banner"><strong>Hypothetical.</strong> The inventory of \(facts.madeAt.minute), \
            judged as if \
            it were \(facts.at.minute), with unbroken watching of use until then.</p>

            """
    }

    private var pastNote: Markup {
        guard let asOf = facts.asOf else { return "" }
        return """
            <p class="banner"><strong>Of the past.</strong> Rebuilt from the audit log for \(asOf.description).</p>

            """
    }

    private var sliceNote: Markup {
        guard let owner = facts.owner else { return "" }
        return """
            <p class="banner"><strong>A slice.</strong> Only tokens whose owner matches <code>\(owner)</code> are told \
            of, and every count is of these alone. The report of all tokens says more.</p>

            """
    }

    private var redactionNote: Markup {
        guard facts.isRedacted else { return "" }
        return """
            <p class="banner"><strong>Redacted.</strong> Tokens are called by their ids, owners, people and systems by \
            pseudonyms that are the same in every report of this store; descriptions of tokens, reasons and causes are \
            left out. Names, descriptions and files of policies stay as they are.</p>

            """
    }

    /// What is not there any more is missing, and not none.
    private var retentionNote: Markup {
        guard !facts.missingRecords.isEmpty else { return "" }
        return """
            <p class="banner"><strong>Not all of the period is known.</strong> By the retention that is \
            configured, the store has no more: \(facts.missingRecords.joined(separator: "; ")). What is told of them \
            begins then; the audit log has all of it.</p>

            """
    }

    private var freezeWarning: Markup {
        guard let freeze = freezes.first(where: { $0.isOn(at: facts.until) }) else { return "" }
        return """
            <p class="banner"><strong>Frozen</strong> since \(freeze.freeze.begunAt.minute) by \(freeze.freeze.actor), \
            \(freeze.end): \(freeze.freeze.reason). Nothing is rotated, retired, revoked or expired.</p>

            """
    }

    private var headline: String {
        let tokens = summary.tokens
        if facts.policies.policies.isEmpty { return "No policy is loaded, so nothing is judged" }
        if summary.evaluated == 0 { return "There is no token that authenticates" }
        if tokens.total == 0 { return "No policy selects any of the \(summary.evaluated.of("live token"))" }
        if tokens.violating > 0 {
            return "\(tokens.violating.grouped) of \(tokens.total.of("token")) under policy "
                + (tokens.violating == 1 ? "breaks a rule" : "break a rule")
        }
        let rest = tokens.due > 0 ? "; \(tokens.due.grouped) \(tokens.due == 1 ? "is" : "are") due" : ""
        return "No token under policy breaks a rule\(rest)"
    }

    private var lede: Markup {
        var sentences: [Markup] = []
        if let worst = summary.violations.first, worst.overdue > .zero {
            sentences.append(
                """
                The longest overdue is <strong>\(worst.name)</strong>\(of(worst.owner)), \
                \(worst.overdue.spoken) past its deadline under \(worst.policy). 
                """)
        }
        let stopped = summary.blocked.values.reduce(0, +)
        if stopped > 0 {
            sentences.append(
                """
                For \(stopped.of("token")) the action that is called for cannot be taken as things are. 
                """)
        }
        if rotations.stalled > 0 { sentences.append("\(rotations.stalled.of("rotation")) cannot go on. ") }
        if summary.tokens.unknown > 0 {
            sentences.append("Of \(summary.tokens.unknown.of("token")) too little is known to judge. ")
        }
        if let comparison {
            let worse = comparison.counts[.worsened, default: 0] + comparison.counts[.arrived, default: 0]
            sentences.append(
                """
                Since \(comparison.earlier.at.day), \(link(worse, to: "changes")) became violating and \
                \(link(comparison.counts[.mended, default: 0], to: "changes")) \
                \(comparison.counts[.mended, default: 0] == 1 ? "was" : "were") mended. 
                """)
        }
        if sentences.isEmpty { sentences.append("\(summary.verdicts.total.of("verdict")) were given. ") }
        return "\(sentences)"
    }

    private func of(_ owner: String) -> Markup {
        owner.isEmpty ? "" : " of \(owner)"
    }

    private var overview: Markup {
        guard summary.tokens.total > 0 else { return "" }
        return """
            <figure>\(meter(summary.tokens, of: "Tokens under policy, each by its gravest verdict"))\
            \(legend(summary.tokens))</figure>
            """
    }

    var cards: Markup {
        let tokens = summary.tokens
        let stopped = summary.blocked.values.reduce(0, +) + rotations.stalled
        let part = share(tokens.violating, of: tokens.total)
        let due = "the time to act has come\(also(summary.verdicts.due, tokens.due))"
        let unknown = "dates or use are missing\(also(summary.verdicts.unknown, tokens.unknown))"
        let hands = activity.byHand > 0 ? "; \(activity.byHand.of("rotation")) by hand" : ""
        let late = "in \(facts.periodLength), \(activity.doneLate.grouped) late\(hands)"
        return """
            <dl class="cards">
            \(card("Break a rule", tokens.violating, "\(part) of those under policy", "alarm", "violations"))
            \(card("Due", tokens.due, due, "heed", "due"))
            \(card("Not known", tokens.unknown, unknown, "heed", "unknown"))
            \(card(
                "Under no policy", summary.uncovered, "of \(summary.evaluated.of("live token"))", "heed", "uncovered"))
            \(card("Blocked or stalled", stopped, "need a person", "alarm", "obstacles"))
            \(card("Actions done by runs", activity.count(.done), late, "calm", "work"))
            </dl>

            """
    }

    /// A token is counted by its gravest verdict alone: there may be more of the others.
    private func also(_ verdicts: Int, _ tokens: Int) -> String {
        verdicts > tokens ? "; with tokens that break a rule, too, \(verdicts.of("verdict"))" : ""
    }

    private func card(_ name: String, _ count: Int, _ note: String, _ mood: Markup, _ rows: Markup) -> Markup {
        """
        <div class="card\(count > 0 ? " \(mood)" : "" as Markup)"><dt>\(name)</dt>\
        <dd class="figure">\(link(count, to: rows))</dd><dd class="note">\(note)</dd></div>
        """
    }
}

extension PastFreeze {
    /// `until 2027-01-04 06:00`
    var end: String { until.map { "until \($0.minute)" } ?? "until somebody ends it" }
}

extension ReportFacts {
    /// `30 days`
    var periodLength: String { (until - since).spoken }
}
