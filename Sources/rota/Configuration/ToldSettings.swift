import Crypto
import JSON
import RotaCore
import YAML

/// All settings of a configuration by their paths, as the audit log tells them: `webhooks.siem.events` and the like.
///
/// The file has references to secrets, and no secrets. Still some of what it has may open something: the path of a
/// webhook's address, a header, a body. Of these only a mark is told, which is another one after a change.
func toldSettings(_ root: Node) -> JSON.Object {
    var settings: [(String, JSON)] = []
    tell(root, [], into: &settings)
    return JSON.Object(settings.sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) })
}

private func tell(_ node: Node, _ path: [String], into settings: inout [(String, JSON)]) {
    switch node.content {
    case .mapping(let entries):
        for entry in entries { tell(entry.value, path + [entry.key], into: &settings) }
    case .sequence(let items):
        // A list of plain values is one setting; what has names is known by them, else by its place.
        guard items.contains(where: { $0.scalar == nil }) else {
            settings.append((path.joined(separator: "."), .array(items.map { .string(told($0.text ?? "", path)) })))
            return
        }
        for (place, item) in items.enumerated() {
            tell(item, path + [item["name"]?.text ?? String(place + 1)], into: &settings)
        }
    case .scalar: settings.append((path.joined(separator: "."), node.text.map { .string(told($0, path)) } ?? .null))
    }
}

private func told(_ text: String, _ path: [String]) -> String {
    if path.contains(where: { $0 == "headers" || $0 == "body" }) { return "(not told) \(mark(of: text))" }
    guard path.last == "url" else { return SecretShape.redacted(text) }
    let parts = text.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 4, !parts[3].isEmpty else { return text }
    return parts[..<3].joined(separator: "/") + "/… \(mark(of: text))"
}

/// 16 bits of a digest: nearly every change is seen, and nobody can guess by them.
private func mark(of text: String) -> String { "#" + Hex.encode(Array(SHA256.digest(of: text).prefix(2))) }
