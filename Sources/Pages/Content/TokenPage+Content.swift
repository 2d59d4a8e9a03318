import Engine
package import HTML
import RotaCore

extension TokenPage {
    package var title: String { token.name }
    package var section: Section? { .apiTokens }

    package func content(in frame: Frame) -> Markup {
        """
        \(heading(title, trail: [link("/admin/api-tokens", "API Tokens")], lede: lede, actions: actions(frame)))\
        \(quarantineNote(frame))\(rotationCard(frame))\(overview(frame))\(verdicts(frame))
        <div class="columns">\(valuesCard(frame))\(placesCard)</div>
        \(usesCard(frame))\(waiversCard(frame))\(timelineCard(frame))
        """
    }

    private var lede: Markup {
        let description: Markup = token.description.isEmpty ? "" : " \(token.description)"
        return "<span class=\"badges\">\(badge(token.state))\(standing)</span>\(description)"
    }

    private var standing: Markup {
        let violating = rulings.count { $0.verdict.status == .violating }
        guard violating == 0 else { return badge(violating.of("violation"), .bad) }
        return rulings.max { $0.verdict.status.gravity < $1.verdict.status.gravity }.map { badge($0.verdict.status) }
            ?? ""
    }

    private func actions(_ frame: Frame) -> Markup {
        let isLive = token.state == .active || token.state == .quarantined
        var buttons = Markup()
        func add(_ part: Markup, _ text: Markup, _ look: Markup = "", if condition: Bool) {
            if condition { buttons += button(address(of: token.id, part), text, look) }
        }
        add("/edit", "Edit", if: isLive && frame.may(.edit))
        add("/rotate", "Rotate", if: token.state == .active && token.issuer == .rota && frame.may(.rotate))
        add("/restore", "Restore", "primary", if: token.state == .quarantined && frame.may(.quarantine))
        add("/quarantine", "Quarantine", if: token.state == .active && frame.may(.quarantine))
        if isLive, frame.may(.askWaiver) {
            buttons += button(address("waivers/new", [("token", token.id.text)]), "Ask for Waiver")
        }
        add("/revoke", "Revoke", "danger", if: isLive && frame.may(.revoke))
        return buttons
    }

    private func quarantineNote(_ frame: Frame) -> Markup {
        guard let quarantine else { return "" }
        let text = """
            Since \(time(quarantine.quarantine.since, frame.now)), by \(quarantine.quarantine.by): \
            \(quarantine.quarantine.cause). \(quarantine.sequel(frame.now))
            """ as Markup
        return alert("warning", "Quarantined.", text)
    }

    // MARK: - What it is

    private func overview(_ frame: Frame) -> Markup {
        let labels = token.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        var list: [(String, Markup)] = [
            ("Owner", orNone(token.owner, "nobody")), ("Integration", orNone(token.integration)),
            ("Scopes", tags(token.scopes, most: 12)), ("Labels", tags(labels, most: 12)),
            ("Issuer", "\(token.issuer.description)\(token.externalID.map { " <code>\($0)</code>" } ?? "" as Markup)"),
            ("Id", "<code>\(token.id.text)</code>"),
            (
                "Created",
                """
                \(time(token.createdAt, frame.now))\
                \(token.createdBy.isEmpty ? "" : " by \(token.createdBy)" as Markup)\
                \(token.provenance == .asserted ? " <span class=\"quiet\">as imported</span>" : "" as Markup)
                """
            ),
            ("Ends", time(token.expiresAt, frame.now, none: "never; valid until it is revoked")),
            ("Last used", lastUse(frame)),
            ("Value issued", time(token.values.currentIssuedAt, frame.now, none: "not known")),
            ("Next action", next(frame)),
        ]
        if let end = token.end {
            list.append(("Ended", "\(time(end.at, frame.now)) by \(end.by): \(end.cause)"))
        }
        return card("about", "About", facts(list))
    }

    private func lastUse(_ frame: Frame) -> Markup {
        switch token.usage {
        case .lastUsed(let instant): time(instant, frame.now)
        case .neverUsed(let since): "never; watched since \(time(since, frame.now))"
        case .unknown: "<span class=\"quiet\">not known</span>"
        }
    }

    private func next(_ frame: Frame) -> Markup {
        // What is under way comes before what a policy would begin after it.
        if let rotation, rotation.phase == .open {
            return "\(badge(.rotate)) under way since \(time(rotation.claimedAt, frame.now))"
        }
        if let rotation, rotation.phase == .overlap {
            return "the old value ends after the overlap of the rotation that is under way"
        }
        guard let coming else { return "<span class=\"quiet\">nothing</span>" }
        let when: Markup = coming.verdict.start.map { time($0, frame.now) } ?? "with the next run"
        return """
            \(badge(coming.action)) \(when) <span class="quiet">by \(policyLink(coming.rule.policy, frame)), \
            \(coming.rule.rule)</span>
            """
    }

    // MARK: - What policies say

    private func verdicts(_ frame: Frame) -> Markup {
        let rows = rulings.sorted { $0.verdict.status.gravity > $1.verdict.status.gravity }.map { ruling -> [Markup] in
            [
                "\(policyLink(ruling.policy, frame))\(below("\(ruling.rule) · \(ruling.mode.rawValue)"))",
                badge(ruling.verdict.status), "\(ruling.verdict.reason.message.capitalizedFirst).",
                ruling.verdict.deadline.map { twoLines($0, frame.now) } ?? "–", badge(ruling.action),
            ]
        }
        return card(
            "verdicts", "What the policies say",
            rows.isEmpty
                ? "<p class=\"quiet\">\(unjudged)</p>"
                : table("Verdicts", ["Policy and rule", "Status", "Why", "Deadline", "Action"], rows))
    }

    private func below(_ text: String) -> Markup { "<span class=\"below\">\(text)</span>" }

    private var unjudged: Markup {
        token.state == .active ? "No policy selects this token." : "Policies do not judge it as it is."
    }

    // MARK: - Rotation

    private func rotationCard(_ frame: Frame) -> Markup {
        guard let rotation else { return "" }
        let newest = rotation.toVersion
        let pushed = places.count { $0.push?.version == newest && $0.push?.state == .verified }
        let step =
            switch rotation.phase {
            case .open: newest == nil ? 0 : pushed < places.count ? 1 : 2
            case .overlap: 3
            case .done, .closed: 4
            }
        let cause: Markup = rotation.cause.map { alert("warning", "It is stalled.", "\($0)") } ?? ""
        let trigger = rotation.trigger.map { "\($0.policy), \($0.rule)" } ?? "asked for by a person"
        let steps = [
            "Claimed", "Pushed to \(pushed) of \(places.count.of("place"))", "Made current", "Overlap",
            "Old value retired",
        ]
        return card(
            "rotation", "Rotation in progress",
            note: "From version \(at: rotation.fromVersion), since \(time(rotation.claimedAt, frame.now)); \(trigger).",
            stepper(steps, at: step), cause,
            facts([
                ("Overlap", "\(rotation.overlap.spoken)"),
                ("Failed attempts", "\(rotation.failures)"),
                ("Next attempt", time(rotation.nextAttemptAt, frame.now)),
            ]))
    }

    // MARK: - Versions and places

    private func valuesCard(_ frame: Frame) -> Markup {
        let rows = versions.map { version -> [Markup] in
            let mood: Mood =
                switch version.state {
                case .current: .good
                case .pending: .accent
                case .previous, .unconfirmed: .heed
                case .revoked, .expired: .plain
                }
            let end = version.endedAt ?? version.endsAt
            return [
                "Version \(at: version.number)", badge(version.state.rawValue, mood),
                version.hint.isEmpty ? "–" : "<code>…\(version.hint)</code>",
                version.issuedAt.map { shortTime($0, frame.now) } ?? "–",
                end.map { shortTime($0, frame.now) } ?? "–",
            ]
        }
        return card(
            "versions", "Versions", note: "Of each value only a digest is kept.",
            table("Versions", ["Version", "State", "Value", "Issued", "Ends"], rows, look: "small"))
    }

    private var placesCard: Markup {
        let rows = places.map { place -> [Markup] in
            let state: Markup =
                place.push.map { push -> Markup in
                    switch push.state {
                    case .verified: badge("holds version \(push.version)", .good)
                    case .sending: badge("sending version \(push.version)", .accent)
                    case .unsent: badge("waits for version \(push.version)", .plain)
                    case .fenced: badge("fenced", .heed)
                    }
                } ?? "<span class=\"quiet\">not pushed yet</span>"
            let field: Markup = place.destination.field.map { "#\($0)" } ?? ""
            return ["\(place.destination.vault)", "<code>\(place.destination.path)\(field)</code>", state]
        }
        return card(
            "places", "Destinations", note: "Where its value lives.",
            rows.isEmpty
                ? "<p class=\"quiet\">None: its value cannot be pushed anywhere, and somebody has to carry it.</p>"
                : table("Destinations", ["Vault", "Path", "Push"], rows, look: "small"))
    }

    // MARK: - Uses

    private func usesCard(_ frame: Frame) -> Markup {
        let idle: Markup =
            token.idleSince.map { "Idle for \(rough(frame.now - $0))." } ?? "Its use is not watched."
        let unused: Markup =
            scopesNeverExercised.map { scopes in
                scopes.isEmpty ? "" : "<p class=\"remark\">Scopes that no use has needed: \(tags(scopes, most: 12))</p>"
            } ?? ""
        return card(
            "uses", "Usage", note: "The last 30 days. \(idle)",
            uses.isEmpty ? nothingSeen(of: token) : usesTable(uses, frame.now), unused)
    }

    private func waiversCard(_ frame: Frame) -> Markup {
        guard !waivers.isEmpty else { return "" }
        let rows = waivers.map { waiver -> [Markup] in
            [
                "<code>\(waiver.id)</code>", badge(waiver, frame.now),
                "\(policyLink(waiver.policy, frame))<span class=\"below\">\(waiver.rule ?? "all rules")</span>",
                "\(waiver.reason)<span class=\"below\">\(waiver.requester.name)</span>",
                twoLines(waiver.endsAt, frame.now),
            ]
        }
        return card("waivers", "Waivers", table("Waivers", ["Waiver", "State", "Policy", "Reason", "Ends"], rows))
    }

    private func timelineCard(_ frame: Frame) -> Markup {
        let items = timeline.map { entry -> Markup in
            let cause = entry.cause
            return """
                <li><div><strong>\(entry.action)</strong> <span class="quiet">by \(entry.actor)</span></div>
                <div>\(cause)</div>
                <div class="quiet">\(time(entry.at, frame.now))</div></li>

                """
        }
        let more: Markup =
            frame.person?.sees.contains(.audit) ?? false
            ? link(address("audit", [("object", token.id.text)]), "All in the audit log") : ""
        return card(
            "timeline", "Timeline", note: hasMore ? "The latest ones. \(more)" : more,
            items.isEmpty ? "<p class=\"quiet\">Nothing yet.</p>" : "<ol class=\"timeline\">\(items)</ol>")
    }
}

/// Who used which version, and how often.
func usesTable(_ uses: [SeenUse], _ now: Instant) -> Markup {
    let rows = uses.map { use -> [Markup] in
        [
            use.version == 0 ? "Version not known" : "Version \(at: use.version)",
            use.lastUsed.map { twoLines($0, now) } ?? "never", "\(use.uses)",
            use.refusals == 0 ? "0" : badge(use.refusals.grouped, .heed), tags(use.addresses, most: 4),
            tags(use.agents, most: 3),
        ]
    }
    return table("Uses", ["Version", "Last", .number("Uses"), .number("Refused"), "From", "By"], rows)
}

extension QuarantineOutlook {
    /// What becomes of it, and who misses it.
    func sequel(_ now: Instant) -> Markup {
        let end: Markup =
            revocation.map { "It is revoked \(time($0.at, now)) unless somebody restores it." }
            ?? "It stays so until somebody restores or revokes it."
        let missed: Markup = refused.map { " It was \($0.sentence)." } ?? " Nobody has presented it since."
        return "\(end)\(missed)"
    }
}

func badge(_ waiver: Waiver, _ now: Instant) -> Markup {
    switch waiver.state {
    case .requested where waiver.endsAt > now: badge("requested", .heed)
    case .active where waiver.isInForce(at: now): badge("in force", .waived)
    case .requested, .active, .expired: badge("ended", .plain)
    case .withdrawn: badge("withdrawn", .plain)
    }
}
