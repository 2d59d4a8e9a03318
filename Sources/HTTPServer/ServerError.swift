/// Why a server did not start: what is wrong, then what to do.
package struct ServerError: Error, Hashable, Sendable, CustomStringConvertible {
    package var message: String
    package var hint: String?

    package var description: String { message }
}
