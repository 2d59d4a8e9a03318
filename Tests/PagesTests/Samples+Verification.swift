import Crypto
import Engine
import Pages
import RotaCore
import TestSupport
import TransparencyLog

extension Samples {
    func addVerifications(_ add: Add) {
        guard let signer = NoteSigner(name: "rota-sample", seed: Secret(copying: [UInt8](repeating: 7, count: 32))),
            let nothing = try? FakeStoreReads().verifyAudit()
        else { return }
        var store = FakeStoreReads()
        // They are no whole log: the first ones are missing.
        store.entries = entries
        guard let verdict = try? store.verifyAudit() else { return }
        let checkpoint = Checkpoint(origin: "rota-sample", size: 4210, root: .empty)
        let signed = SignedCheckpoint(
            size: 4210, root: .empty, at: Instant(seconds: 1_795_000_000),
            note: SignedNote(signing: checkpoint.text, by: signer).serialized)
        add(
            "audit-faults", AuditVerificationPage(verdict: verdict, checkpoint: signed, key: signer.key.text)
        ) { _ in }
        add("audit-verified", AuditVerificationPage(verdict: nothing, checkpoint: nil, key: nil)) { _ in }
    }
}
