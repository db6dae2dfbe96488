package import HTTPServer

/// Finds the route of a request by its path's bytes. Built once per listener; finding allocates only for parameters.
package struct Router: Sendable {
    package enum Match: Sendable {
        /// The position of the route in its table, and the path's parts where its pattern has names, in order.
        case route(Int, parameters: [ArraySlice<UInt8>])
        /// The path exists, but not with this method; these are the methods it has, as `Allow` lists them.
        case methodNotAllowed(allow: String)
        /// OPTIONS, answered for every path that exists.
        case options(allow: String)
        case notFound
    }

    private struct Node: Sendable {
        var literals: [(segment: [UInt8], ignoresCase: Bool, node: Int)] = []
        var parameter: Int?
        /// Route positions by method.
        var routes: [(method: Method, route: Int)] = []
        var allow = ""
    }

    private var nodes: [Node] = [Node()]

    /// Patterns under `/api/` match without regard to ASCII case, as Mesh's paths do.
    package init(_ table: RouteTable) {
        for (position, route) in table.served.enumerated() { add(route, at: position) }
        for index in nodes.indices where !nodes[index].routes.isEmpty {
            nodes[index].allow = Router.allow(nodes[index].routes.map(\.method))
        }
    }

    package func match(_ method: Method, _ path: ArraySlice<UInt8>) -> Match {
        var parameters: [ArraySlice<UInt8>] = []
        guard let node = walk(path, &parameters), !nodes[node].routes.isEmpty else { return .notFound }
        let wanted = method == .head ? .get : method
        for entry in nodes[node].routes where entry.method == wanted {
            return .route(entry.route, parameters: parameters)
        }
        return method == .options ? .options(allow: nodes[node].allow) : .methodNotAllowed(allow: nodes[node].allow)
    }

    private func walk(_ path: ArraySlice<UInt8>, _ parameters: inout [ArraySlice<UInt8>]) -> Int? {
        guard path.first == Router.slash else { return nil }
        var node = 0
        var start = path.startIndex + 1
        while true {
            let end = path[start...].firstIndex(of: Router.slash) ?? path.endIndex
            let segment = path[start..<end]
            if segment.isEmpty { return nil }
            if let next = nodes[node].literals.first(where: { Router.equal($0.segment, segment, $0.ignoresCase) }) {
                node = next.node
            } else if let next = nodes[node].parameter {
                parameters.append(segment)
                node = next
            } else {
                return nil
            }
            if end == path.endIndex { return node }
            start = end + 1
        }
    }

    private mutating func add(_ route: Route, at position: Int) {
        let path = Array("\(route.pattern)".utf8)
        precondition(path.first == Router.slash, "a pattern starts with a slash")
        let ignoresCase = path.starts(with: Array("/api/".utf8))
        var node = 0
        for segment in path.dropFirst().split(separator: Router.slash, omittingEmptySubsequences: false) {
            if segment.first == UInt8(ascii: "{") {
                node = nodes[node].parameter ?? append { $0.parameter = $1 }
            } else if let known = nodes[node].literals.first(where: { $0.segment == Array(segment) }) {
                node = known.node
            } else {
                node = append { $0.literals.append((Array(segment), ignoresCase, $1)) }
            }
        }
        precondition(!nodes[node].routes.contains { $0.method == route.method }, "one route per method and path")
        nodes[node].routes.append((route.method, position))

        func append(_ link: (inout Node, Int) -> Void) -> Int {
            nodes.append(Node())
            link(&nodes[node], nodes.count - 1)
            return nodes.count - 1
        }
    }

    private static let slash = UInt8(ascii: "/")

    private static func equal(_ literal: [UInt8], _ segment: ArraySlice<UInt8>, _ ignoresCase: Bool) -> Bool {
        guard literal.count == segment.count else { return false }
        for (left, right) in zip(literal, segment) {
            let isLetter = right &- UInt8(ascii: "A") < 26
            if left != (ignoresCase && isLetter ? right | 0x20 : right) { return false }
        }
        return true
    }

    private static func allow(_ methods: [Method]) -> String {
        var all = methods
        if methods.contains(.get) { all.append(.head) }
        all.append(.options)
        return Method.allCases.filter(all.contains).map { "\($0.name)" }.joined(separator: ", ")
    }
}
