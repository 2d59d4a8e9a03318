import Engine
import JSON
import RotaCore
import SQLite

/// Webhooks whose receiver wants no more events.
extension SQLStore {
    func disabledEndpoints() throws -> [DisabledEndpoint] {
        try driver.all(.disabledEndpoints, []) { row in
            DisabledEndpoint(
                name: row.text(0), place: row.text(1), at: row.instant(2),
                status: row.optionalInteger(3).map { Int($0) }, cause: row.text(4))
        }
    }

    func disableEndpoint(_ endpoint: DisabledEndpoint, refusing event: String, change: Change) throws -> Bool {
        try driver.execute(
            .noteRefusal,
            [.text(event), .text(endpoint.name), .of(endpoint.status), .text(endpoint.cause), .of(endpoint.at)])
        let disabled = try driver.execute(
            .disableEndpoint,
            [
                .text(endpoint.name), .text(endpoint.place), .of(endpoint.at), .of(endpoint.status),
                .text(endpoint.cause),
            ])
        guard disabled == 1 else { return false }
        try audit(
            "webhook.disable", of: endpoint.name, change, before: ["state": "enabled"],
            ["status": .of(endpoint.status), "state": "disabled"])
        return true
    }

    func enableEndpoint(_ name: String, change: Change) throws -> Bool {
        guard try driver.execute(.enableEndpoint, [.text(name)]) == 1 else { return false }
        try audit("webhook.enable", of: name, change, before: ["state": "disabled"], ["state": "enabled"])
        return true
    }
}
