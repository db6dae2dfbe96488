import Domain
import Foundation

/// One operation of openapi.yaml, as far as it says who may call it and on what.
struct ContractOperation {
    /// Whose key it takes.
    enum Caller: Equatable {
        case nobody
        case admin(Permission)
        case tenant
        case mesh
    }

    var method = ""
    var path = ""
    var caller = Caller.nobody
    var hasBody = false
    var statuses: [Int] = []

    var name: String { "\(method) \(path)" }
    var parameters: [String] {
        path.split(separator: "/").filter { $0.first == "{" }.map { String($0.dropFirst().dropLast()) }
    }

    /// All operations but the sandbox's, which is no part of the service.
    static func all() throws -> [ContractOperation] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("openapi.yaml")
        return read(try String(contentsOf: file, encoding: .utf8))
    }

    /// Reads by indentation: paths stand at two columns, methods at four, what they say at six, statuses at eight.
    static func read(_ text: String) -> [ContractOperation] {
        var found: [ContractOperation] = []
        var path = ""
        var isInPaths = false
        var section = ""
        for line in text.split(separator: "\n") {
            let content = line.drop { $0 == " " }
            let depth = line.count - content.count
            if depth == 0 { isInPaths = content == "paths:" }
            guard isInPaths, !content.hasPrefix("#") else { continue }
            switch depth {
            case 2: path = String(content.dropLast())
            case 4:
                section = ""
                if methods.contains(content) {
                    found.append(ContractOperation(method: content.dropLast().uppercased(), path: path))
                }
            case 6 where !found.isEmpty && found[found.count - 1].path == path:
                section = String(content.prefix { $0 != ":" })
                found[found.count - 1].take(section, content)
            case 8 where section == "responses" && content.hasPrefix("\""):
                if let status = Int(content.dropFirst().prefix(3)) { found[found.count - 1].statuses.append(status) }
            default: break
            }
        }
        return found.filter { !$0.isOfSandbox }
    }

    private static let methods: Set<Substring> = ["get:", "put:", "post:", "delete:", "patch:"]

    private var isOfSandbox: Bool { path.hasPrefix("/sandbox/") || path.hasPrefix("/admin/api/") }

    private mutating func take(_ section: String, _ line: Substring) {
        switch section {
        case "security" where line.contains("clientSecret: []"): caller = .tenant
        case "security" where line.contains("meshClientId"): caller = .mesh
        case "x-permission":
            let word = line.dropFirst("x-permission: ".count)
            if let permission = Permission(rawValue: String(word)) { caller = .admin(permission) }
        case "requestBody": hasBody = true
        default: break
        }
    }
}
