import JSON

/// Where the parts of `subgate dev` are reached.
struct DemoAddresses: Sendable {
    let port: UInt16

    var publicURL: String { "http://127.0.0.1:\(port)" }
    var admin: String { "http://127.0.0.1:\(port + 1)" }
    var ops: String { "http://127.0.0.1:\(port + 2)" }
    var sandbox: String { "http://127.0.0.1:\(port + 3)" }
    /// The demo shop, and the receiver of its webhooks.
    var receiver: String { "http://127.0.0.1:\(port + 4)" }
    /// As it may stand in a browser's address bar.
    var shopOrigins: [String] { [receiver, "http://localhost:\(port + 4)"] }

    func inbound(_ state: DevState) -> String { "\(publicURL)/inbound/mesh/\(state.upstreamID ?? "")" }
}

/// What `subgate dev` tells when it is ready: `dev.json` for programs, a page of text for a person.
struct DevAnnouncement {
    let state: DevState
    let demo: DemoAddresses
    let postgresURL: String
    /// False where webhooks to this machine are denied: then no order could turn paid.
    let hasShop: Bool

    var json: [UInt8] {
        var writer = JSONWriter()
        func members(_ pairs: [(String, String)]) {
            for (name, value) in pairs {
                writer.key(name)
                writer.string(value)
            }
        }
        writer.beginObject()
        members([
            ("publicUrl", demo.publicURL), ("adminUrl", demo.admin), ("opsUrl", demo.ops), ("sandboxUrl", demo.sandbox),
            ("receiverUrl", demo.receiver), ("postgresUrl", postgresURL), ("adminKey", state.adminKey),
        ])
        writer.key("shopUrl")
        if hasShop { writer.string(demo.receiver) } else { writer.null() }
        writer.key("subClient")
        writer.beginObject()
        members([
            ("id", state.subClientID ?? ""), ("clientId", state.clientID ?? ""),
            ("clientSecret", state.clientSecret ?? ""),
        ])
        writer.endObject()
        writer.key("upstream")
        writer.beginObject()
        members([
            ("id", state.upstreamID ?? ""), ("inboundUrl", demo.inbound(state)), ("webhookSecret", state.webhookSecret),
        ])
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }

    var text: String {
        """

        Subgate is ready.
        \(hasShop ? invitation : "")
          public     \(demo.publicURL)    merchants, inbound webhooks
          admin      \(demo.admin)    admin key \(state.adminKey)
          console    \(demo.admin)/console    the admin API as pages; sign in with the admin key
          ops        \(demo.ops)    /readyz /metrics
          sandbox    \(demo.sandbox)    the stand-in for Mesh
        \(hasShop ? "  shop       \(demo.receiver)    the demo shop, and the receiver of its webhooks\n" : "")\
          database   \(postgresURL)

          demo sub-client   \(state.subClientID ?? "")
          client id         \(state.clientID ?? "")
          client secret     \(state.clientSecret ?? "")

        \(calls)
        Stop with Ctrl-C; the next start goes on with the same data.

        """
    }

    private var invitation: String {
        """

          Open \(demo.receiver) and press Pay.
          Sign in to the sandbox's Coinbase as Mesh, password Pass123, code 123456. The page shows what each side does.

        """
    }

    private var calls: String {
        """
        \(hasShop ? "The same by hand. Mint" : "Mint") a link token, as the merchant's server would:

        curl -s \(demo.publicURL)/api/v1/linktoken \\
          -H 'X-Client-Id: \(state.clientID ?? "")' -H 'X-Client-Secret: \(state.clientSecret ?? "")' \\
          -H 'Content-Type: application/json' \\
          -d '{"userId":"customer-7","transferOptions":{
            "transferType":"payment","transactionId":"order-1001","amountInFiat":50,"toAddresses":[{
            "networkId":"e3c7fdd8-b1fc-4e51-85ae-bb276e075611","symbol":"USDC",
            "address":"0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0"}]}}' \\
          | tee /tmp/subgate-link-token.json; echo

        Let the sandbox play the customer's transfer\(hasShop ? "; its webhooks are printed here once verified" : ""):

        curl -s \(demo.sandbox)/sandbox/v1/link-tokens/complete -H 'Content-Type: application/json' \\
          -d "{\\"outcome\\":\\"succeeded\\",\\"linkToken\\":\\"$(
            sed 's/.*"linkToken":"\\([^"]*\\)".*/\\1/' /tmp/subgate-link-token.json)\\"}"; echo

        List the deliveries:

        curl -s \(demo.publicURL)/v1/deliveries -H 'Authorization: Bearer \(state.clientSecret ?? "")'; echo

        """
    }
}
