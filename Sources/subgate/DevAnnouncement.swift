import JSON

/// Where the parts of `subgate dev` are reached.
struct DemoAddresses: Sendable {
    let port: UInt16

    var publicURL: String { "http://127.0.0.1:\(port)" }
    var admin: String { "http://127.0.0.1:\(port + 1)" }
    var ops: String { "http://127.0.0.1:\(port + 2)" }
    var sandbox: String { "http://127.0.0.1:\(port + 3)" }
    var receiver: String { "http://127.0.0.1:\(port + 4)" }

    func inbound(_ state: DevState) -> String { "\(publicURL)/inbound/mesh/\(state.upstreamID ?? "")" }
}

/// What `subgate dev` tells when it is ready: `dev.json` for programs, a page of text for a person.
struct DevAnnouncement {
    let state: DevState
    let demo: DemoAddresses
    let postgresURL: String

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

          public     \(demo.publicURL)    merchants, inbound webhooks
          admin      \(demo.admin)    admin key \(state.adminKey)
          ops        \(demo.ops)    /readyz /metrics
          sandbox    \(demo.sandbox)    the stand-in for Mesh
          receiver   \(demo.receiver)    prints each webhook that it verified
          database   \(postgresURL)

          demo sub-client   \(state.subClientID ?? "")
          client id         \(state.clientID ?? "")
          client secret     \(state.clientSecret ?? "")

        1. Mint a link token, as the merchant's server would:

        curl -s \(demo.publicURL)/api/v1/linktoken \\
          -H 'X-Client-Id: \(state.clientID ?? "")' -H 'X-Client-Secret: \(state.clientSecret ?? "")' \\
          -H 'Content-Type: application/json' \\
          -d '{"userId":"customer-7","transferOptions":{
            "transferType":"payment","transactionId":"order-1001","amountInFiat":50,"toAddresses":[{
            "networkId":"e3c7fdd8-b1fc-4e51-85ae-bb276e075611","symbol":"USDC",
            "address":"0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0"}]}}' \\
          | tee /tmp/subgate-link-token.json; echo

        2. Let the sandbox play the customer's transfer; the receiver above prints its webhooks:

        curl -s \(demo.sandbox)/sandbox/v1/link-tokens/complete -H 'Content-Type: application/json' \\
          -d "{\\"outcome\\":\\"succeeded\\",\\"linkToken\\":\\"$(
            sed 's/.*"linkToken":"\\([^"]*\\)".*/\\1/' /tmp/subgate-link-token.json)\\"}"; echo

        3. List the deliveries:

        curl -s \(demo.publicURL)/v1/deliveries -H 'Authorization: Bearer \(state.clientSecret ?? "")'; echo

        Stop with Ctrl-C; the next start goes on with the same data.

        """
    }
}
