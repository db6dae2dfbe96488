import API
import Domain
import HTTPServer
import Sandbox
import Testing

/// One method of one path, as openapi.yaml and the route table both name it: `GET /v1/events/{eventId}`.
struct RouteName: Hashable, Comparable, CustomStringConvertible {
    var method: String
    var pattern: String

    var description: String { "\(method) \(pattern)" }

    static func < (left: RouteName, right: RouteName) -> Bool {
        (left.pattern, left.method) < (right.pattern, right.method)
    }
}

/// Holds openapi.yaml and the route table equal.
enum RouteMirror {
    private static let methods: Set<Substring> = ["get", "put", "post", "delete", "patch", "head", "options", "trace"]

    /// The routes under `paths:`. A path stands on a line with an indentation of two, its methods of four.
    static func routes(inOpenAPI text: String) -> [RouteName] {
        var found: [RouteName] = []
        var path: String?
        var isInPaths = false
        for line in text.split(separator: "\n") {
            let indentation = line.prefix { $0 == " " }.count
            let content = line.dropFirst(indentation)
            if content.hasPrefix("#") { continue }
            guard let colon = content.lastIndex(of: ":") else { continue }
            let key = content[..<colon]
            switch indentation {
            case 0: isInPaths = key == "paths"
            case 2 where isInPaths: path = key.hasPrefix("/") ? String(key) : nil
            case 4 where isInPaths:
                if let path, methods.contains(key) { found.append(.init(method: key.uppercased(), pattern: path)) }
            default: break
            }
        }
        return found
    }

    /// What one side has and the other has not, and what a side has twice.
    static func differences(contract: [RouteName], table: [RouteName]) -> [String] {
        let onlyContract = Set(contract).subtracting(table).sorted().map { "only in openapi.yaml: \($0)" }
        let onlyTable = Set(table).subtracting(contract).sorted().map { "only in the route table: \($0)" }
        return onlyContract + onlyTable + repeated(contract, "openapi.yaml") + repeated(table, "the route table")
    }

    private static func repeated(_ routes: [RouteName], _ place: String) -> [String] {
        Dictionary(grouping: routes) { $0 }.filter { $0.value.count > 1 }.keys.sorted().map {
            "twice in \(place): \($0)"
        }
    }
}

@Suite struct RouteMirrorTests {
    /// Mesh's own operations are one each in the contract and served twice: by us, and by the stand-in for those above
    /// us.
    @Test func theContractNamesWhatIsServedAndNothingElse() throws {
        let ours = RouteTable.all.flatMap { table in
            table.routes.map { RouteName(method: "\($0.method.name)", pattern: "\($0.pattern)") }
        }
        let standIn = SandboxRouteTable.routes.filter(\.isContract)
            .map { RouteName(method: "\($0.method.name)", pattern: "\($0.pattern)") }
        let shared = Set(ours.filter { $0.pattern.hasPrefix("/api/") })
        #expect(shared.count == 9 && shared.subtracting(standIn) == [])
        let contract = RouteMirror.routes(inOpenAPI: try Repository.read("openapi.yaml").text)
        let table = ours + standIn.filter { !shared.contains($0) }
        #expect(RouteMirror.differences(contract: contract, table: table) == [])
    }

    /// The console's pages change with any release: no program may rely on them, so the contract has none.
    @Test func pagesForPeopleStandApartFromTheContract() throws {
        let pages = RouteTable.all.flatMap(\.pages)
        #expect(pages.count > 10 && pages.allSatisfy { "\($0.pattern)".hasPrefix("/console") })
        #expect(RouteTable.all.filter { !$0.pages.isEmpty }.map { "\($0.listener)" } == ["admin"])
        let contract = RouteMirror.routes(inOpenAPI: try Repository.read("openapi.yaml").text)
        #expect(contract.allSatisfy { !$0.pattern.hasPrefix("/console") })
        for page in pages {
            guard case .console = page.access else {
                Issue.record("\(page.name) is no page")
                continue
            }
            #expect(page.method == .get || page.method == .post, "\(page.name)")
        }
    }

    @Test func theContractNamesEveryCallThatAFaultMayConcern() throws {
        let lines = try Repository.read("openapi.yaml").lines
        let start = try #require(lines.firstIndex { $0 == "    SandboxOperation:" })
        let names = lines[start...].drop { $0 != "      enum:" }.dropFirst()
            .prefix { $0.hasPrefix("        - ") }.map { String($0.dropFirst(10)) }
        #expect(Set(names) == Set(SandboxRouteTable.callNames) && names.count == SandboxRouteTable.callNames.count)
    }

    @Test func theContractNamesThePermissionOfEachAdminRoute() throws {
        var named: [RouteName: String] = [:]
        var route = RouteName(method: "", pattern: "")
        for line in try Repository.read("openapi.yaml").lines {
            let text = line.trimmingPrefix { $0 == " " }
            switch line.count - text.count {
            case 2: route.pattern = String(text.dropLast())
            case 4: route.method = text.dropLast().uppercased()
            case 6 where text.hasPrefix("x-permission: "): named[route] = String(text.dropFirst(14))
            default: break
            }
        }
        var needed: [RouteName: String] = [:]
        for route in RouteTable.adminListener.routes {
            guard case .admin(let permission) = route.access else { continue }
            needed[RouteName(method: "\(route.method.name)", pattern: "\(route.pattern)")] = permission.rawValue
        }
        #expect(named == needed)
    }

    @Test func theContractNamesEveryErrorCode() throws {
        let lines = try Repository.read("openapi.yaml").lines
        let start = try #require(lines.firstIndex { $0 == "    ErrorCode:" })
        let schema = lines[(start + 1)...].prefix { $0.hasPrefix("      ") }
        let codes = schema.filter { $0.hasPrefix("        - ") }.map { String($0.dropFirst(10)) }
        let standIn = ["gone", "unprocessable"]
        #expect(codes.sorted() == (Problem.Code.allCases.map(\.rawValue) + standIn).sorted())
    }

    @Test func theContractIsRead() throws {
        let routes = RouteMirror.routes(inOpenAPI: try Repository.read("openapi.yaml").text)
        #expect(routes.count > 40)
        #expect(RouteMirror.differences(contract: routes, table: routes) == [])
        #expect(routes.contains(RouteName(method: "POST", pattern: "/api/v1/linktoken")))
        #expect(routes.contains(RouteName(method: "PATCH", pattern: "/v1/webhook-endpoints/{endpointId}")))
    }

    @Test func pathsAndMethodsAreReadByIndentation() {
        let text = """
            tags:
              /no: x
            paths:
              # a comment:
              /a/{id}:
                parameters:
                  - get:
                get:
                  summary: a
                post:
              /b:
                delete:
            webhooks:
              /c:
                post:
            """
        let expected = ["GET /a/{id}", "POST /a/{id}", "DELETE /b"]
        #expect(RouteMirror.routes(inOpenAPI: text).map(\.description) == expected)
    }

    @Test func differencesAreFoundBothWays() {
        let a = RouteName(method: "GET", pattern: "/a")
        let b = RouteName(method: "POST", pattern: "/a")
        #expect(
            RouteMirror.differences(contract: [a], table: [b]) == [
                "only in openapi.yaml: GET /a", "only in the route table: POST /a",
            ])
        #expect(RouteMirror.differences(contract: [a], table: [a, a]) == ["twice in the route table: GET /a"])
    }
}
