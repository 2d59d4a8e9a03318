import Engine
import JSON
import RotaCore
import SQLite

/// How tokens and versions come into the store: the gate's first step.
extension SQLStore {
    func insert(_ token: Token, version: Version?, destinationCount: Int, at now: Instant) throws {
        let values = summary(of: version)
        let (used, tracked): (Instant?, Instant?) =
            switch token.usage {
            case .lastUsed(let instant): (instant, nil)
            case .neverUsed(let since): (nil, since)
            case .unknown: (nil, nil)
            }
        // We cannot have seen a use of what was not in the store: all that is said of it is told by others.
        let asserted = token.usage == .unknown ? nil : min(now, token.usageAssertedUntil ?? now)
        let isWatched = token.issuer == .rota && version?.state == .current && version?.digest != nil
        let added = try driver.execute(
            .addToken,
            [
                .of(token.id), .integer(token.revision), .text(token.name), .text(token.description),
                .text(token.owner), .text(token.integration), .text(try ScopeText.encode(token.scopes)),
                .text(try LabelText.encode(token.labels)), .text(token.prefix),
                .text(token.issuer.description),
                .of(token.externalID), .text(token.state.rawValue), .of(token.createdAt),
                .text(token.createdBy),
                .of(token.expiresAt), .of(token.expiresAt.map { $0 - token.createdAt }), .of(used),
                .of(tracked),
                .of(token.idleSince), .text(token.provenance.rawValue), .of(token.end?.at),
                .of(token.end?.by),
                .of(token.end?.cause), .of(values.current), .of(values.currentIssuedAt),
                .of(values.oldestIssuedAt),
                .of(values.awaitingRetirement), .of(values.overlapEndsAt), .of(destinationCount), .of(asserted),
                .of(isWatched ? now : nil),
            ])
        guard added == 1 else { throw try whyRefused(token) }
    }

    /// Which of the unique names it was that somebody else has.
    private func whyRefused(_ token: Token) throws -> StoreError {
        if try driver.first(.liveTokenNamed, [.text(token.name)], decode) != nil {
            return .nameTaken(token.name)
        }
        if let external = token.externalID, try self.token(issuer: token.issuer, externalID: external) != nil {
            return .failed("\(token.issuer) has a token '\(external)' already")
        }
        return .failed("there is a token with the id \(token.id) already")
    }

    func insert(_ version: Version, of id: TokenID) throws {
        let added = try driver.execute(
            .addVersion,
            [
                .of(id), .of(version.number), .text(version.state.rawValue), .of(version.digest),
                .text(version.hint), .of(version.issuedAt), .of(version.endsAt), .of(version.endedAt),
            ])
        guard added == 1 else {
            throw StoreError.failed("this value, or version \(version.number), is known already")
        }
    }

    /// What `refreshSummary` would find of a token with this one version.
    private func summary(of version: Version?) -> ValueSummary {
        guard let version, version.state.authenticates else {
            return ValueSummary(current: nil, currentIssuedAt: nil)
        }
        let isCurrent = version.state == .current
        let awaits = version.state == .previous || version.state == .unconfirmed
        return ValueSummary(
            current: isCurrent ? version.number : nil, currentIssuedAt: isCurrent ? version.issuedAt : nil,
            oldestIssuedAt: version.issuedAt, awaitingRetirement: awaits,
            overlapEndsAt: awaits ? version.endsAt : nil)
    }
}
