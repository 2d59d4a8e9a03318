import Engine
import HTTPServer
import JSON

/// The description of the interface (OpenAPI 3.1.0), made from the operations themselves.
struct OpenAPI {
    var operations: [Operation]
    var version: String

    var document: JSON {
        var paths = JSON.Object([])
        for operation in operations {
            var path = paths[operation.path]?.object ?? JSON.Object([])
            path[operation.method.lowercased()] = describe(operation)
            paths[operation.path] = .object(path)
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Rota", "version": .string(version),
                "description":
                    "API tokens with a term. What each operation needs is in its security: one of the scopes.",
                "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
            ],
            "paths": .object(paths),
            "components": [
                "schemas": .object(JSON.Object(Schemas.all.map { ($0.0, $0.1.json) })),
                "securitySchemes": [
                    "token": [
                        "type": "http", "scheme": "bearer", "description": "a token of Rota whose scopes are roles",
                    ],
                    "password": [
                        "type": "http", "scheme": "basic",
                        "description": "the same token as the password; the user name says nothing",
                    ],
                ],
            ],
        ]
    }

    private func describe(_ operation: Operation) -> JSON {
        var parameters =
            pathParameters(operation)
            + operation.parameters.map { parameter -> JSON in
                [
                    "name": .string("\(parameter.name)"), "in": "query", "required": false,
                    "description": .string(parameter.about), "schema": parameter.schema.json,
                ]
            }
        if operation.takesKey {
            parameters.append([
                "name": "Idempotency-Key", "in": "header", "required": false,
                "description": "the same key again within a day: nothing is done again, and the answer is the same",
                "schema": ["type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"],
            ])
        }
        parameters += operation.conditions.map { name in
            [
                "name": .string(name), "in": "header", "required": false, "schema": ["type": "string"],
                "description": "an ETag that was given out for it",
            ]
        }
        var answers = JSON.Object([(String(operation.answer.status), good(operation))])
        for status in operation.otherAnswers { answers[String(status)] = good(operation) }
        if operation.conditions.contains("If-None-Match") { answers["304"] = ["description": "as it was"] }
        for status in Set(operation.refusals + refusals(operation.access)).sorted() {
            answers[String(status)] = problem(status, ofOAuth: operation.form != nil)
        }
        var document: JSON.Object = [
            "operationId": .string(operation.id), "summary": .string(operation.summary),
            "parameters": .array(parameters), "responses": .object(answers),
            "security": .array(security(operation)),
        ]
        if let body = operation.body ?? operation.form {
            let type = operation.form == nil ? operation.bodyType : "application/x-www-form-urlencoded"
            let content: JSON = ["schema": body.json]
            document["requestBody"] = [
                "required": .bool(body.asksForSomething || operation.method == "PATCH"),
                "content": .object(JSON.Object([(type, content)])),
            ]
        }
        return .object(document)
    }

    /// What may be refused whatever is asked for.
    private func refusals(_ access: Operation.Access) -> [Int] {
        switch access {
        case .role: [400, 401, 403, 422, 429, 500, 503]
        case .caller: [400, 401, 403, 429, 500, 503]
        case .holder: [401, 429, 500, 503]
        case .anybody: []
        }
    }

    private func security(_ operation: Operation) -> [JSON] {
        let roles = operation.roles.map { role -> JSON in ["token": .array([.string(role)])] }
        switch operation.access {
        case .role: return roles
        case .caller: return roles + [Self.anyPassword]
        case .holder: return [["token": []], Self.anyPassword]
        case .anybody: return []
        }
    }

    private func pathParameters(_ operation: Operation) -> [JSON] {
        operation.path.split(separator: "/").filter { $0.hasPrefix("{") }.map { part in
            [
                "name": .string(String(part.dropFirst().dropLast())), "in": "path", "required": true,
                "schema": ["type": "string", "minLength": 1],
            ]
        }
    }

    private func good(_ operation: Operation) -> JSON {
        guard let schema = operation.answer.schema else { return ["description": "done"] }
        var headers = JSON.Object([])
        if !operation.conditions.isEmpty { headers["ETag"] = Self.header("what the token is known by as it is now") }
        if operation.answer.status == 201 { headers["Location"] = Self.header("where what was made is found") }
        if operation.takesKey {
            headers["Idempotent-Replayed"] = Self.header("true: it is the answer that was given before")
        }
        return [
            "description": "done", "headers": .object(headers),
            "content": .object(
                JSON.Object(
                    contentTypes(operation).map { type in
                        (type, type == "application/json" ? ["schema": schema.json] : .object(JSON.Object([])))
                    })),
        ]
    }

    private static let anyPassword: JSON = ["password": []]

    private static func header(_ about: String) -> JSON {
        ["required": false, "description": .string(about), "schema": ["type": "string"]]
    }

    /// What a command is answered with where people read it is for the command line, and only named.
    private func contentTypes(_ operation: Operation) -> [String] {
        operation.contentTypes + (Screen.commands[operation.id] == nil ? [] : [Screen.mediaType])
    }

    private func problem(_ status: Int, ofOAuth: Bool) -> JSON {
        let about: [Int: String] = [
            400: "it has not the shape that it should have", 401: "nobody who is known", 403: "this needs more",
            404: "there is none, or none that you may know of", 409: "not as it is now",
            412: "it has changed meanwhile", 413: "it is too long", 507: "there is no room for it",
            422: "it has the shape, and makes no sense; or its key came with another request before",
            429: "too many values came from there that are no token's", 500: "the log has more",
            503: "not now; Retry-After tells when to ask again",
        ]
        var document: JSON.Object = [
            "description": .string(about[status] ?? "refused"),
            "content": ofOAuth
                ? ["application/json": ["schema": Schema.named("OAuthError").json]]
                : ["application/problem+json": ["schema": Schema.named("Problem").json]],
        ]
        if [409, 429, 503].contains(status) {
            document["headers"] = ["Retry-After": Self.header("in so many seconds, where that is known")]
        }
        return .object(document)
    }
}
