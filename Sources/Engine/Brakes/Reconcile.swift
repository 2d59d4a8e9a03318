import Crypto
package import RotaCore

/// Compares a store with what the vaults hold, and takes back what it has lost: so that one which was restored or
/// copied may act again without locking anybody out (I5, I12).
package struct ReconcileUseCase: Sendable {
    /// How long a value lives on that an adopted one has replaced.
    private static let overlap = Rule.usualOverlap

    private let store: StoreQueue
    private let rotator: Rotator
    private let clock: any WallClock
    private let progress: ProgressReport?

    package init(store: StoreQueue, rotator: Rotator, clock: any WallClock, progress: ProgressReport? = nil) {
        self.store = store
        self.rotator = rotator
        self.clock = clock
        self.progress = progress
    }

    // MARK: - Comparing

    /// Reads every destination, and changes nothing.
    ///
    /// - parameter adopts: whether values that were lost may be taken back; else their tokens are rotated.
    package func compare(with audit: ExportedAudit, adopts: Bool = true) async throws -> Reconciliation {
        let (identity, newest, tokens, count) = try await store.write { store in
            var (ids, count) = ([TokenID](), 0)
            try store.eachToken(states: [.active, .quarantined], in: .unsorted) { token in
                guard token.issuer == .rota, token.destinationCount > 0 else { return true }
                ids.append(token.id)
                count += token.destinationCount
                return true
            }
            return (try store.identity(), try store.newestEntryTime(), ids, count)
        }
        var result = Reconciliation(identity: identity, doubt: try await store.write { try $0.doubt() })
        let survey = DestinationSurvey(store: store, vaults: rotator.vaults)
        let seen = Locked<[SurveyedPlace]>([])
        let tally = StepTally(.reading, telling: progress)
        tally.expect(count)
        try await survey.look(at: tokens) { place in
            seen.withLock { $0.append(place) }
            tally.add()
        }
        let places = seen.withLock(\.self).sorted {
            ($0.token.name, $0.destination.id) < ($1.token.name, $1.destination.id)
        }
        var lost: [Digest: [SurveyedPlace]] = [:]
        for place in places {
            result.places += 1
            switch place.content {
            case .empty, .adopted: continue
            case .version(_, let state):
                if !state.authenticates, place.token.state == .active { result.ended.append(place) }
            case .unknown(let digest) where place.ownHint != nil: lost[digest, default: []].append(place)
            case .otherToken, .ended, .unknown: result.foreign.append(place)
            case .writeOnly: result.writeOnly += 1
            case .unreadable: result.unreadable.append(place)
            }
        }
        let past = audit.read()
        result.losses = try await judge(lost, past, since: newest ?? identity.createdAt)
        if !adopts {
            for index in result.losses.indices where result.losses[index].cure != .rotate {
                (result.losses[index].cure, result.losses[index].why) = (.rotate, "nothing is to be taken back")
            }
        }
        try await lookForEnds(past, places, &result)
        try await lookForSwitches(past, &result)
        return result
    }

    private func judge(
        _ lost: [Digest: [SurveyedPlace]], _ past: FormerLife, since newest: Instant
    ) async throws -> [Reconciliation.Loss] {
        var losses: [Reconciliation.Loss] = []
        for (number, (digest, all)) in lost.enumerated() {
            progress?(StepProgress(.judging, number, of: lost.count))
            let byToken = Dictionary(grouping: all, by: \.token.id)
            for (id, places) in byToken {
                let version = LostVersion(
                    tokenID: id, digest: digest, hint: places[0].ownHint ?? "",
                    places: places.compactMap { place in
                        place.base.map { LostVersion.Place(destination: place.destination, base: $0) }
                    }, issuedAt: newest)
                let others = lost.values.count { $0.contains { $0.token.id == id } } - 1
                let (cure, why) = try await judge(version, past, isShared: byToken.count > 1, others: others)
                losses.append(Reconciliation.Loss(version: version, name: places[0].token.name, cure: cure, why: why))
            }
        }
        return losses.sorted { ($0.name, $0.version.hint) < ($1.name, $1.version.hint) }
    }

    private func judge(
        _ version: LostVersion, _ past: FormerLife, isShared: Bool, others: Int
    ) async throws -> (Reconciliation.Loss.Cure, String) {
        if isShared { return (.rotate, "destinations of several tokens hold it") }
        let known = past.version(of: version.digest)
        if let known, known.token != version.tokenID { return (.rotate, "it was a value of another token") }
        if past.hasEnded(version.digest) { return (.rotate, "the audit log says that it was ended") }
        let id = version.tokenID
        let (destinations, valid, isOpen) = try await store.read { store in
            (
                try store.destinations(of: id).count, try store.versions(of: id).count { $0.state.authenticates },
                try store.rotation(of: id) != nil
            )
        }
        guard valid + others < 3 else { return (.rotate, "three of its values would be valid beside it") }
        let proof = known.map { "the audit log knows it as version \($0.version)" } ?? "it has the layout of our own"
        if destinations == version.places.count, !isOpen { return (.adopt, "every destination holds it; \(proof)") }
        return (.adoptAndRotate, (isOpen ? "a rotation is under way; " : "not every destination holds it; ") + proof)
    }

    /// What the exported log says was ended, and is not here.
    private func lookForEnds(
        _ past: FormerLife, _ places: [SurveyedPlace], _ result: inout Reconciliation
    ) async throws {
        let (revocations, retirements) = try await store.read { store in
            var revocations: [(token: Token, cause: String)] = []
            for (id, cause) in past.revoked {
                guard let token = try store.token(id), token.end == nil else { continue }
                revocations.append((token, cause))
            }
            let revoked = Set(revocations.map(\.token.id))
            var retirements: [Reconciliation.Retirement] = []
            for id in past.tokensWithEnds where !revoked.contains(id) {
                guard let token = try store.token(id), token.end == nil else { continue }
                for version in try store.versions(of: id)
                where version.state.authenticates && past.hasEnded(version, of: id) {
                    let value = ExportedAudit.Value(token: id, version: version.number)
                    retirements.append(Reconciliation.Retirement(value: value, name: token.name))
                }
            }
            return (revocations, retirements)
        }
        result.forgotten = try await store.read { store in
            try past.made.filter { try past.revoked[$0.key] == nil && store.token($0.key) == nil }
                .map { (id: $0.key, name: $0.value) }.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
        }
        result.revocations = revocations.sorted { $0.token.name < $1.token.name }
        let around = Dictionary(grouping: places, by: \.token.id)
        result.retirements = retirements.map { retirement in
            var retirement = retirement
            for place in around[retirement.value.token] ?? [] {
                switch place.content {
                case .version(retirement.value.version, _): retirement.heldBy.append(place.destination)
                case .unreadable: retirement.unreadable.append(place.destination)
                default: continue
                }
            }
            return retirement
        }.sorted { ($0.name, $0.value.version) < ($1.name, $1.value.version) }
    }

    /// The last quarantines and restorations that the exported log tells of and that are later than what is here.
    private func lookForSwitches(_ past: FormerLife, _ result: inout Reconciliation) async throws {
        let revoked = Set(result.revocations.map(\.token.id))
        result.switches = try await store.read { store in
            var switches: [Reconciliation.Switching] = []
            for (id, last) in past.switches where !revoked.contains(id) {
                guard let token = try store.token(id), token.issuer == .rota,
                    token.state == (last.isOff ? .active : .quarantined),
                    last.isNewer(than: try store.lastSwitch(of: id))
                else { continue }
                switches.append(Reconciliation.Switching(token: id, name: token.name, last: last))
            }
            return switches.sorted { ($0.name, $0.token) < ($1.name, $1.token) }
        }
    }

    // MARK: - Carrying it out

    /// Takes back, revokes again, retires again, and begins the next life of the store, all in one transaction; then
    /// rotates what is to be.
    ///
    /// - Parameters:
    ///   - instance: the new name of a store that was copied, so that the two never pass for one.
    ///   - audit: the one that was compared with.
    /// - Returns: nil when somebody else has reconciled it meanwhile.
    package func carryOut(
        _ plan: Reconciliation, instance: String?, actor: AuditActor, reason: String
    ) async throws -> Reconciled? {
        let change = Change(actor: actor, at: clock.now(), cause: reason)
        let id = Hex.encode(rotator.random.bytes(16))
        let done = try await store.write { store in try Self.write(plan, id, instance, change, in: store) }
        guard var done else { return nil }
        let requests = plan.rotations.sorted { $0.text < $1.text }.map { id in
            RotationRequest(
                tokenID: id, revision: nil, overlap: Self.overlap, trigger: nil, supersedes: true,
                change: change.at(clock.now()))
        }
        let tally = StepTally(.rotating, telling: progress)
        tally.expect(requests.count)
        done.rotations = try await rotator.rotate(requests) { _, _ in tally.add() }
        return done
    }

    private static func write(
        _ plan: Reconciliation, _ id: String, _ instance: String?, _ change: Change, in store: any Store
    ) throws -> Reconciled? {
        guard
            try store.beginGeneration(
                after: plan.identity, id: id, instance: instance, totals: plan.totals, change: change)
        else { throw StoreError.refused("somebody else has reconciled the store meanwhile", hint: "look again") }
        // The doubt about the store has gone by that, and what else there is shows now.
        if let brake = try store.brake(at: change.at) { throw StoreError.held(brake) }
        var done = Reconciled(identity: try store.identity())
        for (token, cause) in plan.revocations {
            if try store.revokeToken(token.id, change: change.again("revoked", cause)) { done.revoked += 1 }
        }
        for entry in plan.switches where !entry.last.isOff {
            let again = change.again("restored", entry.last.cause)
            if try store.restoreToken(entry.token, change: again) { done.restored += 1 }
        }
        done.adopted = try takeBack(plan.losses, change, in: store)
        for retirement in plan.retirements {
            let value = retirement.value
            guard retirement.isDue else {
                // Whoever has just read it there has as long to change over as after any rotation.
                let end = change.at + Self.overlap
                _ = try store.keepHeld(value.token, version: value.version, until: end, change: change)
                continue
            }
            if try store.retireAgain(value.token, version: value.version, change: change) { done.retired += 1 }
        }
        // After what was lost is back: a token in quarantine takes nothing back.
        for entry in plan.switches where entry.last.isOff {
            let again = change.again("quarantined", entry.last.cause)
            if try store.quarantineToken(entry.token, by: entry.last.rule, change: again) {
                done.quarantined += 1
            } else {
                done.notQuarantined.append(entry.name)
            }
        }
        return done
    }

    /// Answers how many values are accepted again.
    private static func takeBack(
        _ losses: [Reconciliation.Loss], _ change: Change, in store: any Store
    ) throws -> Int {
        var adopted = 0
        for loss in losses {
            guard loss.cure != .rotate else {
                // It may be written over, and is not accepted.
                for place in loss.version.places {
                    _ = try store.adopt(
                        place.destination, of: loss.version.tokenID, holding: loss.version.digest, change: change)
                }
                continue
            }
            let overlap = loss.cure == .adopt ? Self.overlap : nil
            // Where something has changed since it was read, the value is accepted all the same.
            let number =
                try store.adoptVersion(loss.version, supersedes: overlap, change: change)
                ?? (overlap == nil ? nil : store.adoptVersion(loss.version, supersedes: nil, change: change))
            if number != nil { adopted += 1 }
        }
        return adopted
    }
}

extension Change {
    /// The same for what was done in a life of the store that it does not remember.
    fileprivate func again(_ what: String, _ cause: String) -> Change {
        var again = self
        again.cause = "\(what) in a former life of the store: \(cause)"
        return again
    }
}

extension StoreReads {
    /// When the newest audit entry was written.
    fileprivate func newestEntryTime() throws -> Instant? {
        var newest: Instant?
        try eachAuditEntry(below: .max, object: nil) { entry in
            newest = entry.at
            return false
        }
        return newest
    }

    /// The last entry of its log about a token being taken out of use or put back into it.
    fileprivate func lastSwitch(of id: TokenID) throws -> AuditEntry? {
        var last: AuditEntry?
        try eachAuditEntry(below: .max, object: id.text) { entry in
            if ["token.quarantine", "token.restore"].contains(entry.action) { last = entry }
            return last == nil
        }
        return last
    }
}
