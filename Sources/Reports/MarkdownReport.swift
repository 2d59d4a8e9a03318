package import Engine
package import RotaCore

/// The summary as Markdown (CommonMark with tables), for a wiki, a ticket or a pull request: what is wrong comes first.
package struct MarkdownReport: ReportFormat {
    package static let order = TokenOrder.unsorted
    /// How many of the worst tokens are listed.
    private static let mostListed = 50

    private let sink: ByteSink

    package init(to sink: @escaping ByteSink) { self.sink = sink }

    package mutating func begin(_ facts: ReportFacts) throws {}

    package mutating func add(_ token: Token, _ rulings: [Planner.Ruling], blocked: BlockedCall?) throws {}

    package mutating func end(_ report: Report) throws {
        let text = [
            opening(report), worst(report), waivers(report), changes(report), postures(report), controls(report),
            owners(report),
            trend(report), origins(report), notices(report), closing(report),
        ]
        try sink(Array(text.filter { !$0.isEmpty }.joined(separator: "\n").utf8))
    }

    private func opening(_ report: Report) -> String {
        let (facts, summary) = (report.facts, report.summary)
        let judged =
            facts.hypothetical ? "judged as if it were \(facts.at) (made \(facts.madeAt))" : "as of \(facts.at)"
        let tokens = summary.tokens
        let waived = report.waivers.violatingVerdicts
        let verdict =
            tokens.violating == 0
            ? "No token violates a policy." : "**\(tokens.violating) of \(tokens.total) tokens violate a policy.**"
        return """
            # API token compliance

            \(judged), of instance `\(facts.store.instance)`, by \(escaped(facts.generator))

            \(extent(facts))\(verdict) \(tokens.due) are due, \(tokens.waived) waived, \(tokens.unknown) unknown; \
            \(summary.uncovered) of \(summary.evaluated) live tokens are under no policy. Of the verdicts, \
            \(summary.verdicts.waived) are waived, \(waived) of which would be violating.

            \(summary.population); those that are not live are listed in `\(TokensNotJudged.file)` of the archive for \
            auditors (`rota report bundle`).

            """
    }

    private func extent(_ facts: ReportFacts) -> String {
        var sentences: [String] = []
        if let owner = facts.owner {
            sentences.append("**A slice:** only tokens whose owner matches \(escaped(owner)) are told of.")
        }
        if let asOf = facts.asOf { sentences.append("**Of the past:** rebuilt from the audit log for \(asOf).") }
        if facts.isRedacted {
            sentences.append(
                "**Redacted:** names are pseudonyms, and free text is left out; names, descriptions and files of "
                    + "policies stay as they are.")
        }
        if !facts.missingRecords.isEmpty {
            sentences.append(
                "**Not all of the period is known:** by retention, the store has no more "
                    + facts.missingRecords.joined(separator: "; ") + ". What is told of them begins then.")
        }
        return sentences.isEmpty ? "" : sentences.joined(separator: " ") + "\n\n"
    }

    private func worst(_ report: Report) -> String {
        let worst = report.summary.worstOffenders(Self.mostListed)
        guard !worst.isEmpty else { return "" }
        let rows = worst.map { broken in
            [
                broken.name, broken.owner, "\(broken.policy): \(broken.rule)", broken.message,
                broken.deadline?.description ?? "", broken.blocked?.message ?? "",
            ]
        }
        let count = report.summary.tokens.violating
        return "## Violations\n\n"
            + table(["Token", "Owner", "Rule", "Why", "Was due", "In the way"], rows)
            + (count > worst.count ? "\nThe \(worst.count) longest overdue of \(count) tokens.\n" : "")
    }

    /// What is excepted; what covers the most violations comes first.
    private func waivers(_ report: Report) -> String {
        let entries = report.waivers.inForce
        guard !entries.isEmpty else { return "" }
        let ordered = entries.sorted {
            ($1.use.violating, $0.waiver.endsAt, $0.waiver.id) < ($0.use.violating, $1.waiver.endsAt, $1.waiver.id)
        }
        let rows = ordered.prefix(Self.mostListed).map { entry in
            let waiver = entry.waiver
            let approval = waiver.approval.map { "\($0.approver.words), \($0.at)" }
            return [
                waiver.subject(named: entry.name), entry.owner ?? "",
                "\(waiver.policy): \(waiver.rule ?? "all rules")", String(entry.use.violating),
                String(entry.use.verdicts), waiver.endsAt.description,
                "\(waiver.requester.words), \(waiver.requestedAt)", approval ?? "", waiver.reason,
            ]
        }
        return "## Waivers in force\n\n"
            + table(
                [
                    "What is waived", "Owner", "Policy and rule", "Violating verdicts", "Verdicts", "Until",
                    "Asked for by", "Approved by", "Reason",
                ], rows)
            + (entries.count > rows.count ? "\nThe first \(rows.count) of \(entries.count) waivers.\n" : "")
    }

    private func postures(_ report: Report) -> String {
        let rows = zip(report.facts.policies.policies, report.summary.policies).map { policy, posture in
            [policy.name, policy.mode.rawValue] + numbers(posture.tokens)
        }
        return "## Policies\n\n" + table(["Policy", "Mode"] + Self.statuses, rows)
    }

    private func controls(_ report: Report) -> String {
        guard !report.summary.controls.isEmpty else { return "" }
        let policies = report.facts.policies.policies
        let rows = report.summary.controls.flatMap { control in
            control.sources.map { source in
                let policy = policies[source.policy]
                return [
                    control.framework, control.control, control.standing.word,
                    "\(policy.name): \(policy.rules[source.rule].sentence)",
                ] + numbers(source.verdicts) + ["\(source.observed)", "\(source.asserted)"]
            }
        }
        return
            "## Controls\n\nEvidenced where no rule that serves it is broken and nothing is unknown; the numbers are "
            + "tokens. Observed: judged by what was seen here alone; asserted: by what an import told.\n\n"
            + table(
                ["Framework", "Control", "Standing", "Policy and rule"] + Self.statuses + ["Observed", "Asserted"],
                rows)
    }

    private func trend(_ report: Report) -> String {
        let history = report.history
        guard !history.isEmpty else { return "" }
        let times = history.resolved
        let half =
            times.within(percent: 50).map { " Of those resolved, half were within \($0.spoken) of being found" } ?? ""
        let most = times.within(percent: 90).map { ", nine of ten within \($0.spoken)." } ?? ""
        let before =
            history.beginsKnown
            ? "\(history.openBefore) were open when the period began"
            : "what was open when the period began is not known (no run before "
                + "\(history.firstRun?.description ?? history.to.description))"
        return """
            ## Trend

            Violations that runs have found: \(before), \(history.opened) \
            were found in it, \(times.count) resolved, and \(history.openAfter) are open.\(half)\(most)

            """
    }

    private func origins(_ report: Report) -> String {
        let (origins, inventory) = (report.origins, report.summary.inventory)
        let lists = origins.imports.prefix(Self.mostListed).map { list in
            [
                list.file, list.at.description, list.actor, String(list.rows), String(list.added),
                String(list.updated), list.vanished.map { String($0) } ?? "", list.digest,
            ]
        }
        let logs = origins.usageImports.prefix(Self.mostListed).map { log in
            [
                log.file, log.at.description, log.actor, String(log.rows), String(log.uses), log.span,
                log.isComplete ? "yes" : "no", log.digest,
            ]
        }
        let loads = origins.loads.prefix(Self.mostListed).map { load in
            [load.at.description, load.actor, load.files.map(\.name).joined(separator: ", "), load.digest]
        }
        let approvals = origins.approvals.prefix(Self.mostListed).map { approval in
            [approval.plan, approval.policy, String(approval.actions), approval.requester, approval.approver]
        }
        let whole = origins.totals.map {
            """
             Lists imported: \($0.imports), with \($0.rowsImported) rows; logs of uses: \($0.usageImports), with \
            \($0.usageRowsImported) rows. Plans approved in the period: \($0.approvals).
            """
        }
        return """
            ## What this was built from

            \(inventory.observed) live tokens were issued here, so that their dates were seen; of \
            \(inventory.asserted) they were told by lists.\(whole ?? "") Policies were loaded anew \
            \(origins.loadCount) times.

            """
                + optionalTable(
                    ["List", "Imported", "By", "Rows", "Added", "Updated", "Missing since", "Digest"], lists)
                + optionalTable(
                    ["Log of uses", "Imported", "By", "Rows", "Uses", "Of when", "Complete", "Digest"], logs)
                + optionalTable(["Policies since", "By", "Files", "Digest"], loads)
                + optionalTable(["Plan", "Policy", "Actions", "Asked for by", "Approved by"], approvals)
    }

    private func notices(_ report: Report) -> String {
        let notices = report.sentNotices
        guard notices.count > 0 else { return "" }
        let outcomes = NoticeDeliveries.Outcome.allCases.map { "\($0.sentence): \(notices.outcomes[$0] ?? 0)" }
        let rows = notices.listed.map { entry in
            [
                entry.name, entry.owner, entry.told("action"), "\(entry.told("policy")): \(entry.told("rule"))",
                entry.notice.at.description,
                entry.notice.deliveries.map { "\($0.endpoint) \($0.sentence)" }.joined(separator: "; "),
            ]
        }
        return "## Notices\n\nIn the period \(notices.count) were sent. \(outcomes.joined(separator: "; ")).\n\n"
            + table(["Token", "Owner", "What is coming", "Rule", "Sent", "Delivery"], rows)
    }

    private func optionalTable(_ columns: [String], _ rows: [[String]]) -> String {
        rows.isEmpty ? "" : "\n" + table(columns, rows)
    }

    private func changes(_ report: Report) -> String {
        guard let comparison = report.comparison else { return "" }
        let rows = ReportComparison.Change.allCases.flatMap { change in
            (comparison.listed[change] ?? []).prefix(Self.mostListed).map { entry in
                [change.sentence, entry.name, "\(entry.rule.policy): \(entry.rule.rule)", entry.message]
            }
        }
        let counts = ReportComparison.Change.allCases.map { "\($0.sentence): \(comparison.counts[$0] ?? 0)" }
        let policies = comparison.hasSamePolicies ? "The policies are the same" : "The policies are not the same"
        return """
            ## What has changed

            Since the \(comparison.earlier.word) of \(comparison.earlier.at): \(comparison.newTokens) tokens are \
            new, \(comparison.goneTokens) gone. \
            \(counts.joined(separator: "; ")). \(policies).


            """ + (rows.isEmpty ? "" : table(["Change", "Token", "Policy and rule", "Why"], rows))
    }

    private func owners(_ report: Report) -> String {
        let rows = report.summary.owners.filter { $0.tokens.violating > 0 }.map { owner in
            [owner.owner.isEmpty ? "(nobody)" : owner.owner] + numbers(owner.tokens)
        }
        guard !rows.isEmpty else { return "" }
        return "## Owners with violations\n\n" + table(["Owner"] + Self.statuses, rows)
    }

    private func closing(_ report: Report) -> String {
        let revoked = report.summary.revocationsCount
        return """
            ## Period

            Since \(report.facts.since): \(report.activity.count(.done)) actions done by runs \
            (\(report.activity.doneLate) late, \(report.activity.doneUnannounced) by policies that give no notice), \
            \(report.activity.byHand) rotations by hand or by holders; \(revoked) tokens revoked, \
            \(report.summary.verdicts.waived) verdicts waived. Policies `\(report.facts.policies.digest)`.

            """ + (report.facts.checkpoint.map(checkpoint) ?? "") + witnesses(report.witnesses)
    }

    /// Who has what was signed.
    private func witnesses(_ witnesses: [WitnessRecord]) -> String {
        let rows = witnesses.compactMap { witness in
            witness.taken.map { [witness.name, witness.kind, String($0.size), $0.at.description] }
        }
        guard !rows.isEmpty else { return "" }
        return "\nWitnesses, and the checkpoint that each took last:\n\n"
            + table(["Witness", "Kind", "Entries", "Taken at"], rows)
    }

    /// What the audit log was, to be held against it later.
    private func checkpoint(_ note: String) -> String { "\nCheckpoint of the audit log:\n\n```\n\(note)```\n" }

    private static let statuses = Verdict.Status.allCases.map(\.rawValue.capitalizedFirst)

    private func numbers(_ counts: StatusCounts) -> [String] { Verdict.Status.allCases.map { String(counts[$0]) } }

    private func table(_ columns: [String], _ rows: [[String]]) -> String {
        func line(_ cells: [String]) -> String { "| \(cells.joined(separator: " | ")) |\n" }
        return line(columns) + line(columns.map { _ in "---" }) + rows.map { line($0.map(escaped)) }.joined()
    }

    /// Text of anybody's making, as text: neither markup nor HTML, on one line.
    private func escaped(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result.append(contentsOf: "&amp;".unicodeScalars)
            case "<": result.append(contentsOf: "&lt;".unicodeScalars)
            case "\\", "`", "*", "_", "{", "}", "[", "]", "(", ")", "#", "!", "|", ">", "~", "@":
                result.append("\\")
                result.append(scalar)
            default: result.append(scalar.value < 0x20 || scalar.value == 0x7F ? " " : scalar)
            }
        }
        // A bare address would become a link (GFM autolinks).
        return String(result).replacing("://", with: ":\\//").replacing("www.", with: "www\\.")
    }
}
