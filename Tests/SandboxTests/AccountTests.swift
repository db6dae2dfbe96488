import Domain
import HTTPClient
import JSON
import Runtime
import Testing

@testable import Sandbox

/// Mesh's Account Management API over HTTP and PostgreSQL.
@Suite struct AccountTests {
    static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 1, 2, 3]
    static let path = "/admin/api/v1/SubClient"
    static let shop = #"{"businessLegalName":"Shop GmbH","displayName":"Shop"}"#

    // MARK: Token

    @Test func givesATokenForAnHour() async throws {
        try await Harness.run { harness in
            let answer = try await harness.accountToken()
            #expect(answer.status == 200)
            let content = try #require(answer.json?["content"])
            #expect(content["expires_in"]?.integer == 3_600 && content["status"]?.text == "succeeded")
            #expect(content["id_token"]?.text?.split(separator: ".").count == 3)
            let headers = try await harness.bearer()
            harness.clock.advance(by: .seconds(3_590))
            #expect(try await harness.call(.get, Self.path, headers: headers).status == 200)
            harness.clock.advance(by: .seconds(11))
            let late = try await harness.call(.get, Self.path, headers: headers)
            #expect(late.status == 401 && late.text == #"{"statusCode":401}"#)
        }
    }

    @Test func refusesOtherKeysWith403() async throws {
        try await Harness.run { harness in
            for (id, secret) in [
                (Harness.clientId.description, "wrong"), (Harness.clientId.description, Harness.clientSecret),
                ("00000000-0000-0000-0000-000000000000", Harness.adminClientSecret), ("x", Harness.adminClientSecret),
            ] {
                let answer = try await harness.accountToken(id: id, secret: secret)
                #expect(answer.status == 403 && answer.json?["status"]?.text == "permissionDenied")
                #expect(answer.json?["content"] == nil)
            }
            #expect(try await harness.accountToken(id: "", secret: "x").status == 400)
            #expect(try await harness.call(.post, "/admin/api/v1/Token", "{}").status == 400)
            #expect(try await harness.call(.post, "/admin/api/v1/Token", "").status == 400)
        }
    }

    @Test(arguments: ["", "Bearer", "Bearer x", "Bearer a.b.c", "Basic eA=="])
    func refusesWhatIsNoToken(value: String) async throws {
        try await Harness.run { harness in
            var headers = try await harness.bearer()
            let good = try #require(headers["Authorization"])
            headers["Authorization"] = value
            for path in [Self.path, "/admin/api/v1/Client", "/admin/api/v1/Client/callbackUrls"] {
                #expect(try await harness.call(.get, path, headers: headers).status == 401)
            }
            // One character of the signature is another.
            headers["Authorization"] = good.dropLast(4) + (good.hasSuffix("AAAA") ? "BBBB" : "AAAA")
            #expect(try await harness.call(.get, Self.path, headers: headers).status == 401)
        }
    }

    // MARK: Sub-clients

    @Test func keepsSubClients() async throws {
        try await Harness.run { harness in
            let headers = try await harness.bearer()
            let info = """
                {"businessLegalName":"Shop GmbH","DisplayName":"Shop","callbackUrls":["https://*.shop.example/"],\
                "catalogConfiguration":{"excludeIntegrationCategories":["Wallet"]}}
                """
            let made = try await harness.call(.post, Self.path, info, headers: headers)
            #expect(made.status == 200)
            let content = try #require(made.json?["content"])
            let id = try #require(content["id"]?.text)
            #expect(content["displayName"]?.text == "Shop" && content["logoUrl"]?.isNull == true)
            #expect(content["fundingTokenWhitelist"]?.isNull == true)
            #expect(content["callbackUrls"]?.elements.map(\.text) == ["https://*.shop.example/"])
            let categories = content["catalogConfiguration"]?["excludeIntegrationCategories"]
            #expect(categories?.elements.map(\.text) == ["wallet"])

            // A full replacement: what is not said is gone.
            let replaced = try await harness.call(.put, "\(Self.path)/\(id)", Self.shop, headers: headers)
            #expect(replaced.status == 200 && replaced.json?["content"]?["callbackUrls"]?.isNull == true)
            #expect(replaced.json?["content"]?["catalogConfiguration"]?.isNull == true)

            // Names are nobody's own: the same again is another.
            let again = try await harness.call(.post, Self.path.lowercased(), Self.shop, headers: headers)
            let second = try #require(again.json?["content"]?["id"]?.text)
            let list = try await harness.call(.get, Self.path.uppercased(), headers: headers)
            #expect(list.json?["content"]?.elements.map { $0["id"]?.text } == [id, second])

            let gone = try await harness.call(.delete, "\(Self.path)/\(id.uppercased())", headers: headers)
            #expect(gone.status == 200 && gone.json?["status"]?.text == "ok" && gone.json?["content"] == nil)
            for method in [.get, .delete, .put] as [OutgoingRequest.Method] {
                let answer = try await harness.call(method, "\(Self.path)/\(id)", Self.shop, headers: headers)
                #expect(answer.status == 404 && answer.json?["status"]?.text == "notFound")
            }
            #expect(try await harness.call(.get, "\(Self.path)/\(second)", headers: headers).status == 200)
            #expect(try await harness.call(.get, "\(Self.path)/x", headers: headers).status == 400)
        }
    }

    @Test(arguments: [
        #"{"displayName":"b"}"#, #"{"businessLegalName":"a"}"#, #"{"businessLegalName":"","displayName":"b"}"#,
        #"{"businessLegalName":"a","displayName":"\#(String(repeating: "b", count: 301))"}"#,
        #"{"businessLegalName":"a","displayName":"b","logoUrl":"x"}"#,
        #"{"businessLegalName":"a","displayName":"b","callbackUrls":["ftp://a.example"]}"#,
        #"{"businessLegalName":"a","displayName":"b","callbackUrls":["https://"]}"#,
        #"{"businessLegalName":"a","displayName":"b","catalogConfiguration":{"x":[]}}"#,
        #"{"businessLegalName":"a","displayName":"b","catalogConfiguration":"#
            + #"{"excludeIntegrationCategories":["exchange","wallet"]}}"#,
        #"{"businessLegalName":"a","displayName":"b","catalogConfiguration":{"excludeIntegrations":["x"]}}"#,
        #"{"businessLegalName":"a","displayName":"b","catalogConfiguration":"#
            + #"{"excludeIntegrations":["00000000-0000-0000-0000-000000000001"],"#
            + #""integrationWhiteList":["00000000-0000-0000-0000-000000000002"]}}"#,
        "[]", "{", "",
    ])
    func refusesInfo(body: String) throws {
        #expect(throws: RequestFault.self) { try RegisteredClientInfo.parse(Array(body.utf8)) }
    }

    @Test func boundsLists() throws {
        let info = { (name: String, count: Int) in
            let texts = (0..<count).map { #""https://\#($0).example""# }.joined(separator: ",")
            return Array(#"{"businessLegalName":"a","displayName":"b","\#(name)":[\#(texts)]}"#.utf8)
        }
        #expect(try RegisteredClientInfo.parse(info("callbackUrls", 50)).callbackUrls?.count == 50)
        #expect(throws: RequestFault.self) { try RegisteredClientInfo.parse(info("callbackUrls", 51)) }
    }

    // MARK: Logo

    @Test func takesALogoInASecondCall() async throws {
        try await Harness.run { harness in
            let id = try await harness.registered()
            #expect(try await harness.uploadLogo(id, Self.png, "a.png", "image/png").status == 200)
            let client = try await harness.call(.get, "\(Self.path)/\(id)", headers: harness.bearer())
            let url = try #require(client.json?["content"]?["logoUrl"]?.text)
            #expect(url.hasPrefix("http://127.0.0.1:8083/"))
            let shown = try await harness.call(.get, String(url.dropFirst("http://127.0.0.1:8083".count)), headers: [:])
            #expect(shown.body == Self.png && shown.headers["content-type"] == "image/png")
            // PUT leaves it; DELETE removes it.
            let put = try await harness.call(.put, "\(Self.path)/\(id)", Self.shop, headers: harness.bearer())
            #expect(put.json?["content"]?["logoUrl"]?.text == url)
            let path = "\(Self.path)/\(id)/logo"
            #expect(try await harness.call(.delete, path, headers: harness.bearer()).status == 200)
            let bare = try await harness.call(.get, "\(Self.path)/\(id)", headers: harness.bearer())
            #expect(bare.json?["content"]?["logoUrl"]?.isNull == true)
        }
    }

    @Test func refusesInvalidLogosWith415() async throws {
        try await Harness.run { harness in
            let id = try await harness.registered()
            let large = Self.png + [UInt8](repeating: 0, count: SandboxLimits.logoBytes)
            for (content, name, type) in [
                (Array("GIF89a".utf8), "a.png", "image/png"), (Self.png, "a.gif", "image/png"),
                (Self.png, "a.png", "image/gif"), (Self.png, "a.jpg", "image/jpeg"), ([], "a.png", "image/png"),
                (large, "a.png", "image/png"),
            ] {
                #expect(try await harness.uploadLogo(id, content, name, type).status == 415)
            }
            #expect(try await harness.uploadLogo(id, Self.png, "a.png", "image/png", field: "logo").status == 415)
            let raw = try await harness.bearer().merging(["Content-Type": "image/png"]) { _, new in new }
            #expect(try await harness.call(.post, "\(Self.path)/\(id)/logo", "x", headers: raw).status == 415)
            let jpeg: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE0]
            #expect(try await harness.uploadLogo(id, jpeg, "a.JPEG", "image/jpg").status == 200)
            let other = "00000000-0000-4000-8000-000000000000"
            #expect(try await harness.uploadLogo(other, Self.png, "a.png", "image/png").status == 404)
        }
    }

    // MARK: The account itself

    @Test func keepsTheAccountsOwnSettings() async throws {
        try await Harness.run { harness in
            let headers = try await harness.bearer()
            let urls = "/admin/api/v1/Client/callbackUrls"
            #expect(try await harness.call(.get, urls, headers: headers).text.contains(#"{"callbackUrls":[]}"#))
            let body = #"{"callbackUrls":["https://psp.example"]}"#
            #expect(try await harness.call(.post, urls, body, headers: headers).status == 200)
            #expect(try await harness.call(.post, urls, "{}", headers: headers).status == 400)
            let catalog = #"{"catalogConfiguration":{"excludeIntegrationCategories":["exchange"]}}"#
            let put = try await harness.call(.put, "/admin/api/v1/Client", catalog, headers: headers)
            #expect(put.json?["content"]?["callbackUrls"]?.elements.map(\.text) == ["https://psp.example"])
            #expect(put.json?["content"]?["catalogConfiguration"]?.kind == .object)
            #expect(try await harness.call(.put, "/admin/api/v1/Client", "", headers: headers).status == 400)
            // Mesh's own trap: an empty object clears it.
            let cleared = try await harness.call(.put, "/admin/api/v1/Client", "{}", headers: headers)
            #expect(cleared.json?["content"]?["catalogConfiguration"]?.isNull == true)
            let got = try await harness.call(.get, "/admin/api/v1/Client", headers: headers)
            #expect(got.json?["content"]?["catalogConfiguration"]?.isNull == true)
        }
    }

    @Test func mintsLinkTokensForSubClientsThatExist() async throws {
        try await Harness.run { harness in
            let id = try await harness.registered()
            #expect(try await harness.mint(#"{"userId":"u","subClientId":"\#(id)"}"#).status == 200)
            let answer = try await harness.mint(
                #"{"userId":"u","subClientId":"00000000-0000-4000-8000-000000000000"}"#)
            #expect(answer.status == 400 && answer.json?["status"]?.text == "badRequest")
        }
    }

    // MARK: Faults

    @Test func playsFaultsOnce() async throws {
        try await Harness.run { harness in
            let headers = try await harness.bearer()
            try await harness.force(
                #"{"uses":1,"call":{"answer":"dropAnswer","operations":["createSubClient"]}}"#,
                #"{"uses":1,"call":{"answer":"unauthorized"}}"#, #"{"uses":1,"call":{"answer":"serverFailure"}}"#,
                #"{"uses":1,"call":{"answer":"tooManyRequests"}}"#, #"{"uses":1,"call":{"delayMs":1}}"#)
            var statuses: [Int] = []
            for _ in 0..<3 {
                statuses.append(try await harness.call(.get, Self.path, headers: headers).status)
            }
            #expect(statuses == [401, 500, 429])
            let lost = try await harness.call(.post, Self.path, Self.shop, headers: headers)
            #expect(lost.status == 504 && lost.body.isEmpty)
            let list = try await harness.call(.get, Self.path, headers: headers)
            #expect(list.status == 200 && list.json?["content"]?.elements.map(\.kind) == [.object])
            #expect(try await harness.call(.post, Self.path, Self.shop, headers: headers).status == 200)
        }
    }
}

extension Harness {
    func accountToken(
        id: String = Harness.clientId.description, secret: String = Harness.adminClientSecret
    ) async throws -> Answer {
        try await call(.post, "/admin/api/v1/Token", #"{"clientId":"\#(id)","clientSecret":"\#(secret)"}"#)
    }

    func bearer() async throws -> [String: String] {
        let token = try await accountToken().json?["content"]?["id_token"]?.text ?? ""
        return ["Content-Type": "application/json", "Authorization": "Bearer \(token)"]
    }

    /// The id of a new sub-client.
    func registered() async throws -> String {
        let made = try await call(.post, AccountTests.path, AccountTests.shop, headers: bearer())
        return made.json?["content"]?["id"]?.text ?? ""
    }

    func uploadLogo(
        _ id: String, _ content: [UInt8], _ name: String, _ type: String, field: String = "logoFile"
    ) async throws -> Answer {
        var headers = try await bearer()
        headers["Content-Type"] = "multipart/form-data; boundary=b-1"
        let head =
            "--b-1\r\nContent-Disposition: form-data; name=\"\(field)\"; filename=\"\(name)\"\r\n"
            + "Content-Type: \(type)\r\n\r\n"
        let body = Array(head.utf8) + content + Array("\r\n--b-1--\r\n".utf8)
        return try await call(.post, "\(AccountTests.path)/\(id)/logo", bytes: body, headers: headers)
    }
}
