/// Text from outside as a message may repeat it: on one line, at most so many characters, and without control
/// characters or those that reverse the direction of writing.
package func abridged(_ text: String, to most: Int = 60) -> String {
    let cut = text.count > most ? text.prefix(most - 3) + "..." : text[...]
    var shown = String.UnicodeScalarView()
    for scalar in cut.unicodeScalars {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse: shown.append("?")
        default: shown.append(scalar)
        }
    }
    return String(shown)
}
