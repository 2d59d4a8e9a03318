import Crypto
import Engine
import JSON
import RotaCore
import SQLite

/// The texts of policies, and the settings beside them: the log says which were loaded when and by whom. Texts are kept
/// by their digests, settings in the entries themselves.
extension SQLStore {
    static let policiesObject = "policies"
    private static let settingsObject = "configuration"

    func knows(_ texts: PolicyTexts) throws -> Bool {
        guard try newestImage(of: Self.policiesObject)?.canonical == texts.image.canonical else { return false }
        guard let settings = texts.settings else { return true }
        return try newestImage(of: Self.settingsObject)?.canonical == settings.canonical
    }

    func notePolicies(_ texts: PolicyTexts, change: Change) throws -> Bool {
        // A copied or restored store is left as it is.
        guard try doubt() == nil, try !knows(texts) else { return false }
        let former = try newestImage(of: Self.policiesObject) ?? [:]
        if former.canonical != texts.image.canonical {
            for file in texts.files {
                try driver.execute(.addPolicyText, [.text(file.digest), .blob(file.bytes)])
            }
            try audit(
                "policies.load", of: Self.policiesObject, change, before: former.differing(from: texts.image),
                texts.image)
        }
        if let settings = texts.settings { try noteSettings(settings, change) }
        return true
    }

    /// All of them are in the entry, so that the next one can be held against it; before it, those that were others.
    private func noteSettings(_ settings: JSON.Object, _ change: Change) throws {
        let former = try newestImage(of: Self.settingsObject)
        guard former?.canonical != settings.canonical else { return }
        var before = former?.differing(from: settings) ?? [:]
        if let former {
            for setting in settings where former[setting.key] == nil { before[setting.key] = .null }
        }
        try audit("configuration.load", of: Self.settingsObject, change, before: before, settings)
    }

    /// What its newest entry says that it is like.
    private func newestImage(of object: String) throws -> JSON.Object? {
        var image: JSON.Object?
        try eachAuditEntry(below: .max, object: object) { entry in
            image = try JSON.parse(entry.body, maximumBytes: entry.body.utf8.count)["after"]?.object
            return false
        }
        return image
    }

    func policyText(_ digest: String) throws -> [UInt8]? {
        try driver.first(.policyText, [.text(digest)]) { $0.blob(0) }
    }
}

extension PolicyTexts {
    fileprivate var image: JSON.Object {
        [
            "digest": .string(digest),
            "files": .array(files.map { ["name": .string($0.name), "digest": .string($0.digest)] }),
            "vaults": .array(vaults.sorted().map { .string($0) }),
        ]
    }
}

extension PolicyTexts.File {
    var digest: String { "sha256:" + Hex.encode(SHA256.digest(of: bytes)) }
}

extension JSON.Object {
    fileprivate var canonical: [UInt8] { JSON.object(self).canonicalBytes() }
}
