/// Where the bytes of a report go: a file, a pipe, a test's array. Called with at most a little over
/// `bufferSize` bytes at a time, in order.
package typealias ByteSink = (_ bytes: [UInt8]) throws -> Void

/// How much of a report is gathered before it is handed on.
let bufferSize = 64 * 1024
