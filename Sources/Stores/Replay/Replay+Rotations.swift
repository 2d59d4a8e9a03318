import Engine
import JSON
import RotaCore
import SQLite

/// Versions, and the rotations that make and retire them.
extension Replay {
    func replayVersion(_ entry: ReplayedEntry) throws -> Bool {
        let driver = target.driver
        switch entry.action {
        case "version.arm":
            let number = Int(try entry.needed(entry.integer("version"), "version"))
            let digest = entry.after.digest("digest")
            try target.insert(
                Version(number: number, state: .pending, digest: digest, hint: "", issuedAt: entry.at), of: entry.token)
            try driver.execute(.setToVersion, [.integer(try rotation(entry)), .of(number)])
            try driver.execute(.forgetFailedAttempts, [.of(entry.token)])
        case "version.discard":
            try set(entry, state: .revoked, endedAt: entry.at)
            try driver.execute(.forgetVersion, [.of(entry.token), try number(entry)])
        case "version.unconfirm":
            try set(entry, state: .unconfirmed)
            try driver.execute(.forgetVersion, [.of(entry.token), try number(entry)])
        case "version.promote": try promote(entry)
        case "version.end_sooner":
            let end = try entry.needed(entry.instant("ends_at"), "ends_at")
            for number in entry.numbers("versions") {
                try driver.execute(.setVersionEnd, [.of(entry.token), .of(number), .of(end)])
            }
            try driver.execute(.hastenRetirement, [.of(entry.token), .of(end)])
        case "version.end_later":
            try driver.execute(
                .setVersionEnd, [.of(entry.token), try number(entry), .of(entry.instant("ends_at"))])
        case "version.retire":
            try set(entry, state: .revoked, endedAt: entry.at)
            try finishRotation(entry)
        case "version.adopt": try adopt(entry)
        default: return false
        }
        try refresh(entry)
        return true
    }

    private func number(_ entry: ReplayedEntry) throws -> Value {
        .integer(try entry.needed(entry.integer("version"), "version"))
    }

    private func rotation(_ entry: ReplayedEntry) throws -> Int64 {
        try entry.needed(entry.integer("rotation"), "rotation")
    }

    private func set(_ entry: ReplayedEntry, state: VersionState, endedAt: Instant? = nil) throws {
        try target.driver.execute(
            .setVersionState, [.of(entry.token), try number(entry), .text(state.rawValue), .null, .of(endedAt)])
    }

    private func finishRotation(_ entry: ReplayedEntry) throws {
        _ = try target.driver.all(.finishRotation, [.of(entry.token)]) { $0.integer(0) }
    }

    private func promote(_ entry: ReplayedEntry) throws {
        let driver = target.driver
        let end = Value.of(entry.instant("ends_at"))
        try driver.execute(.promoteAgain, [.integer(try rotation(entry)), .of(entry.at)])
        for number in entry.numbers("previous") {
            try driver.execute(
                .setVersionState, [.of(entry.token), .of(number), .text(VersionState.previous.rawValue), end, .null])
        }
        for number in entry.numbers("unconfirmed") {
            try driver.execute(.setVersionEnd, [.of(entry.token), .of(number), end])
        }
        try set(entry, state: .current)
        try finishRotation(entry)
        if let expiry = entry.instant("expires_at") { try driver.execute(.moveEnd, [.of(entry.token), .of(expiry)]) }
    }

    private func adopt(_ entry: ReplayedEntry) throws {
        let number = Int(try entry.needed(entry.integer("version"), "version"))
        let state = try entry.needed(entry.text("state").flatMap { VersionState(rawValue: $0) }, "state")
        let former = entry.integer("previous")
        if let former {
            let end = try entry.needed(entry.instant("previous_ends_at"), "previous_ends_at")
            try target.driver.execute(
                .setVersionState,
                [.of(entry.token), .integer(former), .text(VersionState.previous.rawValue), .of(end), .null])
            try target.driver.execute(
                .addOverlapAgain,
                [
                    .of(entry.token), .integer(former), .of(number), .of(end - entry.at), .of(entry.at),
                    .text(entry.actor), .text(entry.cause), .integer(try rotation(entry)),
                ])
        }
        try target.insert(
            Version(
                number: number, state: state, digest: entry.after.digest("digest"), hint: "",
                issuedAt: entry.instant("issued_at")),
            of: entry.token)
    }

    // MARK: - Rotations

    func replayRotation(_ entry: ReplayedEntry) throws -> Bool {
        let driver = target.driver
        switch entry.action {
        case "rotation.claim":
            try claim(entry)
            try refresh(entry)
        case "rotation.supersede":
            try driver.execute(.setRotationPhase, [.integer(try rotation(entry)), .text("done"), .null])
            try refresh(entry)
        case "rotation.close":
            try driver.execute(
                .setRotationPhase, [.integer(try rotation(entry)), .text("closed"), .text(entry.cause)])
            if let reopened = entry.integer("reopened") { try driver.execute(.reopenAgain, [.integer(reopened)]) }
            try refresh(entry)
        case "rotation.stall":
            try driver.execute(
                .setObstacle,
                [
                    .integer(try rotation(entry)), .text(entry.cause),
                    .integer(try entry.needed(entry.integer("failures"), "failures")),
                    .of(try entry.needed(entry.instant("next_attempt_at"), "next_attempt_at")),
                ])
        case "rotation.prolong":
            try driver.execute(
                .prolongAgain,
                [
                    .integer(try rotation(entry)), entry.flag("stalled") ? .text(entry.cause) : .null,
                    .of(try entry.needed(entry.instant("next_attempt_at"), "next_attempt_at")),
                ])
        default: return false
        }
        return true
    }

    private func claim(_ entry: ReplayedEntry) throws {
        try target.driver.execute(
            .addRotationAgain,
            [
                .integer(try rotation(entry)), .of(entry.token),
                .integer(try entry.needed(entry.integer("from_version"), "from_version")),
                .integer(try entry.needed(entry.integer("overlap"), "overlap")), .of(entry.at), .text(entry.actor),
                .text(entry.cause), .of(entry.run), .of(entry.text("policy")), .of(entry.text("rule")),
                .of(entry.text("reason")), .of(entry.text("message")), .of(entry.instant("deadline")),
                .of(entry.span("overlap_cap")), .of(entry.flag("revoke_at_cap")), .of(entry.flag("retire_when_idle")),
                .of(entry.span("renewal")),
            ])
    }
}
