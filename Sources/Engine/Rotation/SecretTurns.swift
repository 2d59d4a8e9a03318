import Crypto
import RotaCore

/// A secret that holds the values of several destinations, and has one base for all of them.
struct SharedSecret: Hashable, Sendable {
    var vault: String
    var path: String
}

/// Whose turn it is at a secret that several tokens of this process share.
///
/// A write replaces such a secret as a whole, on the condition that it is as it was read. Of many who read it at once
/// one would succeed, and the others would spend their tries on refusals that their own siblings are the cause of.
/// So who reads in order to write waits until those before him have written. The only token of a secret waits for
/// nobody.
final class SecretTurns: Sendable {
    private struct Line {
        /// How many destinations of rotations that are under way are in the secret.
        var members = 0
        /// Whether there were ever two, so that what was read before one's turn may be out of date.
        var isShared = false
        var isTaken = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let lines = Locked<[SharedSecret: Line]>([:])

    /// Tells that rotations will work on these secrets, one entry for each destination, until they `part`.
    func join(_ secrets: [SharedSecret]) {
        lines.withLock { lines in
            for secret in secrets {
                lines[secret, default: Line()].members += 1
                if lines[secret, default: Line()].members > 1 { lines[secret]?.isShared = true }
            }
        }
    }

    func part(_ secrets: [SharedSecret]) {
        lines.withLock { lines in
            for secret in secrets {
                lines[secret]?.members -= 1
                if lines[secret]?.members == 0 { lines[secret] = nil }
            }
        }
    }

    /// Runs `work` when it is one's turn, and tells it whether others may have written since the secret was read.
    /// Without a secret that is at once.
    func inTurn<R>(at secret: SharedSecret?, _ work: (_ isShared: Bool) async throws -> R) async rethrows -> R {
        guard let secret else { return try await work(false) }
        let isShared = await take(secret)
        defer { leave(secret) }
        return try await work(isShared)
    }

    /// Who waits is not released by a cancellation: the wait is as bounded as the calls of those before him.
    private func take(_ secret: SharedSecret) async -> Bool {
        await withCheckedContinuation { continuation in
            let isFree = lines.withLock { lines in
                let isFree = !lines[secret, default: Line()].isTaken
                lines[secret, default: Line()].isTaken = true
                if !isFree { lines[secret]?.waiting.append(continuation) }
                return isFree
            }
            if isFree { continuation.resume() }
        }
        return lines.withLock { $0[secret]?.isShared ?? false }
    }

    private func leave(_ secret: SharedSecret) {
        let next = lines.withLock { lines -> CheckedContinuation<Void, Never>? in
            guard lines[secret]?.waiting.isEmpty == false else {
                lines[secret]?.isTaken = false
                return nil
            }
            return lines[secret]?.waiting.removeFirst()
        }
        next?.resume()
    }
}
