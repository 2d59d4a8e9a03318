import Engine
import RotaCore
import SQLite

extension SQLStore {
    func answeredRequest(of caller: TokenID, key: String, since start: Instant) throws -> AnsweredRequest? {
        try driver.first(.answeredRequest, [.of(caller), .text(key), .of(start)]) { row in
            AnsweredRequest(request: row.text(0), status: row.count(1), answer: row.text(2))
        }
    }

    func rememberRequest(
        _ request: AnsweredRequest, of caller: TokenID, key: String, at now: Instant, forgetting start: Instant
    ) throws {
        _ = try driver.execute(.forgetRequests, [.of(start)])
        _ = try driver.execute(
            .rememberRequest,
            [
                .of(caller), .text(key), .text(request.request), .of(request.status), .text(request.answer), .of(now),
            ])
    }

    func finishRequest(_ request: AnsweredRequest, of caller: TokenID, key: String) throws {
        try driver.execute(.finishRequest, [.of(caller), .text(key), .of(request.status), .text(request.answer)])
    }

    func forgetRequest(of caller: TokenID, key: String) throws {
        try driver.execute(.forgetRequest, [.of(caller), .text(key)])
    }
}
