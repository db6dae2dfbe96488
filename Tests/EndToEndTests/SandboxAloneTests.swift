import Foundation
import JSON
import Runtime
import TestSupport
import Testing

extension EndToEnd {
    /// `subgate sandbox` where there is no Subgate and no database.
    @Suite struct SandboxAloneTests {
        @Test func itMakesItsDatabaseAndItsKeysAndKeepsThem() async throws {
            try await onOwnThread {
                let receivers = try ReceiverFarm()
                defer { receivers.stop() }
                let sandbox = try DevProcess.sandbox(["--webhook-url", receivers.url("/mesh")])
                let first = try sandbox.start()
                for name in ["clientId", "clientSecret", "adminClientSecret", "webhookSecret", "sandboxUrl"] {
                    #expect(sandbox.log.contains(try first.text(at: name)), "\(name)")
                }
                let keys = "\(sandbox.folder)/data/sandbox.json"
                let mode = try FileManager.default.attributesOfItem(atPath: keys)[.posixPermissions] as? Int
                #expect(mode == 0o600)
                let token = try mint(sandbox, first)
                let admin = try Caller(port: sandbox.port, headers: [])(
                    "POST", "/admin/api/v1/Token",
                    #"{"clientId":"\#(try first.text(at: "clientId"))","#
                        + #""clientSecret":"\#(try first.text(at: "adminClientSecret"))"}"#)
                #expect(admin.status == 200)
                try sandbox.stop()

                // The same keys, and a token from before.
                let second = try sandbox.start()
                #expect(first.raw == second.raw)
                _ = try Caller(port: sandbox.port, headers: [])(
                    "POST", "/sandbox/v1/link-tokens/complete", #"{"linkToken":"\#(token)","outcome":"succeeded"}"#
                ).json(200)
                let received = try #require(receivers.wait { $0.count >= 2 })
                let secret = try second.text(at: "webhookSecret")
                #expect(
                    received.allSatisfy {
                        $0.header("x-mesh-signature-256") == WebhookSignature.mesh($0.body, secret: secret)
                    })
                try sandbox.stop()
            }
        }

        private func mint(_ sandbox: DevProcess, _ keys: JSONValue) throws -> String {
            let caller = Caller(
                port: sandbox.port,
                headers: [
                    ("X-Client-Id", try keys.text(at: "clientId")),
                    ("X-Client-Secret", try keys.text(at: "clientSecret")),
                ])
            let body = """
                {"userId":"u","transferOptions":{"transferType":"payment","amountInFiat":5,"toAddresses":[{
                "symbol":"USDC","networkId":"aa883b03-120d-477c-a588-37c2afd3ca71",
                "address":"0x5ab1e5b0a7c0ffee00000000000000000000cafe"}]}}
                """
            return try caller("POST", "/api/v1/linktoken", body).json(200).text(at: "content.linkToken")
        }

        @Test func whatMakesNoSenseIsSaidInOneLine() async throws {
            try await onOwnThread {
                let folder = "/tmp/subgate-sandbox-\(UUID().uuidString.prefix(8).lowercased())"
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                defer { try? FileManager.default.removeItem(atPath: folder) }
                try Data(#"{"clientId":"#.utf8).write(to: URL(fileURLWithPath: "\(folder)/sandbox.json"))
                let cases: [(arguments: [String], words: String)] = [
                    ([], "--data-dir or --database-url"),
                    (["--data-dir", folder, "--database-url", "host=/nowhere"], "exclude each other"),
                    (["--database-url", "host=/nowhere"], "--client-id (or SUBGATE_CLIENT_ID) is required"),
                    (["--data-dir", folder], "does not hold the account's keys"),
                    (["--data-dir", "\(folder)/new", "--client-id", "shop"], "--client-id is a UUID"),
                    (["--data-dir", "\(folder)/new", "--webhook-url", "ftp://shop"], "--webhook-url is no URL"),
                    (["--data-dir", "/dev/null/x"], "cannot make the folder"),
                ]
                for one in cases {
                    let process = ProgramProcess(["sandbox"] + one.arguments, log: "\(folder)/log")
                    try process.start()
                    #expect(process.end(with: nil, within: .seconds(20)) == .status(2), "\(one.words)")
                    #expect(process.log.contains(one.words) && process.log.hasSuffix("\n"), "\(process.log)")
                }
            }
        }
    }
}
