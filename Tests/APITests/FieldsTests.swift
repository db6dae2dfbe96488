import Crypto
import Domain
import HTTPClient
import JSON
import Runtime
import Store
import Testing

@testable import API

@Suite struct FieldsTests {
    private func fields(_ json: String) throws -> Fields {
        try Fields(try JSONDocument.parse(Array(json.utf8)).root)
    }

    /// The fields blamed when `read` asks for what it wants.
    private func blamed(_ json: String, _ read: (inout Fields) -> Void) throws -> [String] {
        var fields = try fields(json)
        read(&fields)
        do {
            try fields.finish()
            return []
        } catch {
            return error.errors.map(\.field)
        }
    }

    private func isTaken<Value: Sendable>(_ json: String, by rule: Rule<Value>) throws -> Bool {
        try blamed(#"{"a":\#(json)}"#) { _ = $0.required("a", rule) }.isEmpty
    }

    @Test func allErrorsComeTogether() throws {
        let errors = try blamed(#"{"name":1,"extra":2,"flag":"x"}"#) { fields in
            _ = fields.required("name", .text(1...5))
            _ = fields.required("missing", .text(1...5))
            _ = fields.optional("flag", .bool)
        }
        #expect(errors == ["name", "missing", "flag", "extra"])
    }

    /// An answer is not larger than what it answers, however much is wrong with that.
    @Test func ofManyErrorsTheFirstAreNamedAndTheOthersCounted() throws {
        for (count, named, detail) in [
            (20, 20, "20 fields are not right."),
            (21, 20, "21 fields are not right; the first 20 are named."),
            (60_000, 20, "60000 fields are not right; the first 20 are named."),
        ] {
            let fields = try fields("{" + (0..<count).map { "\"f\($0)\":1" }.joined(separator: ",") + "}")
            do {
                try fields.finish()
                Issue.record("\(count) unknown fields were taken")
            } catch {
                #expect(error.errors.map(\.field) == (0..<named).map { "f\($0)" })
                #expect(error.detail == detail)
                #expect(error.body(requestID: []).count < 2_000)
            }
        }
    }

    @Test func nullIsAbsentOnlyWhereItMayBe() throws {
        #expect(try blamed(#"{"a":null}"#) { _ = $0.nullable("a", .bool) } == [])
        #expect(try blamed(#"{"a":null}"#) { _ = $0.optional("a", .bool) } == ["a"])
        #expect(try blamed(#"{"a":null}"#) { _ = $0.required("a", .bool) } == ["a"])
        var change = try fields(#"{"a":null}"#)
        guard case .set(.none) = change.change("a", .bool) else {
            Issue.record("null clears")
            return
        }
    }

    @Test func aChangeNeedsAField() throws {
        #expect(throws: Problem.self) { try fields("{}").finish(needsOne: true) }
    }

    @Test func onlyAnObjectHasFields() {
        for json in ["[]", "1", "\"x\"", "null"] { #expect(throws: Problem.self) { try fields(json) } }
    }

    @Test func namesOfTheCallersChoosingAreRepeatedOnlyIfPlain() throws {
        #expect(try blamed(#"{"plain_name":1,"sk live\u000a":2}"#) { _ in } == ["plain_name", "(a name)"])
        let long = String(repeating: "a", count: 65)
        #expect(try blamed(#"{"\#(long)":1}"#) { _ in } == ["(a name)"])
    }

    @Test func textIsCountedInScalarsAndHasNoControls() throws {
        #expect(try isTaken(#""\#(String(repeating: "ü", count: 5))""#, by: .text(1...5)))
        #expect(try !isTaken(#""\#(String(repeating: "ü", count: 6))""#, by: .text(1...5)))
        for json in [#""""#, #""a\nb""#, #""\u007f""#, #""\u0085""#, #""\u0001""#, "1", "null", "[]"] {
            #expect(try !isTaken(json, by: .text(1...5)))
        }
        // U+00A0 starts with the same byte as the C1 controls.
        #expect(try isTaken(#""\u00a0""#, by: .text(1...5)))
    }

    @Test func wordsAreExact() throws {
        #expect(try isTaken(#""readWrite""#, by: Rule<CredentialAccess>.word))
        for json in [#""readwrite""#, #""""#, #""read ""#, "1"] {
            #expect(try !isTaken(json, by: Rule<CredentialAccess>.word))
        }
    }

    @Test func countriesAreTwoCapitals() throws {
        #expect(try isTaken(#""DE""#, by: .country))
        for json in [#""de""#, #""DEU""#, #""D\u212a""#, #""""#] { #expect(try !isTaken(json, by: .country)) }
    }

    @Test func listsAreCountedAndDistinct() throws {
        let rule = Rule<[[UInt8]]>.eventTypes
        #expect(try isTaken(#"["*","transfer.*","transfer.succeeded"]"#, by: rule))
        for json in ["[]", #"["*","*"]"#, #"["transfer"]"#, #"["transfer.s*"]"#, #""*""#, "[1]"] {
            #expect(try !isTaken(json, by: rule))
        }
        #expect(try blamed(#"{"a":["*",1]}"#) { _ = $0.required("a", rule) } == ["a[1]"])
    }

    @Test func metadataHoldsStringsUnderShortNames() throws {
        #expect(try isTaken(#"{"tier":"gold","empty":""}"#, by: .metadata))
        let long = String(repeating: "k", count: 41)
        for json in [#"{"a":1}"#, #"{"":"x"}"#, #"{"\#(long)":"x"}"#, "[]", #"{"a":null}"#] {
            #expect(try !isTaken(json, by: .metadata))
        }
        let many = (0...50).map { #""k\#($0)":"v""# }.joined(separator: ",")
        #expect(try !isTaken("{\(many)}", by: .metadata))
    }

    @Test func endpointHeadersCannotTouchFraming() throws {
        #expect(try isTaken(#"{"X-Shop":"berlin","Authorization":"Bearer a b"}"#, by: .endpointHeaders))
        for json in [
            #"{"Host":"x"}"#, #"{"content-LENGTH":"1"}"#, #"{"Transfer-Encoding":"chunked"}"#, #"{"X-A":"a\r\nB: c"}"#,
            #"{"X A":"x"}"#, #"{"X-A":" x"}"#, #"{"X-A":""}"#, #"{"webhook-id":"x"}"#, #"{"Proxy-Authorization":"x"}"#,
            #"{"X-A":"1","x-a":"2"}"#, #"{"X-A":"ü"}"#, #"{"X-Mesh-Signature-256":"x"}"#, #"{"X-A:":"x"}"#,
        ] {
            #expect(try !isTaken(json, by: .endpointHeaders), "\(json)")
        }
    }

    @Test func signingSecretsAreCanonicalBase64OfEnoughBytes() throws {
        #expect(try isTaken(#""whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw""#, by: .signingSecret))
        for json in [
            #""MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw""#, #""whsec_""#, #""whsec_AAAA""#,
            #""whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS-""#, #""whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n""#,
        ] {
            #expect(try !isTaken(json, by: .signingSecret))
        }
        #expect(
            try isTaken(#""\#(String(decoding: WebhookSecretText.makeSecret(), as: UTF8.self))""#, by: .signingSecret))
    }

    @Test(arguments: [
        "http://shop.example/hook", "https://127.0.0.1/", "https://user@shop.example/", "https://shop.example/#x",
        "https://localhost/", "https://2130706433/", "ftp://shop.example/", "https://shop.example:8443/",
        "https://shöp.example/", "https://shop.example/\\n", "javascript:alert(1)", "https://", "shop.example",
    ])
    func targetsArePublicHTTPS(url: String) throws {
        #expect(try !isTaken("\"\(url)\"", by: .target(.publicOnly)))
    }

    @Test func targetsMayBePrivateWhereThatIsAllowed() throws {
        #expect(try isTaken(#""https://shop.example/hook?a=1""#, by: .target(.publicOnly)))
        #expect(try isTaken(#""http://127.0.0.1:9/hook""#, by: .target(.allowPrivate)))
        #expect(try !isTaken(#""http://169.254.169.254/latest""#, by: .target(.allowPrivate)))
        #expect(try !isTaken(#""https://mesh.example/?x=1""#, by: .baseURL(.publicOnly)))
    }

    @Test func timesMustLieAhead() throws {
        let now = try #require(Timestamp(rfc3339: Array("2026-01-01T00:00:00Z".utf8)))
        #expect(try isTaken(#""2026-01-01T00:00:01Z""#, by: .future(after: now)))
        for json in [#""2026-01-01T00:00:00Z""#, #""2026-01-32T00:00:00Z""#, "1", #""tomorrow""#] {
            #expect(try !isTaken(json, by: .future(after: now)))
        }
    }
}
