import Engine
import JSON
import RotaCore

// What a report says of controls, of rows, of time, and against an earlier one.

extension ControlPosture {
    /// - parameter loaded: the policies that the sources are places of.
    func json(_ loaded: [Policy]) -> JSON {
        [
            "framework": .string(framework), "control": .string(control),
            "policies": .array(policies.map { .string($0) }), "verdicts": verdicts.json,
            "standing": .string(standing.rawValue),
            "facts": ["observed": .integer(observed), "asserted": .integer(asserted)],
            "sources": .array(
                sources.map { source in
                    let policy = loaded[source.policy]
                    let rule = policy.rules[source.rule]
                    return [
                        "policy": .string(policy.name), "mode": .string(policy.mode.rawValue),
                        "rule": .string(rule.name), "requirement": .string(rule.sentence),
                        "basis": .string(policy.basis), "verdicts": source.verdicts.json,
                        "facts": ["observed": .integer(source.observed), "asserted": .integer(source.asserted)],
                    ]
                }),
        ]
    }
}

extension FollowedRows {
    var json: JSON {
        [
            "due": .array(due.map(\.json)), "unknown": .array(unknown.map(\.json)),
            "uncovered": .array(uncovered.map { .object($0.json) }), "blocked": .array(blocked.map(\.json)),
        ]
    }
}

extension ListedToken {
    fileprivate var json: JSON.Object {
        ["token_id": .string(id.text), "name": .string(name), "owner": .string(owner)]
    }
}

extension ListedVerdict {
    fileprivate var json: JSON {
        var json = token.json
        json["policy"] = .string(policy)
        json["rule"] = .string(rule)
        json["reason"] = .string(reason)
        json["message"] = .string(message)
        json["deadline"] = time(deadline)
        if let blocked { json["blocked"] = .string(blocked.rawValue) }
        return .object(json)
    }
}

private func time(_ instant: Instant?) -> JSON { instant.map { .string($0.description) } ?? .null }

private func seconds(_ span: TimeSpan?) -> JSON { span.map { .integer($0.seconds) } ?? .null }

extension Report {
    var trendJSON: JSON {
        [
            "from": time(history.from), "to": time(history.to),
            "first_run": time(history.firstRun),
            "open_before": history.beginsKnown ? .integer(history.openBefore) : .null,
            "opened": .integer(history.opened), "resolved": .integer(history.resolved.count),
            "dropped": .integer(history.dropped), "open_after": .integer(history.openAfter),
            "oldest_open": time(history.oldestOpen),
            "days": .array(
                history.days.map { day in
                    [
                        "date": .string(day.date.date), "open": .integer(day.open), "opened": .integer(day.opened),
                        "closed": .integer(day.closed),
                    ]
                }),
            "runs": .array(
                runs.map { told in
                    [
                        "id": .string(told.run.id), "actor": .string(told.run.actor.name),
                        "started": time(told.run.startedAt), "finished": time(told.run.finishedAt),
                        "aborted": told.run.aborted.map { .string($0) } ?? .null,
                        "outcomes": counts(Outcome.allCases) { told.outcomes[$0] },
                    ]
                }),
        ]
    }

    var timeToComplyJSON: JSON {
        let rules = history.byRule.sorted { ($0.key.policy, $0.key.rule) < ($1.key.policy, $1.key.rule) }
        var json = history.resolved.json
        json["by_rule"] = .array(
            rules.map { rule, times in
                var json = times.json
                json["policy"] = .string(rule.policy)
                json["rule"] = .string(rule.rule)
                return .object(json)
            })
        return .object(json)
    }
}

extension ResolutionTimes {
    fileprivate var json: JSON.Object {
        [
            "resolved": .integer(count), "median_seconds": seconds(within(percent: 50)),
            "ninety_percent_seconds": seconds(within(percent: 90)),
            "longest_seconds": count == 0 ? .null : .integer(longest.seconds),
        ]
    }
}

extension SecurityInventory.Entry {
    var json: JSON {
        [
            "token_id": .string(token.id.text), "name": .string(token.name),
            "type": .string(token.issuer.description), "integration": .string(token.integration),
            "purpose": .string(token.description), "owner": .string(token.owner),
            "expires_at": time(token.expiresAt), "renewed_at": time(token.values.currentIssuedAt),
            "renewal": renewal.map { renewal in
                [
                    "policy": .string(renewal.policy), "rule": .string(renewal.rule),
                    "automatic": .bool(renewal.isAutomatic && token.issuer == .rota && token.destinationCount > 0),
                    "deadline": time(renewal.deadline),
                ]
            } ?? .null,
        ]
    }
}

extension ReportComparison {
    var json: JSON {
        [
            "earlier": [
                "at": time(earlier.at), "policies_digest": .string(earlier.policiesDigest),
                "instance": .string(earlier.instance),
            ],
            "same_policies": .bool(hasSamePolicies), "verdicts_before": before.json, "verdicts_now": now.json,
            "tokens_before": .integer(tokensBefore), "tokens_now": .integer(tokensNow),
            "new_tokens": .integer(newTokens), "gone_tokens": .integer(goneTokens),
            "new_listed": .array(newListed.map { .string($0) }),
            "still_violating": .integer(stillViolating),
            "changes": Reports.counts(Change.allCases) { counts[$0] },
            "listed": .object(
                JSON.Object(
                    Change.allCases.map { change in (change.rawValue, .array((listed[change] ?? []).map(\.json))) })),
        ]
    }
}

extension ReportComparison.Entry {
    fileprivate var json: JSON {
        [
            "token_id": .string(tokenID.text), "name": .string(name), "policy": .string(rule.policy),
            "rule": .string(rule.rule), "message": .string(message),
        ]
    }
}
