import Crypto
import Domain
import HTTPClient
import JSON
import Runtime
import Sandbox

/// The one account of a sandbox that runs alone: what its callers authenticate with, and where its webhooks go.
struct SandboxAccount: Sendable {
    var clientID: String
    var clientSecret: String
    /// Without one the Account Management API is shut.
    var adminClientSecret: String?
    var webhookSecret: String?
    var webhookURL: TargetURL?

    /// With secrets of its own; `clientID` is a UUID.
    static func new(clientID: String) -> SandboxAccount {
        func secret(_ prefix: String) -> String {
            prefix + String(decoding: Hex.encode(Random.bytes(24)), as: UTF8.self)
        }
        return SandboxAccount(
            clientID: clientID, clientSecret: secret("sk_sand_"), adminClientSecret: secret("am_sand_"),
            webhookSecret: secret(""))
    }

    /// As the stand-in takes it; nil if the client id is no UUID.
    var client: SandboxClient? {
        guard let id = UUIDValue(text: Array(clientID.utf8)) else { return nil }
        var webhook: SandboxWebhook?
        if let webhookURL, let webhookSecret {
            webhook = SandboxWebhook(url: webhookURL, secret: Secret(Array(webhookSecret.utf8)))
        }
        return SandboxClient(
            clientId: id, clientSecret: Secret(Array(clientSecret.utf8)),
            adminClientSecret: adminClientSecret.map { Secret(Array($0.utf8)) }, webhook: webhook)
    }

    /// What is told when it is ready.
    func announcement(url: String, file: String) -> String {
        """

        The sandbox is ready at \(url)

          client id              \(clientID)
          client secret          \(clientSecret)
          admin client secret    \(adminClientSecret ?? "none: the Account Management API is shut")
          webhooks               \(webhookURL?.asciiText ?? "nowhere: give --webhook-url")
          webhook secret         \(webhookSecret ?? "none")

        These stand in \(file) too. A link token, as Mesh's clients ask for one:

        curl -s \(url)/api/v1/linktoken \\
          -H 'X-Client-Id: \(clientID)' -H 'X-Client-Secret: \(clientSecret)' \\
          -H 'Content-Type: application/json' \\
          -d '{"userId":"customer-7","transferOptions":{
            "transferType":"payment","transactionId":"order-1001","amountInFiat":50,"toAddresses":[{
            "networkId":"e3c7fdd8-b1fc-4e51-85ae-bb276e075611","symbol":"USDC",
            "address":"0x0Ff0000f0A0f0000F0F000000000ffFf00f0F0f0"}]}}'; echo

        The token is the base64 of an address: the Link page. Its customer is you, in a browser (user Mesh, password
        Pass123, code 123456), or a call: POST \(url)/sandbox/v1/link-tokens/complete

        Stop with Ctrl-C; the next start goes on with the same data.

        """
    }
}

/// The folder of a sandbox that runs alone: its cluster, and its account's keys.
struct SandboxFolder: Sendable {
    let path: String

    var cluster: String { path + "/postgres" }
    var keys: String { path + "/sandbox.json" }

    /// Makes the folder if it is not there. The account that it keeps, or a new one, which is kept once it is used.
    func prepare() throws(OptionError) -> SandboxAccount {
        guard Files.makeFolder(path) else { throw OptionError("cannot make the folder \(path)") }
        guard let bytes = Files.read(keys) else {
            let id = UUIDValue(version4: (RandomSource.system.next(), RandomSource.system.next()))
            return .new(clientID: String(decoding: id.text, as: UTF8.self))
        }
        guard let root = try? JSONDocument.parse(bytes).root, let clientID = root["clientId"]?.text,
            let clientSecret = root["clientSecret"]?.text
        else { throw OptionError("\(keys) does not hold the account's keys: mend it, or delete it for new ones") }
        return SandboxAccount(
            clientID: clientID, clientSecret: clientSecret, adminClientSecret: root["adminClientSecret"]?.text,
            webhookSecret: root["webhookSecret"]?.text)
    }

    /// Keeps the account for the next start and for programs: mode 0600.
    func keep(_ account: SandboxAccount, url: String) throws(StartFailure) {
        var json = JSONWriter()
        json.beginObject()
        json.members([
            ("sandboxUrl", url), ("clientId", account.clientID), ("clientSecret", account.clientSecret),
        ])
        for (name, value) in [
            ("adminClientSecret", account.adminClientSecret), ("webhookSecret", account.webhookSecret),
        ] {
            json.key(name)
            if let value { json.string(value) } else { json.null() }
        }
        json.endObject()
        guard Files.writePrivate(json.bytes, to: keys) else { throw StartFailure("cannot write \(keys)") }
    }
}
