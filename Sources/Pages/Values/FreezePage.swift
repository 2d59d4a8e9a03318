package import Engine

/// Whether anything destructive may be done, and the way to stop it or to let it go on.
///
/// Posts: `/admin/freeze` with `reason` and `ends`, `/admin/freeze/end` with `reason`; both with `seen`, since when the
/// one was on that the page showed.
package struct FreezePage: Page {
    /// The one that is on, that somebody asked for.
    package var freeze: Freeze?
    /// Those that were on lately, latest first.
    package var past: [PastFreeze]
    /// As filled in.
    package var reason: String
    package var ends: String
    /// What is wrong, by field.
    package var errors: [String: String]

    package init(
        freeze: Freeze? = nil, past: [PastFreeze] = [], reason: String = "", ends: String = "",
        errors: [String: String] = [:]
    ) {
        self.freeze = freeze
        self.past = past
        self.reason = reason
        self.ends = ends
        self.errors = errors
    }
}
