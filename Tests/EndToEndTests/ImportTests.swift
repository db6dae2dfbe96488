import JSON
import TestSupport
import Testing

extension EndToEnd {
    @Suite struct ImportTests {
        @Test func anImportIsResumedByRepeatingIt() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let lines = (0..<300).map { number in
                    #"{"externalId":"m-\#(number)","legalName":"Shop \#(number)","displayName":"S","country":"NL"}"#
                }
                func send(_ lines: [String]) throws -> [JSONValue] {
                    let headers = stage.admin.headers + [("Content-Type", "application/x-ndjson")]
                    let answer = try HTTPProbe(port: stage.node.adminPort).send(
                        "POST", "/admin/v1/sub-clients/import", headers: headers,
                        body: Array(lines.joined(separator: "\n").utf8))
                    #expect(answer.status == 200)
                    return try answer.body.split(separator: UInt8(ascii: "\n")).map {
                        try JSONDocument.parse(Array($0)).root
                    }
                }
                let first = try send(Array(lines.prefix(200)) + ["{"])
                #expect(first.prefix(200).allSatisfy { $0["status"]?.text == "created" })
                #expect(first.last?["status"]?.text == "failed" && first.last?["line"]?.integer == 201)
                let again = try send(lines)
                let statuses = again.map { $0["status"]?.text }
                #expect(statuses == Array(repeating: "exists", count: 200) + Array(repeating: "created", count: 100))
                #expect(again.prefix(200).map { $0["id"]?.text } == first.prefix(200).map { $0["id"]?.text })
                let id = try #require(again.at(250)["id"]?.text)
                let made = try stage.admin("GET", "/admin/v1/sub-clients/\(id)").json(200)
                #expect(made["externalId"]?.text == "m-250")
                let found = try stage.admin("GET", "/admin/v1/sub-clients?text=shop%20250").json(200).data
                #expect(found.map { $0["id"]?.text } == [id])
            }
        }
    }
}
