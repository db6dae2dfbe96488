import Crypto
import Postgres
import Runtime
import SQL
import Store

/// `subgate keys`: the keys that are not in the database, and the first owner's.
enum KeysCommand {
    private static let usage = """
        usage: subgate keys new ID          print a line `id:base64` of 32 random bytes, for a master key or a pepper
               subgate keys bootstrap ...   make the first owner and print their key, once; again only when no
                                            owner has a key that works
               subgate keys status ...      print which nodes have which keys, and what still needs which
               subgate keys rotate ...      wrap every data key under the master key that stands first in the file;
                                            may be killed, repeated, and run at several places at once
               subgate keys revoke ...      revoke what still needs the pepper --pepper-id, because nobody used it
        """

    private static let access = [ServeOptions.database] + ServeOptions.keys
    private static let name = Option("name", "NAME", default: "bootstrap", "The owner's name, and their key's.")
    private static let chunk = Option("chunk", "N", default: "200", "How many data keys rotate looks at in a step.")
    private static let pause = Option("pause-ms", "N", default: "0", "How long rotate rests after a step that wrote.")
    private static let pepper = Option("pepper-id", "ID", "What is revoked: secrets and admin keys under this pepper.")

    static func run(_ arguments: [String], _ environment: [String: String]) throws(OptionError) -> Int32 {
        let rest = Array(arguments.dropFirst())
        func options(_ known: [Option]) throws(OptionError) -> Options {
            try Options(known, arguments: rest, environment: environment)
        }
        if arguments.contains("--help") { return help(0) }
        switch arguments.first {
        case "new":
            guard arguments.count == 2, case let line = MasterKeys.makeLine(id: Array(arguments[1].utf8)),
                (try? MasterKeys.parse(line)) != nil
            else {
                throw OptionError("keys new takes an id of 1 to 32 letters, digits, '_', '-' or '.'")
            }
            print(String(decoding: line, as: UTF8.self))
            return 0
        case "bootstrap": return try bootstrap(try options(access + [name]))
        case "status": return try status(try options([ServeOptions.database]))
        case "rotate": return try rotate(try options(access + [chunk, pause]))
        case "revoke": return try revoke(try options(access + [pepper]))
        default: return help(2)
        }
    }

    private static func help(_ status: Int32) -> Int32 {
        print(usage + "\n\n" + Options.help("Options:", access + [name, chunk, pause, pepper]))
        return status
    }

    private static func bootstrap(_ options: Options) throws(OptionError) -> Int32 {
        let name = try options.required("name")
        return try withStore(options) { store in
            guard let made = try await owner(store, name) else {
                throw StartFailure("an owner has a key that works: make more with it")
            }
            print(String(decoding: made.text, as: UTF8.self))
        }
    }

    private static func owner(_ store: Store, _ name: String) async throws -> CreatedAdminKey? {
        do throws(StoreError) {
            return try await store.bootstrapOwner(name: name)
        } catch {
            if error == .ownerExists { return nil }
            throw error
        }
    }

    private static func status(_ options: Options) throws(OptionError) -> Int32 {
        try withStore(options, keys: nil) { store in
            let report = KeyReport(uses: try await store.keyUses(), holders: try await store.keyHolders())
            for line in report.lines { print(line) }
        }
    }

    private static func rotate(_ options: Options) throws(OptionError) -> Int32 {
        let chunk = try options.integer("chunk", in: 1...10_000)
        let pause = Duration.milliseconds(try options.integer("pause-ms", in: 0...60_000))
        return try withStore(options) { store in
            try await KeyRotation(store: store, chunk: chunk, pause: pause).run()
        }
    }

    private static func revoke(_ options: Options) throws(OptionError) -> Int32 {
        let id = try options.required("pepper-id")
        return try withStore(options) { store in
            let current = store.keyring.keys.peppers.currentId
            guard Array(id.utf8) != current else { throw StartFailure("pepper '\(id)' is the current one") }
            print("revoked \(try await store.revokeSecrets(underPepper: id)) secrets and admin keys under pepper \(id)")
        }
    }

    // MARK: The database

    /// Runs a body with a store whose keys are those that the database knows.
    private static func withStore(
        _ options: Options, _ body: @escaping @Sendable (Store) async throws -> Void
    ) throws(OptionError) -> Int32 {
        let keys = try KeySource(options).keys()
        return try withStore(options, keys: keys) { store in
            switch try await store.holdKeys(keys, as: nil, isThorough: true) {
            case .refused(let problems): throw StartFailure(problems.line)
            case .granted(let keys, _):
                store.keyring.replace(with: keys)
                try await body(store)
            }
        }
    }

    private static func withStore(
        _ options: Options, keys: KeySet?, _ body: @escaping @Sendable (Store) async throws -> Void
    ) throws(OptionError) -> Int32 {
        let url = try options.required("database-url")
        guard DatabaseDoor.admits(url, command: "keys") else { return 1 }
        let loop = EventLoop()
        loop.start()
        return loop.wait {
            let database = Database(loop: loop, configuration: .service(url), statements: .service)
            // Who only looks at what is in the database needs no key for it.
            let store = Store(loop: loop, database: database, keyring: Keyring(keys ?? KeySet.none))
            do {
                try await database.start()
                try await body(store)
                return 0
            } catch {
                StandardStreams.complain("subgate keys: \(error)")
                return 1
            }
        }
    }
}

extension KeySet {
    /// Random keys, which nothing was ever sealed with.
    static var none: KeySet {
        guard let keys = try? MasterKeys.parse(MasterKeys.makeLine(id: Array("none".utf8))) else {
            preconditionFailure("a line that was just made is a key")
        }
        return KeySet(masterKeys: keys, peppers: keys)
    }
}
