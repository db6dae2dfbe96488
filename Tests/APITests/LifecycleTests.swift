import Domain
import HTTPClient
import JSON
import Runtime
import Store
import TestSupport
import Testing

@testable import API

@Suite struct LifecycleTests {
    private static let shop = #"{"legalName":"Acme GmbH","displayName":"Acme","country":"DE"}"#

    private static func tag(_ version: Int) -> [APIFixture.Header] { [("If-Match", Array("\"\(version)\"".utf8))] }

    @Test func everyStepHonoursIfMatch() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let path = "/sub-clients/\(merchant.subClient)"
            let read = try await fixture.admin(.get, path)
            #expect(read.headers["etag"] == "\"2\"")
            let reason = #"{"reason":"x"}"#
            let stale = [
                try await fixture.admin(.post, "\(path)/activate", headers: Self.tag(1)),
                try await fixture.admin(.post, "\(path)/suspend", headers: Self.tag(1), body: reason),
                try await fixture.admin(.delete, path, headers: Self.tag(3)),
            ]
            #expect(stale.map(\.status) == [412, 412, 412])
            #expect(try await fixture.admin(.get, path).body == read.body)
            // What was not closed keeps its keys.
            #expect(try await merchant.call(.get, "/v1/me").status == 200)
            for tag in ["x", "W/\"2\""] {
                let bad = try await fixture.admin(.delete, path, headers: [("If-Match", Array(tag.utf8))])
                #expect(bad.status == 400)
            }

            let same = try await fixture.admin(.post, "\(path)/activate", headers: Self.tag(2))
            #expect(same.status == 200 && same.headers["etag"] == "\"2\"")
            let suspended = try await fixture.admin(.post, "\(path)/suspend", headers: Self.tag(2), body: reason)
            #expect(suspended.status == 200 && suspended.headers["etag"] == "\"3\"")
            let active = try await fixture.admin(.post, "\(path)/activate", headers: Self.tag(3))
            #expect(active.status == 200 && active.headers["etag"] == "\"4\"")
            #expect(try await fixture.admin(.delete, path, headers: Self.tag(4)).status == 204)
            #expect(try await merchant.call(.get, "/v1/me").status == 401)
            #expect(try await fixture.admin(.delete, path, headers: Self.tag(5)).status == 204)
            #expect(try await fixture.admin(.delete, path, headers: Self.tag(4)).status == 412)
            #expect(try await fixture.admin(.post, "\(path)/activate", headers: Self.tag(5)).status == 409)
            #expect(try await fixture.admin(.post, "\(path)/suspend", body: reason).status == 409)
        }
    }

    @Test func suspendingNeedsAReason() async throws {
        try await APIFixture.with { fixture in
            let id = try #require(try await fixture.admin(.post, "/sub-clients", body: Self.shop).string("id"))
            for body in ["{}", #"{"reason":""}"#, #"{"reason":null}"#] {
                #expect(try await fixture.admin(.post, "/sub-clients/\(id)/suspend", body: body).status == 400)
            }
        }
    }
}

@Suite struct SubClientSearchTests {
    /// Newest first.
    private static func names(_ fixture: APIFixture, _ query: String) async throws -> [String] {
        let answer = try await fixture.admin(.get, "/sub-clients?\(query)")
        #expect(answer.status == 200, "\(query): \(answer.text)")
        return try answer.json["data"]!.elements.map { $0["displayName"]!.text! }
    }

    @Test func filtersNarrowAndCombine() async throws {
        try await APIFixture.with { fixture in
            let rows = [
                ("Blue Fish", "Ocean Trade Ltd", "GB"), ("Red_Fish 100%", "Ocean Trade Ltd", "DE"),
                ("Green", "FISHERS \\ SONS", "DE"), ("Zoo", "Animals", "FR"),
            ]
            let start = fixture.clock.clock.now()
            for (display, legal, country) in rows {
                _ = try await fixture.store.createSubClient(
                    .system,
                    NewSubClient(
                        legalName: Seed.bytes(legal), displayName: Seed.bytes(display), country: Seed.bytes(country)))
                fixture.clock.advance(by: .seconds(3_600))
            }
            let all = ["Zoo", "Green", "Red_Fish 100%", "Blue Fish"]
            let cases: [(String, [String])] = [
                ("", all), ("text=fish", ["Green", "Red_Fish 100%", "Blue Fish"]), ("text=OCEAN", Array(all[2...])),
                ("text=d_F", ["Red_Fish 100%"]), ("text=00%25", ["Red_Fish 100%"]), ("text=%20%5C%20", ["Green"]),
                ("text=___", []), ("text=%25%25%25", []), ("text=sea", []), ("country=DE", ["Green", "Red_Fish 100%"]),
                ("country=DE&text=ocean", ["Red_Fish 100%"]), ("country=XX", []), ("status=onboarding", all),
                ("status=active", []), ("status=onboarding&text=blue%20fish&country=GB", ["Blue Fish"]),
                // The end of one name and the begin of the other are no text.
                ("text=fish%20ocean", []),
            ]
            for (query, expected) in cases { #expect(try await Self.names(fixture, query) == expected, "\(query)") }
            func time(_ hours: Int) -> String {
                let moment = start + .seconds(hours * 3_600) - .seconds(60)
                return String(decoding: moment.rfc3339(), as: UTF8.self)
            }
            #expect(try await Self.names(fixture, "createdFrom=\(time(2))") == Array(all[..<2]))
            #expect(try await Self.names(fixture, "createdBefore=\(time(2))") == Array(all[2...]))
            #expect(
                try await Self.names(fixture, "createdFrom=\(time(1))&createdBefore=\(time(3))") == ["Green", all[2]])
            for bad in ["text=ab", "text=", "country=de", "createdFrom=monday", "createdBefore=2025-01-01"] {
                #expect(try await fixture.admin(.get, "/sub-clients?\(bad)").status == 400, "\(bad)")
            }
        }
    }

    /// What is added while someone turns pages shows on none of those that come, and hides nothing.
    @Test func pagesStayRightWhileRowsAreAdded() async throws {
        try await APIFixture.with { fixture in
            func add(_ name: String) async throws {
                _ = try await fixture.store.createSubClient(
                    .system,
                    NewSubClient(legalName: Seed.bytes(name), displayName: Seed.bytes(name), country: Seed.bytes("DE")))
                fixture.clock.advance(by: .milliseconds(2))
            }
            for number in 0..<7 { try await add("Shop \(number)") }
            for filter in ["", "&text=shop", "&country=DE", "&status=onboarding"] {
                var seen: [String] = []
                var cursor: String?
                repeat {
                    let page = try await fixture.admin(
                        .get, "/sub-clients?limit=3\(filter)" + (cursor.map { "&cursor=\($0)" } ?? ""))
                    seen += try page.json["data"]!.elements.map { $0["displayName"]!.text! }
                    cursor = try page.string("nextCursor")
                    try await add("Shop later")
                } while cursor != nil
                #expect(seen.filter { $0 != "Shop later" } == (0..<7).reversed().map { "Shop \($0)" }, "\(filter)")
                try await fixture.asOwner("delete from subgate.sub_client where display_name = 'Shop later'")
            }
        }
    }
}
