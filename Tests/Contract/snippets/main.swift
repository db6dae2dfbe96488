import Foundation

// Reads cases as JSON and says, for each, what README.md's function does.

struct Case: Decodable {
    let headers: [String: String]
    let body: Data
    let key: String
}

let cases = try JSONDecoder().decode([Case].self, from: FileHandle.standardInput.readDataToEndOfFile())
let said = cases.map { isFromSubgate(headers: $0.headers, body: $0.body, secret: $0.key) }
FileHandle.standardOutput.write(try JSONEncoder().encode(said))
