import Crypto
import Engine
import RotaCore

/// More than any value has.
private let longestValue = 4096

/// One value from a file, or from standard input; never from the command line, where others could see it.
func readTokenValue(_ file: String?, hint: String) throws(Failure) -> Secret {
    var bytes: [UInt8]
    if let file {
        bytes = try File(reading: file, waits: true).readAll(most: longestValue)
    } else {
        bytes = try Terminal.readHidden(prompt: "value (not shown): ", most: longestValue)
    }
    defer { for index in bytes.indices { bytes[index] = 0 } }
    while let last = bytes.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") {
        bytes.removeLast()
    }
    guard !bytes.isEmpty else { throw .usage("no value is given", hint: hint) }
    guard !bytes.contains(UInt8(ascii: "\n")) else {
        throw .usage("this is more than one line", hint: "give one value, alone")
    }
    return Secret(copying: bytes)
}

/// Who presents a token of Rota that may act for it.
///
/// - parameters:
///   - file: nil: the value comes from standard input.
///   - now: asked for when the value is there, which a person at a terminal may take his time for.
func authenticate(
    _ file: String?, in store: any Store, at now: @autoclosure () -> Instant, hint: String
) throws -> Principal {
    let value = try readTokenValue(file, hint: hint)
    guard let (token, _) = try verify(value, at: now(), lookUp: { try store.version(with: $0) }) else {
        throw Failure("the token is not accepted", hint: "look at it: rota token verify --file FILE")
    }
    let roles = ["rota:operate", "rota:admin"]
    guard token.scopes.contains(where: roles.contains) else {
        throw Failure(
            "the token '\(token.name)' has neither of the scopes rota:operate and rota:admin",
            hint: "present one that has")
    }
    return Principal(token, account: Process.actor.name)
}
