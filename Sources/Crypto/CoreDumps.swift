import COpenSSL

/// Images of the process's memory, which would hold every secret that is in it.
package enum CoreDumps {
    /// Forbids them for this process, and with them tracing by its own user; tells whether it did.
    package static func forbid() -> Bool { rota_forbid_dumps() == 0 }
}
