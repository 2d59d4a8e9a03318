package import RotaCore

/// How a destination is not as we left it.
package enum Drift: String, Hashable, Sendable, CaseIterable {
    /// Nothing is there.
    case missing
    /// An older value, which is still accepted.
    case outdated
    /// A value that is not accepted any more: whoever reads it is locked out.
    case ended
    /// The value of another token of ours.
    case otherToken = "other-token"
    /// A value that we do not know.
    case unknown
}

/// One destination that was looked at.
package struct PlaceVerdict: Sendable {
    /// What the place is, compared with how we left it.
    package enum Finding: Hashable, Sendable {
        case asExpected
        case drifted(Drift)
        /// The token's value is not known, so that nothing can be compared.
        case untold
        /// The vault lets nobody read, so that nothing can ever be compared.
        case writeOnly
        case unreadable(String)
    }

    package var place: SurveyedPlace
    package var finding: Finding
    /// For people.
    package var message: String
}

/// Reads destinations back and tells those that are not as we left them. Changes nothing.
package struct FindDrift: Sendable {
    private let survey: DestinationSurvey

    package init(_ survey: DestinationSurvey) {
        self.survey = survey
    }

    /// - parameter each: called for each place, in no order.
    package func look(
        at tokens: [TokenID], in vault: String? = nil,
        each: @escaping @Sendable (PlaceVerdict) async throws -> Void
    ) async throws {
        try await survey.look(at: tokens, in: vault) { place in
            var verdict = try await judge(place)
            if case .drifted = verdict.finding {
                // A rotation may have moved on between the two reads that a judgement is made of.
                verdict = try await judge(try await survey.look(at: place.destination, of: place.token))
            }
            try await each(verdict)
        }
    }

    private func judge(_ place: SurveyedPlace) async throws -> PlaceVerdict {
        let id = place.token.id
        let (current, isOpen, wasPushed) = try await survey.store.read { store in
            let versions = try store.versions(of: id)
            let pushes = try store.pushes(of: id)
            return (
                versions.first { $0.state == .current }, try store.rotation(of: id)?.phase == .open,
                pushes.contains { $0.destinationID == place.destination.id && $0.state == .verified }
            )
        }
        let finding = finding(place.content, current: current, isRotating: isOpen, wasPushed: wasPushed)
        return PlaceVerdict(place: place, finding: finding, message: message(place.content, finding))
    }

    private func finding(
        _ content: PlaceContent, current: Version?, isRotating: Bool, wasPushed: Bool
    ) -> PlaceVerdict.Finding {
        switch content {
        case .writeOnly: .writeOnly
        case .unreadable(let cause): .unreadable(cause)
        case .empty: current == nil || isRotating && !wasPushed ? .asExpected : .drifted(.missing)
        case .version(_, .current), .version(_, .pending): .asExpected
        case .version(_, .previous): .drifted(.outdated)
        // The pass that goes on with the rotation writes over it.
        case .version(_, .unconfirmed): isRotating ? .asExpected : .drifted(.outdated)
        case .version(_, .revoked), .version(_, .expired): .drifted(.ended)
        case .adopted: wasPushed ? .drifted(.unknown) : .asExpected
        case .otherToken, .ended: .drifted(.otherToken)
        case .unknown: current.map { $0.digest == nil } ?? false ? .untold : .drifted(.unknown)
        }
    }

    private func message(_ content: PlaceContent, _ finding: PlaceVerdict.Finding) -> String {
        switch (content, finding) {
        case (.unreadable(let cause), _): cause
        case (.writeOnly, _): "this vault lets nobody read what it holds"
        case (_, .untold): "the digest of the token's value is not known"
        case (.empty, .drifted): "nothing is there"
        case (.version(let number, let state), .drifted): "version \(number), which is \(state.rawValue)"
        case (.otherToken(let name), _): "a value of the token '\(name)'"
        case (.ended(let name, _), _): "an ended value of the token '\(name)'"
        case (.adopted, .drifted): "what was there before it was first rotated"
        case (.unknown, _): "a value that rota does not know"
        case (_, .asExpected): "as expected"
        default: ""
        }
    }
}
