import Documents
import Engine
import JSON
import RotaCore

extension BrakeDocument {
    /// Beside what is shown for other reasons.
    static func warn(of brake: Brake?, on output: Output) {
        guard let brake else { return }
        output.warning(printable("nothing is rotated, retired, revoked or expired: \(brake.message)"))
        output.note("hint: \(printable(brake.hint))")
    }
}
