import Domain
import HTTPServer
import JSON
import Runtime
import Testing

@testable import Sandbox

/// The small parts of the surface: routes, content types, keys, envelope.
@Suite struct SurfaceTests {
    // MARK: Routes

    private func operation(_ method: Method, _ path: String) -> SandboxRoute.Operation? {
        if case .operation(let operation) = SandboxRouteTable.match(method, Array(path.utf8)[...]) { return operation }
        return nil
    }

    @Test func findsOperations() {
        #expect(operation(.post, "/api/v1/linktoken") == .createLinkToken)
        #expect(operation(.post, "/API/v1/linkToken") == .createLinkToken)
        #expect(operation(.post, "/sandbox/v1/link-tokens/complete") == .completeLinkToken)
        #expect(operation(.post, "/Sandbox/v1/link-tokens/complete") == nil)
        #expect(operation(.get, "/") == .about)
        #expect(operation(.head, "/") == .about)
        #expect(operation(.get, "/paylink") == .payLink)
        #expect(operation(.get, "/b2b-iframe/x/broker-connect") == .connect)
        #expect(operation(.get, "/link/assets/link.js") == .linkAsset)
        #expect(operation(.get, "/b2b-iframe//broker-connect") == nil)
        #expect(operation(.get, "/b2b-iframe/x/y/broker-connect") == nil)
    }

    @Test func namesTheMethodsAPathHas() {
        guard case .otherMethods(let methods) = SandboxRouteTable.match(.get, Array("/api/v1/LINKTOKEN".utf8)[...])
        else {
            Issue.record("not 405")
            return
        }
        #expect(methods == [.post, .options])
    }

    // MARK: Content types

    @Test(arguments: [
        "application/json", "Application/JSON", "text/json", "application/problem+json",
        "application/json; charset=utf-8",
        "application/json;charset=\"UTF-8\"", "application/json ; v=1",
    ])
    func readsAsJSON(type: String) { #expect(MediaType.isJSON(Array(type.utf8)[...])) }

    @Test(arguments: [
        "", "text/plain", "application/xml", "application/+json", "text/x+json", "application/jsonx",
        "application/json; charset=utf-16", "application/a/b+json", "multipart/form-data",
    ])
    func doesNotReadAsJSON(type: String) { #expect(!MediaType.isJSON(Array(type.utf8)[...])) }

    // MARK: Keys

    @Test func knowsClientsByIdAndSecretTogether() {
        let (first, second) = (UUIDValue(high: 1, low: 1), UUIDValue(high: 2, low: 2))
        let keys = ClientKeys([
            SandboxClient(clientId: first, clientSecret: Secret(Array("one".utf8)), webhook: nil),
            SandboxClient(clientId: second, clientSecret: Secret(Array("two".utf8)), webhook: nil),
        ])
        #expect(keys.client(id: first.text, secret: Array("one".utf8)) == first)
        #expect(keys.client(id: second.description.uppercased().utf8, secret: Array("two".utf8)) == second)
        #expect(keys.client(id: first.text, secret: Array("two".utf8)) == nil)
        #expect(keys.client(id: first.text, secret: []) == nil)
        #expect(keys.client(id: "one".utf8, secret: Array("one".utf8)) == nil)
    }

    // MARK: Envelope

    @Test func success() throws {
        let envelope = Envelope.success(
            [("linkToken", Array("dG9rZW4=".utf8)), ("paymentLink", nil)], hash: 0x8d44_3794 << 32)
        #expect(
            String(decoding: envelope.body, as: UTF8.self)
                == #"{"content":{"linkToken":"dG9rZW4=","paymentLink":null},"status":"ok","message":"","#
                + #""errorHash":"8d443794","teamCode":"P4","errorType":""}"#)
    }

    @Test func failure() throws {
        let envelope = Envelope.failure(.badRequest, "The UserId field is required", errorType: "missingField", hash: 1)
        #expect(
            String(decoding: envelope.body, as: UTF8.self)
                == #"{"status":"badRequest","message":"The UserId field is required","errorHash":"00000000","#
                + #""teamCode":"P4","errorType":"missingField"}"#)
    }
}
