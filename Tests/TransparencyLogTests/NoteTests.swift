import Crypto
import Testing
import TransparencyLog

/// Signed notes, checkpoints and proofs. Key and signature are those of the documentation of Go's `sumdb/note`.
@Suite struct NoteTests {
    private static let signer = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
    private static let verifier = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    private static let text =
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    private static let signed =
        text
        + "\n\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6"
        + "KE6RyyBwJnAM=\n"

    private var key: NoteSigner { get throws { try #require(NoteSigner(Secret(utf8: Self.signer))) } }

    @Test func `another implementation's key signs as it does there`() throws {
        let note = SignedNote(signing: Self.text, by: try key)
        #expect(note.serialized == Self.signed)
        #expect(try key.key.text == Self.verifier)
        #expect(try key.text.isEqual(to: Secret(utf8: Self.signer)))
        let public_ = try #require(NoteKey(Self.verifier))
        #expect(SignedNote(Self.signed)?.isSigned(by: public_) == true)
        #expect(SignedNote(Self.signed.replacing("think", with: "know"))?.isSigned(by: public_) == false)
    }

    @Test(arguments: [
        "", "text\n", "text\n\n", "text\n\nno signature\n", "text\n\n\u{2014} name\n",
        "text\n\n\u{2014} na+me eDA4Z28=\n",
        "text\n\n\u{2014} name eDA=\n", "text\n\n\u{2014} name x\n",
        "text\u{7}\n\n\u{2014} name eDA4Z28vPQ==\n", "text\n\n\u{2014} name eDA4Z28vPQ==",
    ])
    func `is no note`(text: String) { #expect(SignedNote(text) == nil) }

    @Test(arguments: [
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "Peter+c74f20a3", "",
        "PeterNeumann+c74f20a3+AhpcQcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ])
    func `is no key`(text: String) {
        #expect(NoteKey(text) == nil)
        #expect(NoteSigner(Secret(utf8: "PRIVATE+KEY+\(text)")) == nil)
    }

    @Test func `a checkpoint is read as it was written, and nothing near it`() throws {
        let checkpoint = Checkpoint(origin: "rota.example/audit", size: 7, root: .leaf("x"))
        #expect(Checkpoint(checkpoint.text) == checkpoint)
        #expect(Checkpoint(checkpoint.text + "an extension\n") == checkpoint)
        for text in [
            "", "a\n7\n", "a\n07\n\(TreeHash.empty.base64)\n", "a\n-1\n\(TreeHash.empty.base64)\n", "a\n7\nAAAA\n",
        ] {
            #expect(Checkpoint(text) == nil)
        }
    }

    @Test func `a proof shows its entry by a key that is trusted, and nothing else`() throws {
        let entries = (0..<9).map { "entry \($0)" }
        let tree = MerkleTree { level, index in
            var frontier = TreeFrontier()
            for entry in entries[(index << level)..<((index + 1) << level)] { frontier.append(.leaf(entry)) }
            return frontier.root
        }
        let checkpoint = Checkpoint(origin: "log", size: 9, root: try tree.root(size: 9))
        let proof = InclusionProof(
            index: 4, hashes: try tree.inclusionProof(of: 4, size: 9),
            note: SignedNote(signing: checkpoint.text, by: try key))
        let read = try #require(InclusionProof(proof.serialized))
        #expect(read == proof)
        let trusted = try #require(NoteKey(Self.verifier))
        let other = try #require(
            NoteSigner(name: "PeterNeumann", seed: Secret(copying: [UInt8](repeating: 7, count: 32))))
        #expect(read.shows(entries[4], by: [other.key, trusted]))
        #expect(!read.shows(entries[4], by: [other.key]) && !read.shows(entries[4], by: []))
        #expect(!read.shows(entries[5], by: [trusted]))
        #expect(InclusionProof(proof.serialized.replacing("index 4", with: "index 04")) == nil)
        #expect(InclusionProof(proof.serialized.replacing("index 4", with: "extra AAAA\nindex 4")) == proof)
        #expect(
            InclusionProof(proof.serialized.replacing("index 4", with: "index 5"))?.shows(entries[4], by: [trusted])
                == false)
    }
}
