import HTTPClient
import Testing

@testable import API

@Suite struct OpsRoutesTests {
    @Test func healthMetricsAndVersionAreTold() async throws {
        try await APIFixture.with { fixture in
            #expect(try await fixture.call(.get, "/livez", on: "ops").text == #"{"status":"ok"}"#)
            #expect(try await fixture.call(.get, "/readyz", on: "ops").text == #"{"status":"ready","parts":[]}"#)
            #expect(
                try await fixture.call(.get, "/version", on: "ops").text == #"{"name":"subgate","version":"1.2.3"}"#)
            _ = try await fixture.call(.get, "/v1/me", on: "public")
            let metrics = try await fixture.call(.get, "/metrics", on: "ops").text
            #expect(metrics.contains(#"subgate_http_requests_total{route="GET /v1/me",status="4xx"} 1"#))
        }
    }

    @Test func pathsAndMethodsAreJudgedBeforeCallers() async throws {
        try await APIFixture.with { fixture in
            #expect(try await fixture.call(.get, "/nothing", on: "public").status == 404)
            let mesh = try await fixture.call(.get, "/api/v1/nothing", on: "public")
            #expect(mesh.status == 404)
            #expect(try mesh.string("status") == "notFound")
            let method = try await fixture.call(.delete, "/v1/me", on: "public")
            #expect(method.status == 405 && method.headers["allow"] == "GET, HEAD, OPTIONS")
            #expect(try await fixture.call(.get, "/admin/v1/sub-clients", on: "public").status == 404)
            #expect(try await fixture.call(.get, "/v1/me", on: "admin").status == 404)
            let merchant = try await fixture.merchant()
            let head = try await merchant.call(.head, "/v1/me")
            #expect(head.status == 200 && head.body.isEmpty && head.headers["x-request-id"] == "req_test")
        }
    }
}
