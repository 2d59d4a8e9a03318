import Crypto
import JSON
import RotaCore

/// SHA-256 of the canonical {instance, generation and its id, policies, actions}: of the actions that would be taken,
/// so that an approval holds for as long as those are the same.
///
/// Written piece by piece, its members in the order of their keys, since there may be a million actions.
struct PlanDigest {
    private let policies: String
    private let identity: StoreIdentity
    private let hasher = SHA256.Hasher()
    private var writer = JSONWriter()

    /// - parameter policies: their digest.
    init(policies: String, identity: StoreIdentity) {
        self.policies = policies
        self.identity = identity
        writer.beginObject()
        writer.key("actions")
        writer.beginArray()
    }

    static func of(_ actions: PlannedActions, policies: String, identity: StoreIdentity) -> String {
        var digest = PlanDigest(policies: policies, identity: identity)
        for index in actions.indicesByToken {
            let action = actions[index]
            guard action.isOfPlan else { continue }
            digest.add(
                action.tokenID, action.revision, action.action, action.parameters, action.policy, action.rule)
        }
        return digest.finish()
    }

    /// In the order of the ids of their tokens.
    mutating func add(_ saved: SavedAction) throws {
        let parameters = try JSON.parse(saved.parameters, maximumBytes: 1 << 16)
        add(saved.tokenID, saved.revision, saved.action, parameters, saved.policy, saved.rule)
    }

    private mutating func add(
        _ id: TokenID, _ revision: Int64, _ action: Action, _ parameters: JSON, _ policy: String, _ rule: String
    ) {
        writer.canonical([
            .string(id.text), .integer(revision), .string(action.rawValue), parameters, .string(policy), .string(rule),
        ])
        hasher.update(writer.bytes)
        writer.removeAll()
    }

    consuming func finish() -> String {
        writer.endArray()
        writer.key("generation")
        writer.integer(identity.generation)
        // Where there is none, the digest is that of releases that did not know it.
        if !identity.generationID.isEmpty {
            writer.key("generation_id")
            writer.string(identity.generationID)
        }
        writer.key("instance")
        writer.string(identity.instance)
        writer.key("policies")
        writer.string(policies)
        writer.endObject()
        hasher.update(writer.bytes)
        return "sha256:" + Hex.encode(hasher.finish())
    }
}

extension PlannedAction {
    /// Whether it is taken once the plan is applied. What waits for an approval is; what waits for anything else is of
    /// a later plan.
    var isOfPlan: Bool { blocked == nil && (!waiting || awaitsApproval) }

    /// What makes two actions of one kind different ones.
    fileprivate var parameters: JSON {
        var parameters: JSON.Object = [:]
        if action == .rotate {
            parameters["overlap"] = .integer(overlap.seconds)
            parameters["cap"] = cap.span.map { .integer($0.seconds) } ?? .null
            parameters["revoke_at_cap"] = .bool(cap.revokes)
            // Where it is not so, the digest is that of releases that did not know it.
            if cap.endsWhenIdle { parameters["retire_when_idle"] = true }
        }
        return .object(parameters)
    }

    /// The same as canonical text.
    var parametersText: String { String(decoding: parameters.canonicalBytes(), as: UTF8.self) }
}
