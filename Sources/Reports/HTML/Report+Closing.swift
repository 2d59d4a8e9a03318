import Engine
import HTML
import RotaCore

/// What the inventory holds, how to read the page, and where it comes from.
extension Report {
    var inventory: Markup {
        let known = summary.inventory
        let kinds = known.external.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let states = TokenState.allCases.map {
            fact($0.rawValue.capitalizedFirst, (summary.states[$0] ?? 0).grouped)
        }
        let issuers = kinds.prefix(12).map { fact("Made by external:\($0.key)", $0.value.grouped) }
        return section(
            "inventory", "Inventory facts",
            """
            \(summary.population); those that are not live are listed in <code>\(TokensNotJudged.file)</code> of the \
            archive for auditors (<code>rota report bundle</code>). Observed facts were seen by rota \
            itself; asserted ones were \
            told to it by an import.
            """,
            """
            <dl class="facts">\(states)</dl>
            <h3>Live tokens</h3><dl class="facts">
            \(fact("Dates observed", part(known.observed)))
            \(fact("Dates asserted", part(known.asserted)))
            \(fact("Used, last use known", part(known.used)))
            \(fact("Never used, as watched or imported", part(known.neverUsed)))
            \(fact("Use not known", part(known.usageUnknown)))
            \(fact("Age of the value not known", part(known.ageUnknown)))
            \(fact("Values made by rota", part(known.driven)))\(issuers)
            \(fact("Without an owner", part(known.withoutOwner)))
            \(fact("Without a destination", part(known.withoutDestination)))
            \(fact("Rotation under way", part(known.rotating)))
            \(fact("Older value still valid", part(known.inOverlap)))</dl>

            """)
    }

    private func part(_ count: Int) -> String {
        count == 0 ? "0" : "\(count.grouped) (\(share(count, of: summary.evaluated)))"
    }

    var reading: Markup {
        section(
            "reading", "How to read this", "The words of this report.",
            """
            <div class="reading"><ul>
            <li>A <strong>live</strong> token is one that authenticates: it is active and has not \
            reached its end. Only \
            live tokens are judged; quarantined, revoked and expired ones are counted above.</li>
            <li>A <strong>verdict</strong> is what one rule of one policy says of one token at the \
            instant named on top: \
            <span class="word violating">violating</span>, the rule is broken; <span class="word \
            due">due</span>, it \
            will be unless the action is taken in time, and the time to begin has come; <span \
            class="word">unknown</span>, \
            a fact that it needs is missing, which is never taken for compliance; <span class="word \
            waived">waived</span>, \
            excepted with a reason until a date, whatever it would be, and never counted as compliant; \
            <span class="word compliant">compliant</span>.</li>
            <li>A token under several rules is counted once, under the gravest of its verdicts, \
            wherever tokens are counted.</li>
            <li>The <strong>age</strong> of a token is that of its oldest value that still \
            authenticates. A rotation whose \
            old value is still accepted has not made the token younger.</li>
            <li><strong>Idle</strong> time runs from the last use, or from the day watching began if it \
            was never used, and stands still while nobody watches. \
            Where use is not known, no token is called unused.</li>
            <li><strong>Overdue</strong> is the time since the deadline of the rule. Rules about a \
            missing end have no deadline.</li>
            <li>In mode <strong>observe</strong> a policy is reported on; in <strong>warn</strong> \
            people are told as \
            well; in <strong>enforce</strong> rota acts.</li>
            </ul><p>No value of any token is in this report, nor in the store that it was made from.</p></div>

            """)
    }

    private var watched: String {
        guard let watched = facts.watched else { return "assumed, without a break" }
        let period = facts.until - facts.since
        return watched == period ? "all of it" : "\(watched.spoken) of \(period.spoken)"
    }

    private var kind: String {
        if facts.hypothetical { return "hypothetical" }
        return facts.asOf.map { "as it was at \($0), rebuilt from the audit log" } ?? "actual"
    }

    /// To be held against the log later, by whoever keeps the report.
    private var checkpoint: Markup {
        guard let checkpoint = facts.checkpoint else { return "" }
        return """

            <h3>Checkpoint of the audit log</h3><pre>\(Markup(lines: checkpoint))</pre>
            """
    }

    /// Who has what was signed, out of the hands of those who operate rota.
    private var witnessed: Markup {
        guard facts.checkpoint != nil else { return "" }
        guard !witnesses.isEmpty else {
            return """

                <h3>Witnesses</h3><p>No checkpoint of the audit log was given to a witness: whoever has the store and \
                its key could write the log anew.</p>
                """
        }
        let facts = witnesses.map { witness in
            fact(
                "\(witness.name) (\(witness.kind))",
                witness.taken.map { "\($0.size.of("entry", plural: "entries")), at \($0.at)" } ?? "nothing")
        }
        return """

            <h3>Witnesses</h3><p>Who was given a checkpoint of the audit log, and what each took last. Ask them \
            for it: what the log was then cannot have been changed since without being found.</p>
            <dl class="facts">\(facts)</dl>
            """
    }

    var about: Markup {
        section(
            "about", "About this report", "What it was made from, so that it can be made again.",
            """
            <dl class="facts">\(fact("Judged at", facts.at.description))
            \(fact("Made at", facts.madeAt.description))
            \(fact("Kind", kind))
            \(fact("Tokens of", facts.owner ?? "every owner"))
            \(fact("Names", facts.isRedacted ? "pseudonyms" : "as they are"))
            \(fact("Asked for by", facts.actor))
            \(fact("Use watched in the period", watched))
            \(fact("Made by", facts.generator))\(fact("Period from", facts.since.description))
            \(fact("Store", facts.store.instance))\(fact("Generation", String(facts.store.generation)))
            \(fact("Store made at", facts.store.createdAt.description))
            \(fact("Verdicts", summary.verdicts.total.grouped))</dl>
            <h3>Digest of the policies</h3><p><code>\(facts.policies.digest)</code></p>\(checkpoint)\(witnessed)

            """)
    }
}
