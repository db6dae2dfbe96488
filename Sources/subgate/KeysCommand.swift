import Crypto
import Postgres
import Runtime
import Store

/// `subgate keys`: what an operator needs before the first start.
enum KeysCommand {
    private static let usage = """
        usage: subgate keys new ID          print a line `id:base64` of 32 random bytes, for a master key or a pepper
               subgate keys bootstrap ...   make the first owner and print their key, once; again only when no
                                            owner has a key that works
        """

    private static let options =
        [ServeOptions.database] + ServeOptions.keys + [
            Option("name", "NAME", default: "bootstrap", "The owner's name, and their key's.")
        ]

    static func run(_ arguments: [String], _ environment: [String: String]) throws(OptionError) -> Int32 {
        switch arguments.first {
        case "new":
            guard arguments.count == 2, case let line = MasterKeys.makeLine(id: Array(arguments[1].utf8)),
                (try? MasterKeys.parse(line)) != nil
            else {
                throw OptionError("keys new takes an id of 1 to 32 letters, digits, '_', '-' or '.'")
            }
            print(String(decoding: line, as: UTF8.self))
            return 0
        case "bootstrap" where !arguments.contains("--help"):
            let options = try Options(
                options, arguments: Array(arguments.dropFirst()), environment: environment)
            return try bootstrap(options)
        default:
            print(usage + "\n\n" + Options.help("Options of bootstrap:", options))
            return arguments.contains("--help") ? 0 : 2
        }
    }

    private static func bootstrap(_ options: Options) throws(OptionError) -> Int32 {
        let keyring = try KeyFiles.keyring(options)
        let url = try options.required("database-url")
        let name = try options.required("name")
        let loop = EventLoop()
        loop.start()
        return loop.wait {
            let database = Database(loop: loop, configuration: .service(url), statements: .service)
            let store = Store(loop: loop, database: database, keyring: keyring)
            do {
                try await database.start()
                let made = try await store.bootstrapOwner(name: name)
                print(String(decoding: made.text, as: UTF8.self))
                return 0
            } catch {
                if let error = error as? StoreError, error == .ownerExists {
                    StandardStreams.complain("subgate keys: an owner has a key that works: make more with it")
                    return 1
                }
                StandardStreams.complain("subgate keys: \(error)")
                return 1
            }
        }
    }
}
