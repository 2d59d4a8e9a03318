import Crypto
package import RotaCore

/// Rotates the token of whoever holds its current value, because he says so.
///
/// He is no operator: it begins only from the value that he came with, never while an older one is accepted still, and
/// not again for a while where it came to nothing. So a loop of his costs nobody else anything.
package struct RotateForHolder: Sendable {
    /// What came of it.
    package enum Outcome: Sendable, Equatable {
        /// The value is nobody's any more.
        case unknown
        /// Another value has taken its place, or is on its way, or it is not accepted any more: how it stands tells.
        case settled
        /// Somebody else has just asked for it.
        case underWay
        /// It cannot be rotated from here at all.
        case impossible(BlockedReason)
        /// An older value is accepted until then; nil: until it is used no more.
        case inOverlap(until: Instant?)
        /// It came to nothing, and may be asked for again then.
        case failed(until: Instant)
        /// A place holds what Rota did not write there: a person has to look.
        case conflict(until: Instant)
        case held(Brake)
        /// The process or its configuration comes to an end: whoever asks again is attended to.
        case stopping
    }

    private let store: StoreQueue
    private let rotator: Rotator
    private let policies: PolicySet
    private let clock: any WallClock
    private let pauses: HolderPauses

    /// - parameter pauses: one for all readings of the configuration.
    package init(
        store: StoreQueue, rotator: Rotator, policies: PolicySet, clock: any WallClock, pauses: HolderPauses
    ) {
        self.store = store
        self.rotator = rotator
        self.policies = policies
        self.clock = clock
        self.pauses = pauses
    }

    /// Rotates, and tells how the value stands afterwards; nil where it is nobody's.
    ///
    /// - parameter begun: called with what the rotation came to, for each that was begun.
    package func rotate(
        _ digest: Digest, begun: @Sendable (RotationResult) -> Void = { _ in }
    ) async throws -> (outcome: Outcome, held: HeldValue?) {
        guard let held = try await look(digest) else { return (.unknown, nil) }
        if let refusal = refusal(of: held) { return (refusal, held) }
        let id = held.token.id
        switch pauses.begin(id, at: clock.now()) {
        case .free: break
        case .underWay: return (.underWay, held)
        case .until(let end): return (.failed(until: end), held)
        }
        let outcome: Outcome
        do {
            outcome = try await begin(held, begun)
        } catch {
            pauses.end(id)
            throw error
        }
        return (outcome, try await look(digest))
    }

    private func look(_ digest: Digest) async throws -> HeldValue? {
        let now = clock.now()
        return try await store.read { try HeldValue(with: digest, in: $0, at: now) }
    }

    /// What is in the way before anything is begun.
    private func refusal(of held: HeldValue) -> Outcome? {
        guard held.fate.standing == .valid, !held.isUnderWay else { return .settled }
        guard held.token.issuer == .rota else { return .impossible(.issuerNotDriven) }
        let older = held.versions.filter { $0.number != held.version.number && $0.state.authenticates }
        guard older.isEmpty else {
            let ends = older.compactMap(\.endsAt)
            return .inOverlap(until: ends.count == older.count ? ends.max() : nil)
        }
        return nil
    }

    private func begin(_ held: HeldValue, _ begun: @Sendable (RotationResult) -> Void) async throws -> Outcome {
        let id = held.token.id
        let now = clock.now()
        let (places, tracking) = try await store.read { (try $0.destinations(of: id), try $0.tracking()) }
        guard !places.isEmpty else { return finish(id, .impossible(.noDestination)) }
        guard places.allSatisfy({ rotator.vaults[$0.vault] != nil }) else {
            return finish(id, .impossible(.unknownVault))
        }
        let (overlap, cap) = policies.overlap(of: held.token, at: now, tracking: tracking)
        let request = RotationRequest(
            tokenID: id, revision: nil, fromVersion: held.version.number, overlap: overlap, cap: cap, trigger: nil,
            change: Change(
                actor: "token:\(held.token.name)", at: now, cause: "its holder asked for it over HTTP"))
        guard let result = try await rotator.rotate([request]).first else { return finish(id, .stopping) }
        if let brake = try await store.read({ try $0.brake(at: now) }), result.outcome == .skipped {
            return finish(id, .held(brake))
        }
        switch result.outcome {
        case .failed:
            begun(result)
            return .failed(until: pauses.fail(id, at: clock.now()))
        case .blocked:
            begun(result)
            return .conflict(until: pauses.fail(id, at: clock.now()))
        case .skipped: return finish(id, rotator.stop.isRequested ? .stopping : .settled)
        case .done, .started, .waiting:
            begun(result)
            return finish(id, .settled)
        }
    }

    private func finish(_ id: TokenID, _ outcome: Outcome) -> Outcome {
        pauses.end(id)
        return outcome
    }
}

extension PolicySet {
    /// How long a replaced value stays valid where nobody says so: as the rules say that rotate the token, and the
    /// longest of them; 24 hours where none does.
    package func overlap(
        of token: Token, at now: Instant, tracking: TrackingHistory
    ) -> (overlap: TimeSpan, cap: OverlapCap) {
        let rules = policies.filter { $0.selects(token, at: now, tracking: tracking) }.flatMap(\.rules)
            .filter { $0.action == .rotate }
        guard let rule = rules.max(by: { $0.overlap < $1.overlap }) else { return (Rule.usualOverlap, OverlapCap()) }
        return (rule.overlap, rule.cap)
    }
}
