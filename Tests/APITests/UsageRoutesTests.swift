import Domain
import HTTPClient
import JSON
import Runtime
import Store
import TestSupport
import Testing

@testable import API

@Suite struct UsageRoutesTests {
    @Test func usageIsListedByPeriod() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let id = String(decoding: merchant.subClient.text, as: UTF8.self)
            let today = String(decoding: fixture.store.clock.now().rfc3339().prefix(10), as: UTF8.self)
            fixture.store.noteUsage(
                merchant.subClient, .sandbox, UsageCount(linkTokens: 1, events: 2, deliveries: 3, attempts: 4))
            try await fixture.store.writeUsage()
            for query in ["", "?interval=month", "?from=\(today)&limit=1"] {
                let answer = try await fixture.admin(.get, "/usage\(query)")
                #expect(answer.status == 200)
                let listed = try Array(answer.json["data"]!.elements)
                #expect(listed.map { $0["subClientId"]?.text } == [id])
                let periods = Array(try #require(listed.at(0)["periods"]).elements)
                let period = try #require(periods.first)
                #expect(period["start"]?.text == (query == "?interval=month" ? "\(today.prefix(8))01" : today))
                #expect(period["attempts"]?.integer == 4, "\(answer.text)")
                #expect(try answer.json["nextCursor"]?.isNull == true)
            }
            let other = String(decoding: fixture.store.identifiers.next(SubClientID.self).text, as: UTF8.self)
            #expect(try await fixture.admin(.get, "/usage?subClientId=\(other)").text.hasPrefix(#"{"data":[],"#))
        }
    }

    @Test(
        arguments: [
            ("from=2026-3-1", "from"), ("before=tomorrow", "before"), ("interval=year", "interval"),
            ("from=2026-03-02&before=2026-03-02", "from"), ("from=2026-01-01&before=2026-02-02", "from"),
            ("interval=month&from=2024-01-01&before=2025-01-02", "from"), ("subClientId=x", "subClientId"),
            ("environment=x", "environment"), ("limit=0", "limit"), ("day=1", "day"),
        ])
    func whatCannotBeAskedForIsNamed(_ query: String, _ field: String) async throws {
        try await APIFixture.with { fixture in
            let answer = try await fixture.admin(.get, "/usage?\(query)")
            #expect(answer.status == 400)
            #expect(try answer.json["errors"]?.elements.map { $0["field"]?.text } == [field])
        }
    }
}
