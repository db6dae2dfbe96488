import Store

/// Where the keys that are not in the database come from: files, which may change, or texts.
struct KeySource: Sendable {
    private enum Place: Sendable {
        case file(String)
        case text([UInt8])
    }
    private let masterKeys: Place
    private let pepper: Place

    init(_ options: Options) throws(OptionError) {
        masterKeys = try KeySource.place(options, "master-keys")
        pepper = try KeySource.place(options, "pepper")
    }

    /// Throws for what cannot be read, or holds no keys.
    func keys() throws(OptionError) -> KeySet {
        do throws(KeyTextFault) {
            return try read().keys()
        } catch {
            throw OptionError("\(error)")
        }
    }

    /// Throws for a file that cannot be read.
    func read() throws(KeyTextFault) -> KeyTexts {
        try KeyTexts(
            masterKeys: KeySource.text(masterKeys, "master-keys"), pepper: KeySource.text(pepper, "pepper"))
    }

    private static func place(_ options: Options, _ name: String) throws(OptionError) -> Place {
        if let path = options[name + "-file"] { return .file(path) }
        guard let value = options[name] else {
            throw OptionError("--\(name)-file (or SUBGATE_\(name.uppercased().replacing("-", with: "_"))) is required")
        }
        return .text(Array(value.utf8))
    }

    private static func text(_ place: Place, _ name: String) throws(KeyTextFault) -> [UInt8] {
        switch place {
        case .text(let text): return text
        case .file(let path):
            guard let bytes = Files.read(path) else { throw KeyTextFault("--\(name)-file cannot be read") }
            return bytes
        }
    }
}
