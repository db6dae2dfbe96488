import Domain
import HTTPClient
import JSON
import Runtime
import Store
import TestSupport
import Testing

@testable import API

@Suite struct BrandingRoutesTests {
    private static let full = """
        {"displayName":"Acme Pay","primaryColor":"#1F6FEB","primaryTextColor":"#ffffff","secondaryColor":"#eeeeee",\
        "secondaryTextColor":"#cccccc","buttonRadius":8,"cornerRadius":0,"overlayOpacity":"0.60","theme":"dark",\
        "language":"de-DE","fiatCurrency":"EUR",\
        "allowedOrigins":["https://Shop.example:443","https://*.acme.example","http://localhost:3000"]}
        """

    private func path(_ merchant: Merchant) -> String { "/sub-clients/\(merchant.subClient)/branding" }

    @Test func brandingIsReadPutAndReplacedAsAWhole() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let path = path(merchant)
            let none = try await fixture.admin(.get, path)
            #expect(none.status == 200 && none.headers["etag"] == "\"0\"")
            #expect(try none.json["primaryColor"]?.isNull == true && none.json["updatedAt"]?.isNull == true)
            #expect(try none.json["allowedOrigins"]?.elements.first(where: { _ in true }) == nil)

            let put = try await fixture.admin(
                .put, path, headers: [("If-Match", Array("\"0\"".utf8))], body: Self.full)
            #expect(put.status == 200 && put.headers["etag"] == "\"1\"")
            #expect(try put.string("primaryColor") == "#1f6feb" && put.string("overlayOpacity") == "0.6")
            #expect(try put.json["buttonRadius"]?.integer == 8 && put.json["cornerRadius"]?.integer == 0)
            #expect(
                try put.json["allowedOrigins"]!.elements.map { $0.text! } == [
                    "https://shop.example", "https://*.acme.example", "http://localhost:3000",
                ])
            #expect(try await fixture.admin(.get, path).body == put.body)
            #expect(try await merchant.call(.get, "/v1/branding").body == put.body)
            let reader = try await fixture.store.createCredential(
                .system, for: merchant.subClient,
                NewCredential(environment: .sandbox, access: .read, name: Array("r".utf8)))
            let read = try await fixture.call(
                .get, "/v1/branding", on: "public", headers: [fixture.bearer(reader.secret)])
            #expect(read.body == put.body)

            let next = try await fixture.admin(
                .put, path, headers: [("If-Match", Array("\"1\"".utf8))], body: #"{"theme":"light"}"#)
            #expect(next.status == 200 && next.headers["etag"] == "\"2\"")
            #expect(try next.string("theme") == "light" && next.json["displayName"]?.isNull == true)
            #expect(try next.json["allowedOrigins"]?.elements.first(where: { _ in true }) == nil)
            for tag in ["\"0\"", "\"1\"", "\"3\""] {
                let stale = try await fixture.admin(
                    .put, path, headers: [("If-Match", Array(tag.utf8))], body: Self.full)
                #expect(stale.status == 412, "\(tag)")
            }
            #expect(try await fixture.admin(.put, path, body: "{}").headers["etag"] == "\"3\"")
        }
    }

    @Test func theFirstVersionIsMadeOnce() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let path = path(merchant)
            let stale = try await fixture.admin(.put, path, headers: [("If-Match", Array("\"1\"".utf8))], body: "{}")
            #expect(stale.status == 412)
            let loop = fixture.store.loop
            let statuses = LoopList(loop)
            let tasks = (0..<4).map { _ in
                loop.spawn {
                    let answer = try? await fixture.admin(
                        .put, path, headers: [("If-Match", Array("\"0\"".utf8))], body: "{}")
                    statuses.append(answer?.status ?? 0)
                }
            }
            for task in tasks { await task.value }
            #expect(statuses.all.sorted() == [200, 412, 412, 412])
        }
    }

    @Test func badFieldsAreNamed() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let origins = (0..<51).map { "\"https://a\($0).example\"" }.joined(separator: ",")
            let cases: [(String, String)] = [
                (#"{"primaryColor":"red"}"#, "primaryColor"),
                (##"{"secondaryTextColor":"#fff"}"##, "secondaryTextColor"),
                (#"{"buttonRadius":101}"#, "buttonRadius"), (#"{"buttonRadius":-1}"#, "buttonRadius"),
                (#"{"cornerRadius":1.5}"#, "cornerRadius"), (#"{"overlayOpacity":0.6}"#, "overlayOpacity"),
                (#"{"overlayOpacity":"1.01"}"#, "overlayOpacity"), (#"{"theme":"blue"}"#, "theme"),
                (#"{"language":"xx"}"#, "language"), (#"{"fiatCurrency":"JPY"}"#, "fiatCurrency"),
                (#"{"displayName":""}"#, "displayName"), (#"{"allowedOrigins":"x"}"#, "allowedOrigins"),
                (#"{"allowedOrigins":["https://a.example/"]}"#, "allowedOrigins[0]"),
                (#"{"allowedOrigins":["https://a.example","http://b.example"]}"#, "allowedOrigins[1]"),
                (#"{"allowedOrigins":["https://a.example","HTTPS://A.example:443"]}"#, "allowedOrigins"),
                ("{\"allowedOrigins\":[\(origins)]}", "allowedOrigins"), (#"{"logo":null}"#, "logo"),
            ]
            for (body, field) in cases {
                let answer = try await fixture.admin(.put, path(merchant), body: body)
                #expect(answer.status == 400, "\(body)")
                #expect(try answer.json["errors"]!.elements.map { $0["field"]!.text! } == [field], "\(body)")
            }
            #expect(try await fixture.admin(.get, path(merchant)).headers["etag"] == "\"0\"")
        }
    }

    @Test func whereThereIsNoSubClientOrAClosedOneNothingIsPut() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            try await fixture.store.closeSubClient(.system, merchant.subClient)
            #expect(try await fixture.admin(.put, path(merchant), body: "{}").status == 409)
            #expect(try await fixture.admin(.get, path(merchant)).status == 200)
            for id in ["sc_00000000000000000000000001", "x"] {
                for (method, rest) in [(OutgoingRequest.Method.get, ""), (.put, ""), (.get, "/preview")] {
                    let body = method == .put ? "{}" : nil
                    let answer = try await fixture.admin(method, "/sub-clients/\(id)/branding\(rest)", body: body)
                    #expect(answer.status == 404)
                }
            }
        }
    }

    @Test func thePreviewShowsWhatATokenWillSayAndWarns() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let bare = try await fixture.admin(.get, path(merchant) + "/preview")
            #expect(
                bare.text
                    == #"{"displayName":"Shop","linkStyle":{},"th":null,"lng":null,"fiatCur":null,"logoUrl":null,"#
                    + #""warnings":[]}"#)
            _ = try await fixture.admin(.put, path(merchant), body: Self.full)
            let logo = try await fixture.send(
                .put, "/admin/v1\(path(merchant))/logo", on: "admin", headers: [fixture.bearer(fixture.adminKey)],
                bytes: PNGMaker().bytes(), contentType: "image/png")
            let preview = try await fixture.admin(.get, path(merchant) + "/preview")
            #expect(
                String(decoding: try preview.json["linkStyle"]!.raw, as: UTF8.self)
                    == ##"{"pc":"#1f6feb","pt":"#ffffff","sc":"#eeeeee","st":"#cccccc","br":8,"ir":0,"io":0.6,"##
                    + #""th":"dark"}"#)
            #expect(try preview.string("displayName") == "Acme Pay" && preview.string("th") == "dark")
            #expect(try preview.string("lng") == "de-DE" && preview.string("fiatCur") == "EUR")
            #expect(try preview.string("logoUrl") == logo.string("url"))
            let warnings = try Array(preview.json["warnings"]!.elements)
            #expect(try warnings.count == 1 && warnings.at(0)["field"]?.text == "secondaryTextColor")
            #expect(try warnings.at(0)["contrast"]?.text == "1.38" && warnings.at(0)["minimum"]?.text == "4.50")
        }
    }

    @Test func changesAreToldInTheAuditLog() async throws {
        try await APIFixture.with { fixture in
            let merchant = try await fixture.merchant()
            let logo = "/admin/v1\(path(merchant))/logo"
            _ = try await fixture.admin(.put, path(merchant), body: Self.full)
            for maker in [PNGMaker(), PNGMaker(), PNGMaker(width: 40, height: 40)] {
                _ = try await fixture.send(
                    .put, logo, on: "admin", headers: [fixture.bearer(fixture.adminKey)], bytes: maker.bytes(),
                    contentType: "image/png")
            }
            for _ in 0..<2 { #expect(try await fixture.admin(.delete, path(merchant) + "/logo").status == 204) }
            let audit = try await fixture.admin(.get, "/audit?subClientId=\(merchant.subClient)&limit=4")
            let entries = try Array(audit.json["data"]!.elements)
            // The same bytes again, and deleting what is gone, change nothing.
            #expect(
                entries.map { $0["action"]?.text } == [
                    "branding.logoDeleted", "branding.logoReplaced", "branding.logoReplaced", "branding.updated",
                ])
            #expect(entries.allSatisfy { $0["target"]?["id"]?.text == "\(merchant.subClient)" })
            #expect(try entries.at(0)["after"]?.isNull == true && entries.at(0)["before"]?["width"]?.integer == 40)
            #expect(try entries.at(1)["before"]?["width"]?.integer == 32)
            #expect(try entries.at(1)["after"]?["width"]?.integer == 40)
            #expect(try entries.at(3)["before"]?.isNull == true)
            #expect(try entries.at(3)["after"]?["primaryColor"]?.text == "#1f6feb")
        }
    }
}
