import Crypto
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

    /// Throws for a file that cannot be read.
    func read() throws(OptionError) -> KeyTexts {
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

    private static func text(_ place: Place, _ name: String) throws(OptionError) -> [UInt8] {
        switch place {
        case .text(let text): return text
        case .file(let path):
            guard let bytes = Files.read(path) else { throw OptionError("--\(name)-file cannot be read") }
            return bytes
        }
    }
}

/// What a source holds at a moment.
struct KeyTexts: Equatable, Sendable {
    let masterKeys: [UInt8]
    let pepper: [UInt8]

    /// Throws one line that names the option and the line of the text, never its content.
    func keys() throws(OptionError) -> KeySet {
        // A pepper has the form of a master key, and is judged by the same parser.
        KeySet(
            masterKeys: try KeyTexts.parse(masterKeys, "master-keys"), peppers: try KeyTexts.parse(pepper, "pepper"))
    }

    private static func parse(_ text: [UInt8], _ name: String) throws(OptionError) -> MasterKeys {
        do throws(CryptoError) {
            return try MasterKeys.parse(text)
        } catch {
            throw OptionError("--\(name): \(error)")
        }
    }
}
