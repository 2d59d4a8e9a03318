import Crypto
import Engine
import JSON
import RotaCore
import SQLite

/// The texts of policies: the log says which were loaded when and by whom, by their digests.
extension SQLStore {
    static let policiesObject = "policies"

    func knows(_ texts: PolicyTexts) throws -> Bool {
        var isKnown = false
        try eachAuditEntry(below: .max, object: Self.policiesObject) { entry in
            let body = try JSON.parse(entry.body, maximumBytes: entry.body.utf8.count)
            isKnown = body["after"]?.canonicalBytes() == JSON.object(texts.image).canonicalBytes()
            return false
        }
        return isKnown
    }

    func notePolicies(_ texts: PolicyTexts, change: Change) throws -> Bool {
        // A copied or restored store is left as it is.
        guard try doubt() == nil, try !knows(texts) else { return false }
        for file in texts.files {
            try driver.execute(.addPolicyText, [.text(file.digest), .blob(file.bytes)])
        }
        try audit("policies.load", of: Self.policiesObject, change, texts.image)
        return true
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
