import Engine

/// How far a pass over the tokens of a store has come.
///
/// Its end is taken to be all that are active: of fewer, it is there before it was expected. They are counted once
/// there is something to be told, since a pass over few of very many takes less than counting them.
final class TokenProgress {
    private let step: String
    private let progress: Progress
    private let store: any StoreReads
    private var total: Int?

    init(_ step: String, _ store: any StoreReads, on output: Output) {
        self.step = step
        self.store = store
        progress = Progress(on: output)
    }

    func show(_ done: Int) throws {
        guard progress.isSeen else { return }
        let active = try total ?? store.countActive()
        total = active
        progress.show(step, done: done, of: max(active, done), "tokens")
    }
}
