import COpenSSL

/// The C library's allocator.
package enum Allocator {
    /// Lets it keep little more than is in use: for a process that runs for months. To be called before there are
    /// threads.
    package static func keepLittle() { rota_keep_little_memory() }
}
