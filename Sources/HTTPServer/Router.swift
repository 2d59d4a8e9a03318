/// Which handler a request goes to, by its path and method.
package struct Router: Sendable {
    package typealias Handler = @Sendable (Request, Parameters) throws -> Answer

    /// What stood where a pattern has `{name}`.
    package struct Parameters: Sendable {
        fileprivate var values: [(name: String, value: String)] = []

        package init() {}

        package subscript(name: String) -> String? { values.first { $0.name == name }?.value }
    }

    private enum Part: Sendable {
        case literal(String)
        /// One segment.
        case one(String)
        /// All that follow, none included.
        case rest
    }

    private struct Route: Sendable {
        var pattern: String
        var parts: [Part]
        /// Nil takes all of them.
        var methods: [String]?
        var handler: Handler
    }

    private var routes: [Route] = []
    /// The routes without parameters by their path: nearly every request is for one of them.
    private var exact: [String: [Route]] = [:]
    private let onError: @Sendable (any Error, Request) -> Response

    /// - parameter onError: what is answered when a handler throws.
    package init(onError: @escaping @Sendable (any Error, Request) -> Response) {
        self.onError = onError
    }

    /// Adds a route.
    ///
    /// - parameters:
    ///   - methods: nil for all; where GET is taken, HEAD is too.
    ///   - pattern: such as `/v1/tokens/{name}`, or `/files/{...}` for all that is below.
    package mutating func on(_ methods: [String]?, _ pattern: String, _ handler: @escaping Handler) {
        var methods = methods
        if methods?.contains("GET") == true { methods?.append("HEAD") }
        let parts = pattern.split(separator: "/").map { part -> Part in
            guard part.hasPrefix("{"), part.hasSuffix("}") else { return .literal(String(part)) }
            return part == "{...}" ? .rest : .one(String(part.dropFirst().dropLast()))
        }
        let route = Route(pattern: pattern, parts: parts, methods: methods, handler: handler)
        let isExact = parts.allSatisfy { if case .literal = $0 { true } else { false } }
        if isExact { exact[pattern, default: []].append(route) } else { routes.append(route) }
    }

    /// Every route as `GET /v1/tokens/{token}`, or with `*` where all methods are taken; HEAD goes without saying.
    package var routeNames: [String] {
        (exact.values.flatMap(\.self) + routes).flatMap { route in
            (route.methods?.filter { $0 != "HEAD" } ?? ["*"]).map { "\($0) \(route.pattern)" }
        }.sorted()
    }

    /// Answers a request: by its handler, with 404, or with 405 and the methods that there are.
    package func answer(_ request: Request) -> Answer {
        var allowed: [String] = []
        for route in exact[request.target.path] ?? [] {
            guard let methods = route.methods, !methods.contains(request.method) else {
                return call(route, request, Parameters())
            }
            allowed += methods
        }
        for route in routes {
            guard let parameters = match(route, request.target.segments) else { continue }
            guard let methods = route.methods, !methods.contains(request.method) else {
                return call(route, request, parameters)
            }
            allowed += methods
        }
        if allowed.isEmpty { return .now(.problem(404, "Not found", detail: "nothing is at this path")) }
        return .now(
            .problem(
                405, "Method not allowed", detail: "this path takes \(allowed.joined(separator: ", "))",
                headers: [("Allow", allowed.joined(separator: ", "))]))
    }

    private func call(_ route: Route, _ request: Request, _ parameters: Parameters) -> Answer {
        do {
            return try route.handler(request, parameters)
        } catch {
            return .now(onError(error, request))
        }
    }

    private func match(_ route: Route, _ segments: [String]) -> Parameters? {
        var parameters = Parameters()
        var index = 0
        for part in route.parts {
            if case .rest = part { return parameters }
            guard index < segments.count else { return nil }
            switch part {
            case .literal(let literal): guard segments[index] == literal else { return nil }
            case .one(let name):
                guard !segments[index].isEmpty else { return nil }
                parameters.values.append((name, segments[index]))
            case .rest: break
            }
            index += 1
        }
        return index == segments.count ? parameters : nil
    }
}
