/// The candidate that `word` is most likely a slip of: the first with the fewest edits, at most two; nil when none is
/// close.
func nearest(to word: String, among candidates: [String]) -> String? {
    guard word.utf8.count <= 64 else { return nil }
    let word = Array(word.lowercased().utf8)
    for edits in 0...max(1, min(2, word.count / 2)) {
        let found = candidates.first { isReached(word[...], Array($0.lowercased().utf8)[...], edits: edits) }
        if let found { return found }
    }
    return nil
}

/// Whether at most so many insertions, removals, replacements and swaps of neighbours lead from one to the other.
private func isReached(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>, edits: Int) -> Bool {
    var (left, right) = (left, right)
    while let first = left.first, first == right.first { (left, right) = (left.dropFirst(), right.dropFirst()) }
    guard !left.isEmpty || !right.isEmpty else { return true }
    guard edits > 0, abs(left.count - right.count) <= edits else { return false }
    if left.prefix(2).elementsEqual(right.prefix(2).reversed()), left.count > 1, right.count > 1,
        isReached(left.dropFirst(2), right.dropFirst(2), edits: edits - 1)
    {
        return true
    }
    return isReached(left.dropFirst(), right.dropFirst(), edits: edits - 1)
        || isReached(left.dropFirst(), right, edits: edits - 1)
        || isReached(left, right.dropFirst(), edits: edits - 1)
}
