import Engine
import HTML
import JSON
import RotaCore

/// What the report rests on: lists that were imported, policies as they were loaded, decisions, notices.
extension Report {
    var originsSection: Markup {
        section(
            "origins", "What this was built from",
            """
            Of \(summary.evaluated.of("live token")), \(summary.inventory.observed.grouped) were issued here, so that \
            their dates were seen; of \(summary.inventory.asserted.grouped) they were told by lists. \
            \(whole)
            """,
            imports, usageImports, loads, approvals)
    }

    private var whole: String {
        guard let totals = origins.totals else { return "" }
        return """
            \(totals.imports.of("list")) brought \(totals.rowsImported.of("row")), and \
            \(totals.usageImports.of("log")) of uses \(totals.usageRowsImported.grouped).
            """
    }

    private var imports: Markup {
        guard facts.owner == nil else {
            return nothing("Lists and logs of uses are of all tokens, and are not told of in a slice.")
        }
        guard !origins.imports.isEmpty else { return nothing("No list was imported.") }
        let rows = origins.imports.map { list in
            row(
                head(list.file, below: list.format), timeCell(list.at.minute), cell(list.actor),
                numberCell(list.rows), numberCell(list.added), numberCell(list.updated), numberCell(list.unchanged),
                list.vanished.map { numberCell($0) } ?? numberCell("–"), numberCell(list.leftOut),
                digestCell(list.digest))
        }
        return table(
            shown("Lists that were imported", rows.count, of: origins.totals?.imports ?? 0),
            [
                "File and format", "Imported", "By", .number("Rows"), .number("Added"), .number("Updated"),
                .number("As before"), .number("Missing since"), .number("Left out"), "SHA-256",
            ], rows)
    }

    private var usageImports: Markup {
        guard facts.owner == nil else { return "" }
        guard !origins.usageImports.isEmpty else { return nothing("No log of uses was imported.") }
        let rows = origins.usageImports.map { log in
            row(
                head(log.file, below: log.isComplete ? "said to be complete" : ""), timeCell(log.at.minute),
                cell(log.actor), numberCell(log.rows), numberCell(log.uses), numberCell(log.unknownRows),
                cell(log.first?.day ?? "–", below: log.last.map { "to \($0.day)" } ?? ""),
                digestCell(log.digest))
        }
        return table(
            shown("Logs of uses that were imported", rows.count, of: origins.totals?.usageImports ?? 0),
            [
                "File", "Imported", "By", .number("Rows"), .number("Uses"), .number("Unknown"), "Of when",
                "SHA-256",
            ], rows)
    }

    private var loads: Markup {
        guard !origins.loads.isEmpty else {
            return nothing("The texts of the policies were not kept: no run, server or report has loaded them.")
        }
        let rows = origins.loads.map { load in
            let lines: [Markup] = load.files.map { "\($0.name) <code>\(abridged($0.digest))</code><br/>" }
            let files: Markup = "\(lines)"
            let since: Markup = "<th scope=\"row\">\(load.at.minute)</th>"
            return row(
                since, cell(load.actor, below: load.cause), cell(files),
                digestCell(load.digest))
        }
        return table(
            shown("Policies that were loaded", rows.count, of: origins.loadCount),
            ["Since", "By whom and for what", "Texts, by their SHA-256", "Digest of all"], rows)
    }

    private var approvals: Markup {
        guard facts.owner == nil else { return "" }
        guard !origins.approvals.isEmpty else { return nothing("No plan was approved in the period.") }
        let rows = origins.approvals.map { approval in
            row(
                head(approval.plan, below: approval.policy), numberCell(approval.actions),
                cell(approval.requester, below: approval.requestedAt?.minute ?? ""),
                cell(approval.approver, below: approval.approvedAt.minute), wordsCell(approval.comment))
        }
        return table(
            shown("Plans that were approved in the period", rows.count, of: origins.totals?.approvals ?? 0),
            ["Plan and policy", .number("Actions"), "Asked for by", "Approved by", "Comment"], rows)
    }

    var noticesSection: Markup {
        section(
            "notices", "Notices",
            """
            Where a policy has <code>notify-before</code>, whoever owns a token is told before something is done to \
            it: \(noticeSentence) Sent in the period: \(sentNotices.count.of("notice")).
            """,
            sentNotices.count == 0 ? nothing("No notice was sent.") : noticeOutcomes, noticeRows)
    }

    /// How many of the policies do so, and what was done without.
    private var noticeSentence: String {
        let policies = facts.policies.policies
        let announcing = policies.count { NoticeTerms($0) != nil }
        let done = activity.count(.done) - (activity.outcomes[.notify]?[.done] ?? 0)
        let without =
            done == 0
            ? "Runs did nothing in the period."
            : "Of \(done.of("action")) that runs did in the period, \(activity.doneUnannounced.grouped) "
                + "\(activity.doneUnannounced == 1 ? "was" : "were") by policies that give no notice."
        return "\(announcing.grouped) of \(policies.count.of("policy", plural: "policies")) "
            + "\(announcing == 1 ? "does" : "do"). \(without)"
    }

    private var noticeOutcomes: Markup {
        let facts = NoticeDeliveries.Outcome.allCases.map {
            fact($0.sentence, (sentNotices.outcomes[$0] ?? 0).grouped)
        }
        return "<dl class=\"facts\">\(facts)</dl>"
    }

    private var noticeRows: Markup {
        guard !sentNotices.listed.isEmpty else { return "" }
        let rows = sentNotices.listed.map { entry in
            let lines: [Markup] = entry.notice.deliveries.map { "\($0.endpoint): \($0.sentence)<br/>" }
            let deliveries: Markup = lines.isEmpty ? "to nobody" : "\(lines)"
            return row(
                head(entry.name, below: entry.owner), timeCell(entry.notice.at.minute),
                cell(entry.told("action"), below: "\(entry.told("policy")), \(entry.told("rule"))"),
                timeCell(entry.deadline), cell(deliveries))
        }
        return table(
            shown("Notices with their delivery", rows.count, of: sentNotices.count),
            ["Token and owner", "Sent", "What is coming", "From", "Delivery"], rows)
    }

    private func shown(_ what: String, _ count: Int, of all: Int) -> String {
        count == all ? what : "\(what): the latest \(count.grouped) of \(all.grouped)"
    }

    private func digestCell(_ digest: String) -> Markup {
        let code: Markup = "<code>\(abridged(digest))</code>"
        return cell(code)
    }

    /// The first of its 64 digits are enough to tell one from another; data files have all.
    private func abridged(_ digest: String) -> String {
        let digits = digest.hasPrefix("sha256:") ? digest.dropFirst("sha256:".count) : digest[...]
        return digits.count > 16 ? "\(digits.prefix(16))…" : String(digits)
    }
}

extension NoticeDeliveries.Outcome {
    var sentence: String {
        switch self {
        case .delivered: "Delivered"
        case .waiting: "Waiting to be delivered"
        case .dead: "Given up"
        case .nobody: "To nobody: no webhook was configured"
        }
    }
}

extension SentNotice.Delivery {
    var sentence: String {
        switch state {
        case .waiting: "waiting"
        case .delivered: "delivered \(at?.minute ?? "")"
        case .dead: "given up \(at?.minute ?? "")"
        }
    }
}

extension NoticeDeliveries.Entry {
    /// When what is coming begins.
    var deadline: String { notice.told["deadline"]?.string.flatMap { Instant($0) }?.day ?? "–" }
}
