import Crypto
import Engine
import HTTPClient
import JSON
import RotaCore

/// Whether our login may write, asked of the server before anything is armed, and seldom.
///
/// Of a login that may not write to one secret it is to be feared that it may not write to any: a policy was mistaken.
/// So one question, about one secret, is enough while all is well; who comes meanwhile waits for its answer. Once a
/// secret was denied to us, be it by the answer or at a write, each is asked about by itself for a while.
final class KV2Access: Sendable {
    /// How long one answer is taken for all secrets.
    static let trust = TimeSpan(seconds: 60)
    private static let capabilities = ["root", "create", "update"]

    private enum Standing: Sendable {
        case unknown
        case trusted(until: Instant)
        case doubtful(until: Instant)

        func isOver(at now: Instant) -> Bool {
            switch self {
            case .unknown: false
            // A clock that was set back does not prolong it.
            case .trusted(let end), .doubtful(let end): end <= now || end - now > KV2Access.trust
            }
        }
    }

    private struct Answer: Sendable {
        var path: String
        var isAllowed: Bool
    }

    private let session: KV2Session
    private let clock: any WallClock
    private let standing = Locked(Standing.unknown)
    private let errand = SharedErrand<Answer>()

    init(_ session: KV2Session, clock: any WallClock) {
        self.session = session
        self.clock = clock
    }

    /// - parameter path: as policies name it: with the mount and `data`, not encoded.
    func isAllowed(_ path: String) async throws(VaultError) -> Bool {
        while true {
            let now = clock.now()
            let standing = self.standing.withLock { standing in
                if standing.isOver(at: now) { standing = .unknown }
                return standing
            }
            switch standing {
            case .trusted: return true
            case .doubtful: return try await ask(path)
            case .unknown: break
            }
            let answer = try await errand.run { () async throws(VaultError) -> Answer in
                Answer(path: path, isAllowed: try await self.ask(path))
            }
            if answer.path == path { return answer.isAllowed }
        }
    }

    /// A write was denied, whatever was said before.
    func noteDenial() {
        let end = clock.now() + Self.trust
        standing.withLock { $0 = .doubtful(until: end) }
    }

    /// What is not told counts as allowed: then the write tells. https://openbao.org/api-docs/system/capabilities-self/
    private func ask(_ path: String) async throws(VaultError) -> Bool {
        let body: JSON = ["paths": [.string(path)]]
        let answer = try? await session.send(
            "POST", "sys/capabilities-self", body: body.serializedBytes(), for: .reading)
        let data = answer.flatMap { $0.response.status == 200 ? $0.document?["data"] : nil }
        let told = (data?[path] ?? data?["capabilities"])?.array?.compactMap(\.string)
        let isAllowed = told.map { $0.contains(where: Self.capabilities.contains) } ?? true
        let end = clock.now() + Self.trust
        standing.withLock { standing in
            if !isAllowed {
                standing = .doubtful(until: end)
            } else if case .unknown = standing {
                standing = .trusted(until: end)
            }
        }
        return isAllowed
    }
}
