import Engine
package import HTML
import RotaCore

extension AuditVerificationPage {
    package var title: String { "Verification of the audit log" }
    package var section: Section? { .audit }

    package func content(in frame: Frame) -> Markup {
        """
        \(heading(title, trail: [link("/admin/audit", "Audit")],
            lede: "Every entry was read again, and held against every checkpoint that was signed.",
            actions: button("/admin/audit/verification", "Verify again")))
        \(figures([
            Figure("Entries", verdict.entries, verdict.newestAt.map { "to \($0.minute)" } ?? "none yet"),
            Figure("Signed", verdict.signed,
                verdict.signed == verdict.entries ? "all of them" : "what came later is not signed yet"),
            Figure("Checkpoints that agree", verdict.kept, "of those that the store keeps"),
            Figure("Faults", verdict.faultCount, verdict.faultCount == 0 ? "nothing was changed" : "see below",
                verdict.faultCount > 0 ? .bad : .plain),
        ]))
        \(faults)
        \(signed)
        """
    }

    private var faults: Markup {
        guard verdict.faultCount > 0 else { return "" }
        let rows = verdict.faults.map { fault -> [Markup] in
            [fault.entry.map { "<code>\(at: Int($0))</code>" } ?? "", "\(fault.message)"]
        }
        let note: Markup =
            verdict.faultCount > verdict.faults.count
            ? "The first \(at: verdict.faults.count) of \(at: verdict.faultCount)."
            : "Keep the store’s file as it is, and compare it with a backup from before."
        return card(
            "faults", "What is not as it was written", note: note,
            table("Faults", ["From entry", "What was found"], rows))
    }

    private var signed: Markup {
        guard let checkpoint else {
            return card(
                "signed", "Checkpoint",
                empty(
                    "Nothing was signed yet",
                    """
                    Name a key in the configuration (<code>audit: { key: file:audit.key }</code>) and make it: \
                    <code>rota audit key --new</code>
                    """))
        }
        return card(
            "signed", "Newest checkpoint",
            note: """
                Keep it, and the key, where nobody who operates Rota can change them: with an earlier checkpoint \
                <code>rota audit verify --checkpoint</code> also finds a log that was written anew.
                """,
            facts([
                ("Entries", "\(at: checkpoint.size)"), ("Signed at", "\(checkpoint.at.minute)"),
                ("Public key", "<code>\(key ?? "")</code>"),
            ]),
            "<pre>\(Markup(lines: checkpoint.note))</pre>")
    }
}
