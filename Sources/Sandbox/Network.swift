import Domain

/// What the stand-in knows of a blockchain: its name in webhooks and the look of its addresses and hashes.
struct Network: Sendable {
    enum Style: Sendable {
        /// Hashes of `0x` and hexadecimal digits.
        case ethereum
        /// Hexadecimal hashes.
        case bitcoin
        /// Hashes in base 58.
        case solana
    }

    let id: UUIDValue
    let name: String
    let style: Style
    let nativeSymbol: [UInt8]
    private let addressPattern: AddressPattern

    /// The network of one of the catalogue's ids; another is taken for one like Ethereum.
    init(id: UUIDValue) {
        let known = Network.known[id]
        self.id = id
        name = known?.name ?? "Ethereum"
        style = known?.style ?? .ethereum
        nativeSymbol = Array((known?.nativeSymbol ?? "ETH").utf8)
        addressPattern = .of(networkType: known?.type ?? "evm")
    }

    private static let known = Dictionary(uniqueKeysWithValues: CatalogueNetwork.all.map { ($0.id, $0) })

    /// An address nobody has.
    func address(_ random: inout some RandomNumberGenerator) -> [UInt8] { addressPattern.address(&random) }

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
