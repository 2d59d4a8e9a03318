import HTTPServer

/// What is served to who has no role, or shows it in a way of its own.
extension Operation {
    static let open: [Operation] = oauth + holding + monitoring

    private static let value = Schema.filled

    private static let oauth: [Operation] = [
        Operation(
            id: "introspect", method: "POST", path: "/v1/introspect",
            summary: "What a value is worth (RFC 7662); it counts as a use of it",
            roles: [Role.introspect, Role.admin], access: .caller,
            form: .object([("token", value)], optional: [("scope", .text), ("source", .text), ("agent", .text)]),
            answer: ok(
                .object(
                    [("active", .truth)],
                    optional: [
                        ("scope", .text), ("client_id", .text), ("username", .text), ("token_type", .text),
                        ("exp", .whole), ("iat", .whole), ("sub", .text), ("jti", .text),
                    ])),
            handler: .open { api, request in
                try api.meter.counted(.introspect) { try api.oauth(request) { .now(try api.introspect(request)) } }
            }),
        Operation(
            id: "revoke", method: "POST", path: "/v1/revoke",
            summary: "Ends the token that a value is of (RFC 7009); whoever holds the value may do so, too",
            roles: [Role.operate, Role.admin], access: .caller,
            form: .object([("token", value)], optional: [("reason", .line(longest: 200))]), answer: (200, nil),
            handler: .open { api, request in
                try api.meter.counted(.revoke) { try api.oauth(request) { try api.revoke(request) } }
            }),
        Operation(
            id: "authorize", method: "GET", takesAnyMethod: true, path: "/v1/authorize",
            summary: "Whether a proxy may let a request through that came with this Authorization; by any method",
            access: .holder,
            parameters: [Parameter(name: "scope", schema: .scopes, about: "all of these, with blanks between them")],
            answer: (200, nil), refusals: [400, 403],
            handler: .open { api, request in
                try api.verify { try api.authorize(request, needing: API.scopes(inQueryOf: request)) }
            }),
    ]

    private static let holding: [Operation] = [
        Operation(
            id: "describeSelf", method: "GET", path: "/v1/self", summary: "What has become of one's own value",
            access: .holder, answer: ok(.named("Holding")),
            handler: .open { api, request in
                try api.meter.counted(.holder) { try api.whileStored { .now(try api.describeSelf(request)) } }
            }),
        Operation(
            id: "rotateSelf", method: "POST", path: "/v1/self/rotate",
            summary: "Gives one's own token another value in all its places; 202 where it is under way",
            access: .holder, answer: ok(.named("Holding")), otherAnswers: [202], refusals: [409],
            handler: .open { api, request in
                try api.meter.counted(.holder) { try api.whileStored { try api.rotateSelf(request) } }
            }),
    ]

    private static let monitoring: [Operation] = [
        Operation(
            id: "metrics", method: "GET", path: "/metrics", summary: "How things stand, for Prometheus",
            roles: [Role.audit, Role.admin], access: .caller, answer: ok(.text),
            contentTypes: [MetricsText.contentType],
            handler: .open { api, request in try api.whileStored { try api.metrics(request) } }),
        Operation(
            id: "healthz", method: "GET", path: "/healthz", summary: "Whether the process lives", access: .anybody,
            answer: ok(.object([("status", .text)])), handler: .open { _, _ in .now(API.healthy) }),
        Operation(
            id: "readyz", method: "GET", path: "/readyz", summary: "Whether requests should come here",
            access: .anybody, answer: ok(.object([("status", .text)], optional: [("held", .text)])), refusals: [503],
            handler: .open { api, request in .now(try api.readiness(request)) }),
    ]
}
