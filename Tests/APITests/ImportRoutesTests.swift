import Domain
import HTTPClient
import JSON
import Postgres
import Runtime
import Store
import TestSupport
import Testing

@testable import API

@Suite struct ImportRoutesTests {
    private static func line(_ externalID: String, _ name: String = "Shop", more: String = "") -> String {
        #"{"externalId":"\#(externalID)","legalName":"\#(name) GmbH","displayName":"\#(name)","country":"DE"\#(more)}"#
    }

    private static func send(
        _ fixture: APIFixture, _ lines: [String], type: String = "application/x-ndjson"
    ) async throws -> (status: Int, lines: [JSONValue]) {
        let answer = try await fixture.call(
            .post, "/admin/v1/sub-clients/import", on: "admin", headers: [fixture.bearer(fixture.adminKey)],
            body: lines.joined(separator: "\n"), contentType: type)
        if answer.status != 200 { return (answer.status, []) }
        #expect(answer.headers["content-type"] == "application/x-ndjson")
        let values = try answer.body.split(separator: UInt8(ascii: "\n")).map { try JSONDocument.parse(Array($0)).root }
        return (answer.status, values)
    }

    private static func statuses(_ lines: [JSONValue]) -> [String?] { lines.map { $0["status"]?.text } }

    @Test func eachLineIsJudgedAlone() async throws {
        try await APIFixture.with { fixture in
            let answer = try await Self.send(
                fixture,
                [
                    Self.line("a", more: #","metadata":{"z":"1","a":"2"}"#), "", #"{"legalName":"L"}"#, "nonsense",
                    "[1]", Self.line("b") + "\r", "  ", Self.line("c", more: #","surprise":1"#),
                    Self.line("a", "Other"),
                    Self.line("b"), Self.line("", "No"), "",
                ])
            #expect(answer.lines.map { $0["line"]?.integer } == [1, 3, 4, 5, 6, 8, 9, 10, 11])
            #expect(
                Self.statuses(answer.lines) == [
                    "created", "failed", "failed", "failed", "created", "failed", "conflict", "exists", "failed",
                ])
            let fields = answer.lines[1]["errors"]?.elements.map { $0["field"]?.text }
            #expect(fields == ["externalId", "displayName", "country"])
            #expect(answer.lines[5]["errors"]?.elements.map { $0["field"]?.text } == ["surprise"])
            #expect(try answer.lines.at(6)["id"]?.text == answer.lines.at(0)["id"]?.text)
            #expect(try answer.lines.at(7)["id"]?.text == answer.lines.at(4)["id"]?.text)
            let list = try await fixture.admin(.get, "/sub-clients")
            #expect(try list.json["data"]!.elements.map { $0 }.count == 2)
            // One entry for each that was made.
            let audit = try await fixture.admin(.get, "/audit?action=subClient.created")
            #expect(try audit.json["data"]!.elements.map { $0 }.count == 2)
            #expect(try await fixture.admin(.get, "/audit/verify").json["valid"]?.bool == true)
        }
    }

    @Test func sentAgainItMakesNothingTwice() async throws {
        try await APIFixture.with { fixture in
            let lines = (0..<40).map {
                Self.line("e\($0)", more: #","metadata":{"n":"\#($0)","a":"b"},"website":null"#)
            }
            let broken = try await Self.send(fixture, Array(lines.prefix(25)))
            #expect(Self.statuses(broken.lines) == Array(repeating: "created", count: 25))
            let whole = try await Self.send(fixture, lines.reversed())
            #expect(
                Self.statuses(whole.lines)
                    == Array(repeating: "created", count: 15) + Array(repeating: "exists", count: 25))
            #expect(
                whole.lines.suffix(25).map { $0["id"]?.text } == broken.lines.reversed().map { $0["id"]?.text })
            // One that was changed since is another.
            let id = try #require(broken.lines.at(0)["id"]?.text)
            _ = try await fixture.admin(.patch, "/sub-clients/\(id)", body: #"{"displayName":"New"}"#)
            let again = try await Self.send(fixture, lines)
            #expect(Self.statuses(again.lines) == ["conflict"] + Array(repeating: "exists", count: 39))
        }
    }

    @Test func twoImportsAtOnceMakeEachOnce() async throws {
        try await APIFixture.with { fixture in
            let lines = (0..<100).map { Self.line("e\($0)") }
            async let one = Self.send(fixture, lines)
            async let other = Self.send(fixture, lines.reversed())
            let answers = try await [one.lines, other.lines.reversed()]
            for (left, right) in try zip(answers.at(0), answers.at(1)) {
                #expect(left["id"]?.text == right["id"]?.text)
                #expect(Set([left, right].map { $0["status"]?.text }) == ["created", "exists"])
            }
        }
    }

    /// A thousand lines share commits, and far fewer than a thousand of them.
    @Test func aThousandLinesShareCommits() async throws {
        try await APIFixture.with { fixture in
            let before = fixture.store.database.counters(.serial)
            let answer = try await Self.send(fixture, (0..<1_000).map { Self.line("e\($0)") })
            #expect(Self.statuses(answer.lines) == Array(repeating: "created", count: 1_000))
            let after = fixture.store.database.counters(.serial)
            #expect(after.units - before.units == 1_000)
            #expect(after.batches - before.batches <= 50)
            #expect(try await Self.send(fixture, (0..<1_001).map { Self.line("e\($0)") }).status == 400)
        }
    }

    @Test func whatIsNoImportIsRefused() async throws {
        try await APIFixture.with { fixture in
            let json = try await Self.send(fixture, [Self.line("a")], type: "application/json")
            #expect(json.status == 415)
            #expect(
                try await Self.send(fixture, [Self.line("a")], type: "Application/X-NDJSON; charset=utf-8").status
                    == 200)
            #expect(try await Self.send(fixture, ["", " ", "\r"]).status == 400)
            #expect(try await Self.send(fixture, [String(repeating: " ", count: 1_048_577)]).status == 413)
            #expect(try await fixture.admin(.get, "/sub-clients/import").status == 405)
        }
    }
}
