/// The Merkle tree over a log (RFC 6962 section 2.1), whose hashes somebody else keeps.
package struct MerkleTree {
    /// The hash over the complete subtree of 2^level entries that is the index-th of its level.
    package typealias Subtree = (_ level: Int, _ index: Int) throws -> TreeHash

    private let subtree: Subtree

    package init(_ subtree: @escaping Subtree) { self.subtree = subtree }

    /// The root over the first so many entries.
    package func root(size: Int) throws -> TreeHash {
        size == 0 ? .empty : try hash(of: 0..<size)
    }

    /// What proves that the entry with this index, from 0, is among the first `size` (section 2.1.1).
    package func inclusionProof(of index: Int, size: Int) throws -> [TreeHash] {
        precondition((0..<size).contains(index))
        var proof: [TreeHash] = []
        var range = 0..<size
        while range.count > 1 {
            let middle = range.lowerBound + Self.split(range.count)
            let (left, right) = (range.lowerBound..<middle, middle..<range.upperBound)
            let isLeft = left.contains(index)
            proof.append(try hash(of: isLeft ? right : left))
            range = isLeft ? left : right
        }
        return proof.reversed()
    }

    /// What proves that the first `old` entries of the first `size` are those that they were (section 2.1.2).
    package func consistencyProof(from old: Int, size: Int) throws -> [TreeHash] {
        precondition((1...size).contains(old))
        var proof: [TreeHash] = []
        var range = 0..<size
        // Whether the old tree's root is known to who verifies: until it is cut into.
        var isWhole = true
        while old != range.upperBound {
            let middle = range.lowerBound + Self.split(range.count)
            let (left, right) = (range.lowerBound..<middle, middle..<range.upperBound)
            if old <= middle {
                proof.append(try hash(of: right))
                range = left
            } else {
                proof.append(try hash(of: left))
                range = right
                isWhole = false
            }
        }
        if !isWhole { proof.append(try hash(of: range)) }
        return proof.reversed()
    }

    private func hash(of range: Range<Int>) throws -> TreeHash {
        let count = range.count
        if count & (count - 1) == 0, range.lowerBound % count == 0 {
            return try subtree(count.trailingZeroBitCount, range.lowerBound / count)
        }
        let middle = range.lowerBound + Self.split(count)
        return .node(try hash(of: range.lowerBound..<middle), try hash(of: middle..<range.upperBound))
    }

    /// The greatest power of two below a number.
    private static func split(_ count: Int) -> Int { 1 << (Int.bitWidth - 1 - (count - 1).leadingZeroBitCount) }
}

// MARK: - Verifying

extension MerkleTree {
    /// Whether a proof shows that an entry is in a tree (RFC 9162 section 2.1.3.2).
    package static func includes(
        _ leaf: TreeHash, at index: Int, size: Int, root: TreeHash, proof: [TreeHash]
    ) -> Bool {
        guard index >= 0, index < size else { return false }
        var (place, last, hash) = (index, size - 1, leaf)
        for sibling in proof {
            guard last > 0 else { return false }
            if place & 1 == 1 || place == last {
                hash = .node(sibling, hash)
                while place & 1 == 0, place != 0 {
                    place >>= 1
                    last >>= 1
                }
            } else {
                hash = .node(hash, sibling)
            }
            place >>= 1
            last >>= 1
        }
        return last == 0 && hash == root
    }

    /// Whether a proof shows that a tree goes on from an older one (RFC 9162 section 2.1.4.2).
    package static func extends(
        _ old: (size: Int, root: TreeHash), to new: (size: Int, root: TreeHash), proof: [TreeHash]
    ) -> Bool {
        guard old.size >= 0, old.size <= new.size else { return false }
        if old.size == new.size { return proof.isEmpty && old.root == new.root }
        if old.size == 0 { return proof.isEmpty && old.root == .empty }
        // A whole subtree is its own beginning.
        var path = (old.size & (old.size - 1) == 0 ? [old.root] : []) + proof
        guard !path.isEmpty else { return false }
        let first = path.removeFirst()
        var (place, last) = (old.size - 1, new.size - 1)
        while place & 1 == 1 {
            place >>= 1
            last >>= 1
        }
        var (older, newer) = (first, first)
        for hash in path {
            guard last > 0 else { return false }
            if place & 1 == 1 || place == last {
                older = .node(hash, older)
                newer = .node(hash, newer)
                while place & 1 == 0, place != 0 {
                    place >>= 1
                    last >>= 1
                }
            } else {
                newer = .node(newer, hash)
            }
            place >>= 1
            last >>= 1
        }
        return last == 0 && older == old.root && newer == new.root
    }
}

/// The root over entries that come one after the other, from a few hashes: those of the complete subtrees so far.
package struct TreeFrontier: Sendable {
    /// The largest first.
    private var subtrees: [TreeHash] = []
    package private(set) var size = 0

    package init() {}

    /// Answers the hashes of the complete subtrees that end with this entry, by their level: the entry's own first.
    @discardableResult
    package mutating func append(_ leaf: TreeHash) -> [TreeHash] {
        var (hash, rest) = (leaf, size)
        var ending = [leaf]
        while rest & 1 == 1 {
            hash = .node(subtrees.removeLast(), hash)
            ending.append(hash)
            rest >>= 1
        }
        subtrees.append(hash)
        size += 1
        return ending
    }

    package var root: TreeHash {
        guard var hash = subtrees.last else { return .empty }
        for left in subtrees.dropLast().reversed() { hash = .node(left, hash) }
        return hash
    }
}
