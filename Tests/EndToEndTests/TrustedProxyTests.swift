import JSON
import TestSupport
import Testing

extension EndToEnd {
    @Suite struct TrustedProxyTests {
        @Test func aProxysWordDecidesWhereACallComesFrom() async throws {
            try await onOwnThread {
                let stage = try Stage(arguments: ["--trusted-proxies", "127.0.0.0/8,10.0.0.0/8"])
                let merchant = try stage.merchant("anna")
                let made = try stage.admin(
                    "POST", "/admin/v1/sub-clients/\(merchant.id)/credentials",
                    #"{"environment":"sandbox","access":"read","name":"x","allowedIps":["192.0.2.0/24"]}"#
                ).json(201)
                let key = ("Authorization", "Bearer \(try made.text(at: "clientSecret"))")
                for (value, status) in [("192.0.2.1", 200), ("192.0.2.1, 10.0.0.9", 200), ("10.0.0.9", 403)] {
                    let caller = Caller(port: stage.node.publicPort, headers: [key, ("X-Forwarded-For", value)])
                    #expect(try caller("GET", "/v1/me").status == status, "\(value)")
                }
                #expect(try Caller(port: stage.node.publicPort, headers: [key])("GET", "/v1/me").status == 403)
            }
        }

        @Test func aBadListIsToldInOneLine() async throws {
            try await onOwnThread {
                let installation = try Installation()
                for bad in ["nonsense", "10.0.0.1/8", "10.0.0.0/8;192.0.2.1"] {
                    let node = ServiceProcess(installation, arguments: ["--trusted-proxies", bad])
                    let error = #expect(throws: Program.Failed.self) { try node.start() }
                    #expect("\(String(describing: error))".contains("--trusted-proxies is a list"), "\(bad)")
                }
            }
        }
    }
}
