import RotaCore

extension Planner.Ruling {
    /// Why it is so; of one that is waived also until when, by which waiver, and why.
    ///
    /// - parameter waivers: those of the planner that judged.
    func message(_ waivers: [Waiver]) -> String {
        let message = verdict.reason.message
        return waiver.map { "\(message); \(waivers[$0].sentence)" } ?? message
    }
}
