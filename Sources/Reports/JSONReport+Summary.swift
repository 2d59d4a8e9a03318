import Engine
import JSON
import RotaCore

extension ReportFacts {
    var json: JSON {
        var json: JSON.Object = [
            "generator": .string(generator),
            "instance": .string(store.instance),
            "generation": .integer(store.generation), "generation_id": .string(store.generationID),
            "policies_digest": .string(policies.digest),
            "at": .string(at.description),
            "hypothetical": .bool(hypothetical),
            "made_at": .string(madeAt.description),
            "period_from": .string(since.description),
            "actor": .string(actor),
            "watched_seconds": watched.map { .integer($0.seconds) } ?? .null,
            "owner": owner.map { .string($0) } ?? .null, "redacted": .bool(isRedacted),
        ]
        if let asOf { json["as_of"] = .string(asOf.description) }
        if !gone.isEmpty {
            json["missing_records"] = .array(
                RecordKind.allCases.compactMap { kind in
                    gone[kind].map { ["kind": .string(kind.rawValue), "before": .string($0.description)] }
                })
        }
        if let checkpoint { json["checkpoint"] = .string(checkpoint) }
        return .object(json)
    }
}

extension ComplianceSummary {
    /// Counts of rows by status, and of tokens.
    var totals: JSON {
        var totals: JSON.Object = [
            "tokens": .integer(listed), "evaluated": .integer(evaluated),
            "selected": .integer(tokens.total), "uncovered": .integer(uncovered),
            "verdicts": .integer(verdicts.total),
        ]
        for status in Verdict.Status.allCases { totals[status.rawValue] = .integer(verdicts[status]) }
        totals["blocked"] = .integer(blocked.values.reduce(0, +))
        return .object(totals)
    }
}

extension Report {
    /// What the verdicts add up to.
    var json: JSON {
        [
            "states": counts(TokenState.allCases) { summary.states[$0] },
            "tokens": summary.tokens.json,
            "policies": .array(zip(facts.policies.policies, summary.policies).map(json)),
            "owners": .array(summary.owners.map(\.json)),
            "other_owners": [
                "owners": .integer(summary.otherOwnersCount), "tokens": summary.otherOwners.tokens.json,
            ],
            "controls": .array(summary.controls.map { $0.json(facts.policies.policies) }),
            "age": summary.age.json,
            "idle": summary.idle.json,
            "expiry": summary.expiry.json,
            "inventory": summary.inventory.json,
            "blocked": counts(BlockedReason.allCases) { summary.blocked[$0] },
            "worst": .array(summary.worstOffenders(25).map(\.json)),
            "revocations": [
                "count": .integer(summary.revocationsCount),
                "latest": .array(summary.revocations.map(\.json)),
            ],
            "activity": activity.json,
            "rotations": rotations.json,
            "missing": missing.json,
            "waivers": waivers.json(at: facts.at),
            "last_run": lastRun?.json ?? .null,
            "freezes": .array(freezes.map { $0.json(at: facts.until) }),
            "deliveries": deliveries.map { deliveries in
                [
                    "waiting": .integer(deliveries.waiting), "delivered": .integer(deliveries.delivered),
                    "dead": .integer(deliveries.dead),
                ]
            } ?? .null,
            "rows": summary.rows.json, "trend": trendJSON, "time_to_comply": timeToComplyJSON,
            "security_inventory": ["listed": .array(register.listed.map(\.json))],
            "witnesses": .array(
                witnesses.map { witness in
                    [
                        "name": .string(witness.name), "kind": .string(witness.kind),
                        "size": witness.taken.map { .integer($0.size) } ?? .null,
                        "taken_at": witness.taken.map { .string($0.at.description) } ?? .null,
                    ]
                }),
            "origins": origins.json, "notices": sentNotices.json,
            "comparison": comparison?.json ?? .null,
        ]
    }

    private func json(_ policy: Policy, _ posture: PolicyPosture) -> JSON {
        [
            "policy": .string(policy.name), "mode": .string(policy.mode.rawValue),
            "tokens": posture.tokens.json,
            "rules": .array(
                zip(policy.rules, posture.rules).map { rule, posture in
                    [
                        "rule": .string(rule.name), "action": .string(rule.action.rawValue),
                        "verdicts": posture.verdicts.json,
                    ]
                }),
        ]
    }
}

/// An object with a member for each case, in their order.
func counts<Key: RawRepresentable>(_ keys: [Key], _ count: (Key) -> Int?) -> JSON
where Key.RawValue == String {
    .object(JSON.Object(keys.map { ($0.rawValue, .integer(count($0) ?? 0)) }))
}

private func text(_ instant: Instant?) -> JSON {
    instant.map { .string($0.description) } ?? .null
}

extension StatusCounts {
    var json: JSON { counts(Verdict.Status.allCases) { self[$0] } }
}

extension OwnerPosture {
    fileprivate var json: JSON {
        ["owner": .string(owner), "tokens": tokens.json, "uncovered": .integer(uncovered)]
    }
}

extension Histogram {
    fileprivate var json: JSON {
        [
            "unit": "seconds",
            "limits": .array(limits.map { .integer($0.seconds) }),
            "unknown": .integer(unknown),
            "buckets": .array(
                buckets.map { bucket in
                    [
                        "from": .integer(bucket.from.seconds),
                        "to": bucket.to.map { .integer($0.seconds) } ?? .null,
                        "count": .integer(bucket.count), "violating": .integer(bucket.violating),
                    ]
                }),
        ]
    }
}

extension ExpiryOutlook {
    fileprivate var json: JSON {
        [
            "never": .integer(never), "past": .integer(past), "later": .integer(later),
            "coming": .array(coming.filter { $0.count > 0 }.map(day)),
            "crowded": .array(crowded.map(day)),
        ]
    }

    private func day(_ day: Day) -> JSON {
        ["date": .string(day.date.date), "count": .integer(day.count)]
    }
}

extension InventoryFacts {
    fileprivate var json: JSON {
        [
            "driven": .integer(driven),
            "external": .object(
                JSON.Object(external.sorted { $0.key < $1.key }.map { ($0.key, .integer($0.value)) })),
            "observed": .integer(observed), "asserted": .integer(asserted), "used": .integer(used),
            "never_used": .integer(neverUsed), "usage_unknown": .integer(usageUnknown),
            "age_unknown": .integer(ageUnknown), "without_owner": .integer(withoutOwner),
            "without_destination": .integer(withoutDestination), "rotating": .integer(rotating),
            "in_overlap": .integer(inOverlap),
        ]
    }
}

extension BrokenRule {
    fileprivate var json: JSON {
        [
            "token_id": .string(tokenID.text), "name": .string(name), "owner": .string(owner),
            "policy": .string(policy), "rule": .string(rule), "reason": .string(reason),
            "message": .string(message), "deadline": text(deadline),
            "overdue_seconds": .integer(overdue.seconds), "broken_rules": .integer(ofToken),
            "blocked": blocked.map { .string($0.rawValue) } ?? .null,
        ]
    }
}

extension RecordedRevocation {
    fileprivate var json: JSON {
        [
            "token_id": .string(tokenID.text), "name": .string(name), "at": text(end.at),
            "by": .string(end.by), "cause": .string(end.cause),
        ]
    }
}

extension MissingTokens {
    fileprivate var json: JSON {
        [
            "count": .integer(count),
            "listed": .array(
                listed.map { entry in
                    [
                        "token_id": .string(entry.token.id.text), "name": .string(entry.token.name),
                        "owner": .string(entry.token.owner), "issuer": .string(entry.token.issuer.description),
                        "since": text(entry.absence.since), "file": .string(entry.absence.file),
                    ]
                }),
        ]
    }
}

extension ListedWaivers {
    fileprivate func json(at now: Instant) -> JSON {
        let inForce: [JSON] = inForce.map { entry in
            var waiver = entry.waiver.json(at: now, name: entry.name).object ?? [:]
            waiver["tokens"] = .integer(entry.use.tokens)
            waiver["due_or_violating"] = .integer(entry.use.held)
            waiver["verdicts"] = .integer(entry.use.verdicts)
            waiver["violating_verdicts"] = .integer(entry.use.violating)
            return .object(waiver)
        }
        return ["in_force": .array(inForce), "others": .array(others.map { $0.waiver.json(at: now, name: $0.name) })]
    }
}

extension PeriodActivity {
    fileprivate var json: JSON {
        [
            "from": text(from), "to": text(to), "runs": .integer(runs),
            "done_in_time": .integer(doneInTime), "done_late": .integer(doneLate),
            "rotations_by_hand": .integer(byHand), "done_without_notice": .integer(doneUnannounced),
            "outcomes": .object(
                JSON.Object(
                    Action.allCases.map { action in
                        (action.rawValue, counts(Outcome.allCases) { outcomes[action]?[$0] })
                    })),
            "unfinished": .integer(unfinishedCount),
            "unfinished_listed": .array(listedUnfinished.map(\.json)),
        ]
    }
}

extension RecordedAction {
    fileprivate var json: JSON {
        [
            "token_id": .string(tokenID.text), "name": .string(name), "action": .string(action.rawValue),
            "policy": .string(policy), "rule": .string(rule), "outcome": .string(outcome.rawValue),
            "cause": cause.map { .string($0) } ?? .null, "deadline": text(deadline), "at": text(at),
        ]
    }
}

extension PastFreeze {
    fileprivate func json(at now: Instant) -> JSON {
        [
            "reason": .string(freeze.reason), "by": .string(freeze.actor), "since": text(freeze.begunAt),
            "until": text(until), "on": .bool(isOn(at: now)),
        ]
    }
}

extension OpenRotations {
    fileprivate var json: JSON {
        [
            "open": .integer(open), "overlap": .integer(overlap), "stalled": .integer(stalled),
            "stalled_listed": .array(
                listed.map { entry in
                    [
                        "token_id": .string(entry.rotation.tokenID.text), "name": .string(entry.name),
                        "since": text(entry.rotation.claimedAt),
                        "failures": .integer(entry.rotation.failures),
                        "next_attempt": text(entry.rotation.nextAttemptAt),
                        "cause": .string(entry.rotation.cause ?? ""),
                    ]
                }),
        ]
    }
}

extension RunRecord {
    fileprivate var json: JSON {
        [
            "id": .string(id), "plan": plan.map { .string($0) } ?? .null, "actor": .string(actor.name),
            "started": text(startedAt),
            "finished": text(finishedAt), "aborted": aborted.map { .string($0) } ?? .null,
        ]
    }
}
