import Domain
import HTTPClient
import JSON
import Testing

@testable import Delivery

@Suite struct ExchangeRecordTests {
    private func record(
        custom: [(name: String, value: [UInt8])] = [], own: [(name: String, value: [UInt8])] = [],
        answer: [(name: String, value: String)] = [], timings: ExchangeRecord.Timings = .init()
    ) throws -> (bytes: [UInt8], json: JSONValue) {
        let bytes = ExchangeRecord.json(
            custom: custom, own: own, responseHeaders: ResponseHeaders(answer), timings: timings)
        return (bytes, try JSONDocument.parse(bytes).root)
    }

    private func pairs(_ value: JSONValue?) -> [[String?]] {
        value?.elements.map { pair in pair.elements.map { $0.text } } ?? []
    }

    @Test func whatTheOwnerSetIsNamedButNotTold() throws {
        let (bytes, json) = try record(
            custom: [("Authorization", Array("Bearer secret-1".utf8)), ("X-Shop", Array("secret-2".utf8))],
            own: [("webhook-id", Array("evt_1".utf8))], answer: [("Retry-After", "30"), ("Retry-After", "60")])
        #expect(!String(decoding: bytes, as: UTF8.self).contains("secret"))
        #expect(
            pairs(json["requestHeaders"]) == [
                ["Authorization", "***"], ["X-Shop", "***"], ["webhook-id", "evt_1"],
            ])
        #expect(pairs(json["responseHeaders"]) == [["retry-after", "30"], ["retry-after", "60"]])
        #expect(json["headersWereCut"]?.bool == false)
    }

    @Test func timingsThatDidNotHappenAreAbsent() throws {
        let (_, json) = try record(
            timings: .init(dns: .microseconds(1_500), tls: .milliseconds(12), firstByte: .nanoseconds(900)))
        let timings = try #require(json["timings"])
        #expect(timings["dnsUs"]?.integer == 1_500 && timings["tlsUs"]?.integer == 12_000)
        #expect(timings["connectUs"] == nil)
        #expect(timings["firstByteUs"]?.integer == 0)
    }

    @Test func headersAreCutWhereTheRoomEnds() throws {
        let long = String(repeating: "v", count: 5_000)
        let (_, json) = try record(answer: [("a", "b"), ("long", long), ("late", "x")])
        let kept = pairs(json["responseHeaders"])
        #expect(kept.count == 2 && kept[0] == ["a", "b"])
        #expect(kept[1][1]!.utf8.count == 2_048 - 2 * 8 - 2 - 4)
        #expect(json["headersWereCut"]?.bool == true)
    }

    /// Whatever comes back, the record is JSON and fits its column.
    @Test(arguments: ["\u{1}", "\"", "\\", "é", "x"])
    func itNeverOutgrowsItsColumn(_ character: String) throws {
        let value = Array(String(repeating: character, count: 4_000).utf8)
        let many = (0..<400).map { (name: "n\($0)", value: "") }
        let answers: [[(name: String, value: String)]] = [
            [("a", String(decoding: value, as: UTF8.self))], many,
        ]
        for answer in answers {
            let (bytes, json) = try record(
                custom: (0..<20).map { (name: String(repeating: "x", count: 60) + "\($0)", value: value) },
                own: [("webhook-signature", value)], answer: answer)
            #expect(bytes.count <= 16_384)
            #expect(json["headersWereCut"]?.bool == true)
        }
    }
}
