import Domain

/// What the stand-in knows of a blockchain: its name in webhooks and the look of its addresses and hashes.
struct Network: Sendable {
    enum Style: Sendable {
        /// `0x` and hexadecimal digits.
        case ethereum
        /// Hexadecimal hashes, addresses in base 58.
        case bitcoin
        /// Everything in base 58.
        case solana
    }

    let name: String
    let style: Style

    /// The network of one of Mesh's ids; Ethereum for one that is not known here.
    init(id: UUIDValue) { self = Network.known[id] ?? Network(name: "Ethereum", style: .ethereum) }

    private init(name: String, style: Style) {
        self.name = name
        self.style = style
    }

    /// Mesh's ids never change.
    private static let known: [UUIDValue: Network] = {
        let rows: [(id: String, name: String, style: Style)] = [
            ("e3c7fdd8-b1fc-4e51-85ae-bb276e075611", "Ethereum", .ethereum),
            ("7436e9d0-ba42-4d2b-b4c0-8e4e606b2c12", "Polygon", .ethereum),
            ("aa883b03-120d-477c-a588-37c2afd3ca71", "Base", .ethereum),
            ("0291810a-5947-424d-9a59-e88bb33e999d", "Solana", .solana),
            ("0880db06-7c7c-4738-898f-cf74efc03c47", "Bitcoin", .bitcoin),
            ("06855704-43d2-4ad2-a73c-372f0c3534e1", "Stellar", .bitcoin),
            ("f7a660cd-bac0-4ae8-8ddb-c54d321b55dc", "Cardano", .bitcoin),
            ("34b66a94-f9f9-49ef-81e8-6ebd5a866f9d", "Dogecoin", .bitcoin),
        ]
        var known: [UUIDValue: Network] = [:]
        for row in rows {
            guard let id = UUIDValue(text: row.id.utf8) else { preconditionFailure("a network id is not a UUID") }
            known[id] = Network(name: row.name, style: row.style)
        }
        return known
    }()

    /// An address nobody has.
    func address(_ random: inout some RandomNumberGenerator) -> [UInt8] {
        switch style {
        case .ethereum: Array("0x".utf8) + Network.letters(40, of: Network.hexadecimal, &random)
        case .bitcoin: Network.letters(34, of: Network.base58, &random)
        case .solana: Network.letters(44, of: Network.base58, &random)
        }
    }

    /// The hash of a transaction that is on no chain.
    func transactionHash(_ random: inout some RandomNumberGenerator) -> [UInt8] {
        switch style {
        case .ethereum: Array("0x".utf8) + Network.letters(64, of: Network.hexadecimal, &random)
        case .bitcoin: Network.letters(64, of: Network.hexadecimal, &random)
        case .solana: Network.letters(88, of: Network.base58, &random)
        }
    }

    private static let hexadecimal = Array("0123456789abcdef".utf8)
    private static let base58 = Array("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".utf8)

    private static func letters(
        _ count: Int, of alphabet: [UInt8], _ random: inout some RandomNumberGenerator
    ) -> [UInt8] {
        (0..<count).map { _ in alphabet[Int(random.next(upperBound: UInt64(alphabet.count)))] }
    }
}
