import Engine
import JSON
import RotaCore
import SQLite

/// Who has which checkpoint of the audit log. The log tells when a witness was first told, failed, and came back.
extension SQLStore {
    func witnesses() throws -> [WitnessRecord] {
        var records = try driver.all(.witnesses, [], Decode.witness)
        for failed in try driver.all(.witnessFailures, [], Decode.failedWitness) {
            if let index = records.firstIndex(where: { $0.name == failed.name && $0.place == failed.place }) {
                records[index].failure = failed.failure
            } else {
                // It is at another place now, and has taken nothing there.
                records.append(failed)
            }
        }
        return records.sorted { ($0.name, $0.place) < ($1.name, $1.place) }
    }

    func takeUpWitnesses() -> Bool { driver.hold(.witnesses) }
    func letGoWitnesses() { driver.release(.witnesses) }

    func recordTaken(_ taken: WitnessRecord.Taken, by witness: WitnessRecord, change: Change) throws {
        let earlier = try driver.first(.witness, [.text(witness.name)], Decode.witness)
        let failed = try driver.execute(.dropWitnessFailure, [.text(witness.name)]) > 0
        try putTaken(taken, by: witness)
        guard failed || earlier?.place != witness.place else { return }
        try audit(
            earlier?.place == witness.place ? "witness.recover" : "witness.begin", of: witness.name, change,
            ["kind": .string(witness.kind), "place": .string(witness.place), "size": .integer(taken.size)])
    }

    /// What is known of it, without an entry: as it is written, and as it is done again.
    func putTaken(_ taken: WitnessRecord.Taken, by witness: WitnessRecord) throws {
        let values: [Value] = [
            .text(witness.name), .text(witness.kind), .text(witness.place), .of(taken.size), .of(taken.at),
        ]
        try driver.execute(.putWitness, values)
        try driver.execute(.addWitnessed, values)
    }

    func recordFailure(_ failure: WitnessRecord.Failure, of witness: WitnessRecord, change: Change) throws {
        let earlier = try driver.first(.witnessFailure, [.text(witness.name)], Decode.failedWitness)
        try driver.execute(
            .putWitnessFailure,
            [
                .text(witness.name), .text(witness.kind), .text(witness.place), .of(failure.since), .of(failure.count),
                .of(failure.nextAttemptAt), .text(failure.cause),
            ])
        guard earlier?.place != witness.place || earlier?.failure?.cause != failure.cause else { return }
        try audit(
            "witness.fail", of: witness.name, change,
            [
                "kind": .string(witness.kind), "place": .string(witness.place),
                "since": .string(failure.since.description),
            ])
    }
}

extension Decode {
    static func witness(_ row: borrowing Row) -> WitnessRecord {
        WitnessRecord(
            name: row.text(0), kind: row.text(1), place: row.text(2),
            taken: WitnessRecord.Taken(size: row.count(3), at: row.instant(4)))
    }

    static func failedWitness(_ row: borrowing Row) -> WitnessRecord {
        WitnessRecord(
            name: row.text(0), kind: row.text(1), place: row.text(2),
            failure: WitnessRecord.Failure(
                since: row.instant(3), count: row.count(4), nextAttemptAt: row.instant(5), cause: row.text(6)))
    }
}
