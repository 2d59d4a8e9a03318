import Engine
import Foundation
import RotaCore
import TestSupport

@testable import Stores

/// A folder that goes when the test has ended.
final class Scratch: Sendable {
    let folder: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(
            "rota-stores-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        folder = url.path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    var path: String { folder + "/private/rota.db" }
    var location: String { "sqlite:" + path }

    /// Makes the store.
    func create() throws {
        try createStore(
            at: location, identity: StoreBench.identity,
            change: Change(actor: "cli:tester", at: StoreBench.identity.createdAt, cause: "init"))
    }

    func open(_ mode: StoreMode = .readWrite) throws -> any Store {
        try openStore(at: location, endpoints: StoreBench.endpoints, mode: mode)
    }

    /// A new store, opened.
    func fresh() throws -> any Store {
        try create()
        return try open()
    }
}
