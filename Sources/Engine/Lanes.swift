/// Runs `work` over items, many at once, and keeps the order of the results.
///
/// - Parameters:
///   - width: how many of one lane are under way at once.
///   - lane: what an item may have to wait for; items of one lane never wait for those of another.
func inLanes<Item: Sendable, Result: Sendable>(
    _ items: [Item], width: Int, lane: (Item) -> String,
    _ work: @escaping @Sendable (Item) async throws -> Result
) async throws -> [Result] {
    let lanes = Dictionary(grouping: items.indices) { lane(items[$0]) }
    return try await withThrowingTaskGroup(of: (Int, String, Result).self) { group in
        var waiting = lanes.mapValues { $0[...] }
        var results = [Result?](repeating: nil, count: items.count)
        func add(_ lane: String) {
            guard let index = waiting[lane]?.popFirst() else { return }
            group.addTask { (index, lane, try await work(items[index])) }
        }
        for lane in lanes.keys.sorted() {
            for _ in 0..<width { add(lane) }
        }
        while let (index, lane, result) = try await group.next() {
            results[index] = result
            add(lane)
        }
        return results.compactMap(\.self)
    }
}
