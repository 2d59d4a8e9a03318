/// The candidate that `word` is most likely a slip of: at most two edits away, or else the only one that goes on from
/// it with a further word (`expires`, `expires_at`); nil when there is none.
package func nearest(to word: String, among candidates: [String]) -> String? {
    guard word.count <= 64 else { return nil }
    let letters = Array(word.lowercased())
    let most = max(1, min(2, letters.count / 2))
    var best: (distance: Int, candidate: String)?
    for candidate in candidates where abs(candidate.count - letters.count) <= most {
        let distance = editDistance(letters, Array(candidate.lowercased()))
        if distance <= most, distance < best?.distance ?? Int.max { best = (distance, candidate) }
    }
    if let best { return best.candidate }
    let longer = candidates.filter { $0.hasPrefix("\(word)_") || $0.hasPrefix("\(word)-") }
    return longer.count == 1 ? longer[0] : nil
}

/// How many insertions, removals, replacements and swaps of neighbours lead from one word to the other.
private func editDistance(_ left: [Character], _ right: [Character]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for row in left.indices {
        var current = [row + 1]
        for column in right.indices {
            let replaced = last[column] + (left[row] == right[column] ? 0 : 1)
            var cost = min(last[column + 1] + 1, current[column] + 1, replaced)
            if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                cost = min(cost, beforeLast[column - 1] + 1)
            }
            current.append(cost)
        }
        (beforeLast, last) = (last, current)
    }
    return last[right.count]
}
