import RotaCore

/// How many ends of waivers were told.
package struct WaiverEnds: Hashable, Sendable {
    /// Notices of an end that comes.
    package var expiring = 0
    package var expired = 0
}

extension RunUseCase {
    /// Tells of the ends of waivers: of those that come, once for each lead time, and of those that are there.
    ///
    /// Not under a brake: by a clock that is wrong, a waiver would end for good.
    func tendWaivers(run: String? = nil) async throws -> WaiverEnds {
        let now = clock.now()
        let ending = try await store.read { try $0.waiversEnding(by: now + (Waiver.leadTimes.max() ?? .zero)) }
        let due = ending.filter { $0.isOver(at: now) || $0.noticeDue(at: now) != nil }
        var ends = WaiverEnds()
        for batch in due.batches(of: Self.largestBatch) {
            let told = try await store.write { store -> WaiverEnds in
                var told = WaiverEnds()
                guard try store.brake(at: now) == nil else { return told }
                for waiver in batch {
                    if waiver.isOver(at: now) {
                        let change = Change(actor: "rota", at: now, cause: "its end has passed", run: run)
                        if try store.expireWaiver(waiver.id, change: change) { told.expired += 1 }
                    } else if let lead = waiver.noticeDue(at: now) {
                        let change = Change(actor: "rota", at: now, cause: "its end comes", run: run)
                        if try store.tellWaiverEnd(waiver.id, lead: lead, change: change) { told.expiring += 1 }
                    }
                }
                return told
            }
            ends.expiring += told.expiring
            ends.expired += told.expired
        }
        return ends
    }
}
