import Testing
import TransparencyLog

/// Trees of all small sizes, against the definition of RFC 6962 written down as it stands there.
@Suite struct MerkleTreeTests {
    private static let most = 70

    private let entries = (0..<most).map { "entry \($0)" }

    /// MTH of section 2.1.
    private func defined(_ entries: ArraySlice<String>) -> TreeHash {
        guard entries.count > 1 else { return entries.first.map { .leaf($0) } ?? .empty }
        var half = 1
        while half * 2 < entries.count { half *= 2 }
        return .node(defined(entries.prefix(half)), defined(entries.dropFirst(half)))
    }

    private var tree: MerkleTree {
        MerkleTree { level, index in defined(entries[(index << level)..<((index + 1) << level)]) }
    }

    @Test func `the roots are those of the definition, however they come about`() throws {
        var frontier = TreeFrontier()
        for size in 0...Self.most {
            #expect(frontier.size == size)
            #expect(try tree.root(size: size) == defined(entries[..<size]))
            #expect(frontier.root == defined(entries[..<size]))
            if size < Self.most { frontier.append(.leaf(entries[size])) }
        }
    }

    @Test func `every entry is proven, and nothing else by the same proof`() throws {
        for size in 1...Self.most {
            let root = try tree.root(size: size)
            for index in 0..<size {
                let proof = try tree.inclusionProof(of: index, size: size)
                func isShown(_ leaf: TreeHash, _ index: Int, _ size: Int, _ proof: [TreeHash]) -> Bool {
                    MerkleTree.includes(leaf, at: index, size: size, root: root, proof: proof)
                }
                let leaf = TreeHash.leaf(entries[index])
                #expect(isShown(leaf, index, size, proof))
                #expect(!isShown(.leaf("another"), index, size, proof))
                #expect(!isShown(leaf, index + 1, size, proof) && !isShown(leaf, index - 1, size, proof))
                #expect(!isShown(leaf, index, size, proof + [.empty]))
                if !proof.isEmpty { #expect(!isShown(leaf, index, size, Array(proof.dropLast()))) }
            }
        }
    }

    @Test func `a tree goes on from every earlier one, and from no other`() throws {
        for size in 1...Self.most {
            let new = (size: size, root: try tree.root(size: size))
            for old in 1...size {
                let proof = try tree.consistencyProof(from: old, size: size)
                let root = try tree.root(size: old)
                #expect(MerkleTree.extends((old, root), to: new, proof: proof))
                #expect(!MerkleTree.extends((old, .leaf("another")), to: new, proof: proof))
                #expect(!MerkleTree.extends((old, root), to: (size, .leaf("another")), proof: proof))
                #expect(!MerkleTree.extends((old, root), to: new, proof: proof + [.empty]))
                if old > 1, old < size {
                    #expect(!MerkleTree.extends((old - 1, root), to: new, proof: proof))
                }
            }
        }
    }
}
