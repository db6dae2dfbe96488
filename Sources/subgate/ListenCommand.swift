import Crypto
import Delivery
import Domain
import HTTPClient
import Runtime

/// `subgate listen`: a merchant's developer gets their sandbox events at a URL on their own machine.
enum ListenCommand {
    private static let options = [
        Option(
            "api-key", "KEY",
            "A sandbox client secret, sk_sandbox_…; reading is enough. Give it in the variable: others on the machine "
                + "see what is on a command line."),
        Option("url", "URL", default: "http://127.0.0.1:8080", "Subgate's public address."),
        Option("forward", "URL", "Where events are posted, such as http://localhost:3000/webhooks."),
        Option("events", "TYPE[,TYPE]", default: "*", "Event types, transfer.* or *."),
        Option("payload-format", "FORMAT", default: "mesh", "mesh or standard, as endpoints have it."),
        Option(
            "secret", "SECRET", "Signs what is posted: whsec_… Default: one made from the key, the same every time."),
    ]

    private static let usage = """
        usage: subgate listen --forward URL [OPTIONS]

        Posts the events of a sub-client's sandbox to a URL on this machine as they happen, signed as webhooks are.
        Endpoints that are registered get theirs as ever. Ctrl-C ends it.
        """

    static func run(_ arguments: [String], _ environment: [String: String]) throws(OptionError) -> Int32 {
        if arguments.contains("--help") {
            print(Options.help(usage, options))
            return 0
        }
        let options = try Options(options, arguments: arguments, environment: environment)
        let key = try key(options)
        let secret = try secret(options, key)
        guard let signer = WebhookSigner(secret: secret) else {
            throw OptionError("--secret is whsec_ and base64 of 24 to 64 bytes")
        }
        let target = try url("forward", options)
        let question = ListenSource.Question(types: try types(options), format: try format(options))
        let base = try base(options)
        let loop = Loops.start(1)[0]
        return loop.wait {
            let client = HTTPClient(loop: loop, configuration: HTTPClientConfiguration())
            let (outcomes, outcome) = AsyncStream<Int32>.makeStream()
            let stop = StopSignal(loop)
            loop.spawn {
                await stop.wait()
                outcome.yield(0)
            }
            loop.spawn {
                let listener = Listener(
                    loop: loop, source: ListenSource(client: client, base: base, key: key, question: question),
                    forwarder: ListenForwarder(client: client, target: target, signer: signer), secret: secret)
                outcome.yield(await listener.run())
            }
            for await status in outcomes {
                client.close()
                return status
            }
            return 1
        }
    }

    // MARK: Options

    private static func key(_ options: Options) throws(OptionError) -> String {
        let key = try options.required("api-key")
        switch SecretKeyText.prefix(of: Array(key.utf8)) {
        case .sandbox: return key
        case .live: throw OptionError("--api-key is for production; listen works with a sandbox key, sk_sandbox_…")
        case .admin: throw OptionError("--api-key is an admin's; listen works with a client secret, sk_sandbox_…")
        case nil: throw OptionError("--api-key is no client secret: one is sk_sandbox_ and 49 letters and digits")
        }
    }

    /// Made from the key so that it need not be copied again after each start, and tells nothing of it.
    private static func secret(_ options: Options, _ key: String) throws(OptionError) -> [UInt8] {
        if let given = options["secret"] { return Array(given.utf8) }
        let made = HMACKey(Array(key.utf8)).authenticate(Array("subgate listen".utf8))
        return Array("whsec_".utf8) + Base64.encode(made)
    }

    private static func types(_ options: Options) throws(OptionError) -> String {
        let text = try options.required("events")
        let types = text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard types.count <= EventFilter.maximumPatterns, types.allSatisfy({ EventFilter.isValid($0) }) else {
            throw OptionError("--events is *, transfer.* or event types, with commas between them")
        }
        return text
    }

    private static func format(_ options: Options) throws(OptionError) -> PayloadFormat {
        guard let format = PayloadFormat(rawValue: try options.required("payload-format")) else {
            throw OptionError("--payload-format is mesh or standard")
        }
        return format
    }

    private static func url(_ name: String, _ options: Options) throws(OptionError) -> TargetURL {
        let text = try options.required(name)
        do {
            return try TargetURL(Array(text.utf8), options: .development)
        } catch {
            throw OptionError(
                "--\(name) is no URL that can be called (\(error)): give one such as http://localhost:3000")
        }
    }

    /// The URL that paths are put behind.
    private static func base(_ options: Options) throws(OptionError) -> String {
        let url = try url("url", options)
        guard !url.pathAndQuery.contains(UInt8(ascii: "?")) else { throw OptionError("--url takes no query") }
        var text = url.asciiText
        while text.hasSuffix("/") { text.removeLast() }
        return text
    }
}
