import Engine
import HTML
import RotaCore

/// What was done, and what cannot be done.
extension Report {
    var work: Markup {
        section(
            "work", "Work of the period",
            """
            What runs did from \(activity.from.minute) to \(activity.to.minute). An action is counted \
            once for every \
            run that took it up; what people did, and holders of values, is not among them. \(lastRunSentence)
            """,
            outcomes, byHand, days, latest, revocations, frozen)
    }

    private var lastRunSentence: Markup {
        guard let run = lastRun else { return "No run is recorded." }
        let end: Markup =
            if let cause = run.aborted {
                "was <span class=\"word failed\">aborted</span>: \(cause)"
            } else if let finished = run.finishedAt {
                "finished on \(finished.minute)"
            } else {
                "has not finished"
            }
        return "The last run, by \(run.actor.name), began on \(run.startedAt.minute) and \(end)."
    }

    private var outcomes: Markup {
        let actions = Action.allCases.filter { activity.outcomes[$0] != nil }
        guard !actions.isEmpty else { return nothing("No run took up any action.") }
        let rows = actions.map { action in
            let cells = Outcome.allCases.map { numberCell(activity.outcomes[action]?[$0] ?? 0) }
            return row(head(action.rawValue.capitalizedFirst), "\(cells)")
        }
        let timely = share(activity.doneInTime, of: activity.doneInTime + activity.doneLate)
        let columns: [Column] = ["Action"] + Outcome.allCases.map { .number($0.rawValue.capitalizedFirst) }
        return """
            \(table("Actions by outcome", columns, rows))
            <dl class="facts">\(fact("Runs with actions", activity.runs.grouped))\
            \(fact("Done by their deadline", "\(activity.doneInTime.grouped) (\(timely))"))\
            \(fact("Done late", activity.doneLate.grouped))\(notifications)</dl>

            """
    }

    private var byHand: Markup {
        """
        <dl class="facts">\(fact("Rotations by hand, or by their holders", activity.byHand.grouped))\
        \(fact("Tokens revoked, by runs and by hand", summary.revocationsCount.grouped))</dl>

        """
    }

    private var notifications: Markup {
        guard let deliveries else { return "" }
        return """
            \(fact("Notifications waiting", deliveries.waiting.grouped))
            \(fact("Notifications given up", deliveries.dead.grouped))
            """
    }

    private var days: Markup {
        guard activity.days.contains(where: { $0.done + $0.undone > 0 }) else { return "" }
        let bars = activity.days.map { day in
            BarChart.Bar(
                label: "\(day.date.dayOfMonth) \(day.date.month)", count: day.done + day.undone,
                wrong: day.undone)
        }
        let busy = activity.days.filter { $0.done + $0.undone > 0 }
        let words = busy.map { "\($0.date.day): \($0.done.grouped) done, \($0.undone.grouped) not" }
        let chart = BarChart(
            title: "Actions day by day", description: words.joined(separator: "; "),
            axis: "day of the period (UTC)",
            bars: bars, isWide: true, showsCounts: activity.days.count <= 31,
            labelStride: max(1, activity.days.count / 8))
        return """
            <h3>Day by day</h3><figure>\(chart.markup())
            <ul class="legend" aria-hidden="true"><li><span class="key key-accent"></span>done</li>\
            <li><span class="key key-violating"></span>failed or blocked</li></ul></figure>

            """
    }

    private var latest: Markup {
        let rows = activity.latestDone.map { action in
            row(
                head(action.name), cell(action.action.rawValue),
                cell("\(action.policy), \(action.rule)" as String),
                timeCell(action.deadline?.day ?? "–"), timeCell(action.at.minute))
        }
        guard !rows.isEmpty else { return "" }
        return table("Latest actions done", ["Token", "Action", "Policy and rule", "Deadline", "Done"], rows)
    }

    private var revocations: Markup {
        guard summary.revocationsCount > 0 else { return "" }
        let shown = summary.revocations.prefix(20)
        let rows = shown.map { ended in
            row(
                head(ended.name, below: ended.owner), timeCell(ended.end.at.minute), cell(ended.end.by),
                wordsCell(ended.end.cause))
        }
        return table(
            "Revoked in the period: the latest \(shown.count.grouped) of \(summary.revocationsCount.grouped)",
            ["Token and owner", "Revoked", "By", "Cause"], rows)
    }

    private var frozen: Markup {
        guard !freezes.isEmpty else { return "" }
        let rows = freezes.map { freeze in
            row(
                head(freeze.freeze.reason), timeCell(freeze.freeze.begunAt.minute),
                timeCell(freeze.until?.minute ?? "–"), cell(freeze.freeze.actor),
                cell(freeze.isOn(at: facts.until) ? "on" : "over"))
        }
        return table(
            "Freezes of the period: nothing was rotated, retired, revoked or expired",
            ["Reason", "Since", "Until", "By", "Now"], rows)
    }

    var obstacles: Markup {
        let reasons = BlockedReason.allCases.compactMap { reason in
            summary.blocked[reason].map { count in
                row(head(reason.rawValue), numberCell(count), cell(reason.message))
            }
        }
        let blocked =
            reasons.isEmpty
            ? nothing("No action that is called for is blocked.")
            : table(
                "Tokens whose action is blocked", ["Reason", .number("Tokens"), "What it means"], reasons)
        return section(
            "obstacles", "Blocked and stalled",
            """
            What a person has to look at: nothing of this cures itself. A blocked action is never taken \
            blindly; a \
            stalled rotation leaves the old value valid and is tried again. \(openSentence)
            """,
            blocked, blockedRows, stalled, unfinished, missingTokens)
    }

    private var missingTokens: Markup {
        guard missing.count > 0 else { return "" }
        let rows = missing.listed.map { entry in
            row(
                head(entry.token.name, below: entry.token.owner), cell(entry.token.issuer.description),
                timeCell(entry.absence.since.minute), cell(entry.absence.file))
        }
        return table(
            "Not in their issuers' lists any more: the longest missing "
                + "\(rows.count.grouped) of \(missing.count.grouped)",
            ["Token and owner", "Issuer", "Missing since", "First not in"], rows)
    }

    private var openSentence: String {
        "\(rotations.open.of("rotation")) under way, \(rotations.overlap.grouped) in overlap, "
            + "\(rotations.stalled.grouped) stalled."
    }

    private var stalled: Markup {
        guard rotations.stalled > 0 else { return "" }
        let rows = rotations.listed.map { entry in
            row(
                head(entry.name, below: entry.owner), wordsCell(entry.rotation.cause ?? ""),
                numberCell((facts.until - entry.rotation.claimedAt).spoken),
                numberCell(entry.rotation.failures),
                timeCell(entry.rotation.nextAttemptAt.minute))
        }
        return table(
            "Stalled rotations: the longest open \(rows.count.grouped) of \(rotations.stalled.grouped)",
            ["Token and owner", "Cause", .number("Open for"), .number("Attempts"), "Next attempt"], rows)
    }

    private var unfinished: Markup {
        let listed = activity.listedUnfinished
        guard !listed.isEmpty else { return "" }
        let rows = listed.map { action in
            row(
                head(action.name), cell(action.action.rawValue, below: "\(action.policy), \(action.rule)"),
                cell(word(for: action.outcome)),
                wordsCell(action.cause ?? action.message), timeCell(action.deadline?.day ?? "–"),
                timeCell(action.at.day))
        }
        return table(
            "Not done at the last attempt: \(listed.count.grouped) of \(activity.unfinishedCount.grouped), "
                + "earliest deadline first",
            ["Token", "Action", "Outcome", "Cause", "Deadline", "Last tried"], rows)
    }
}

private func word(for outcome: Outcome) -> Markup {
    "<span class=\"word \(outcome.mood)\">\(outcome.rawValue)</span>"
}

extension Outcome {
    /// The class of its colour.
    fileprivate var mood: Markup {
        switch self {
        case .done, .started: "done"
        case .failed: "failed"
        case .blocked: "blocked"
        case .waiting, .skipped: "waiting"
        }
    }
}

extension String {
    var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
