import COpenSSL

/// What this process may do.
package enum Privileges {
    /// From now on nothing gives it more, also not a program that it would start.
    package static func gainNothing() { _ = rota_gain_nothing() }
}
