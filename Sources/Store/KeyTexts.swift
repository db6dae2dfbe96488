import Crypto

/// Why texts hold no keys: one line that names the option and the line of the text, never its content.
package struct KeyTextFault: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

/// The keys that are not in the database, as they are written down at a moment.
package struct KeyTexts: Equatable, Sendable {
    package let masterKeys: [UInt8]
    package let pepper: [UInt8]

    package init(masterKeys: [UInt8], pepper: [UInt8]) {
        self.masterKeys = masterKeys
        self.pepper = pepper
    }

    package func keys() throws(KeyTextFault) -> KeySet {
        // A pepper has the form of a master key, and is judged by the same parser.
        KeySet(
            masterKeys: try KeyTexts.parse(masterKeys, "master-keys"), peppers: try KeyTexts.parse(pepper, "pepper"))
    }

    private static func parse(_ text: [UInt8], _ name: String) throws(KeyTextFault) -> MasterKeys {
        do throws(CryptoError) {
            return try MasterKeys.parse(text)
        } catch {
            throw KeyTextFault("--\(name): \(error)")
        }
    }
}
