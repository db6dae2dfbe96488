/// What a token costs in the stand-in: fixed, so that a test knows the amounts.
enum Price {
    /// In thousandths of a dollar. Everything that is not listed costs one dollar, as stablecoins do.
    private static let thousandths: [(symbol: String, price: UInt64)] = [
        ("BTC", 100_000_000), ("ETH", 4_000_000), ("BNB", 800_000), ("SOL", 200_000), ("LTC", 100_000),
        ("HYPE", 40_000), ("AVAX", 25_000), ("INJ", 20_000), ("LINK", 20_000), ("TON", 4_000), ("APT", 8_000),
        ("SUI", 2_500), ("XRP", 2_000), ("EURC", 1_100), ("ADA", 800),
        ("TRX", 320), ("XLM", 400), ("POL", 250), ("MATIC", 250), ("DOGE", 200), ("S", 500),
    ]

    /// The price of a ticker, in dollars; tickers match without ASCII case.
    static func dollars(of symbol: [UInt8]) -> Amount {
        let row = thousandths.first { row in equalsIgnoringASCIICase(symbol, row.symbol) }
        return Amount(units: UInt128(row?.price ?? 1_000) * (Amount.one / 1_000))
    }
}

/// Whether the bytes are those of `name` but for the case of A to Z.
func equalsIgnoringASCIICase(_ bytes: some Collection<UInt8>, _ name: String) -> Bool {
    bytes.count == name.utf8.count
        && zip(bytes, name.utf8).allSatisfy { lowercaseASCII($0) == lowercaseASCII($1) }
}

func lowercaseASCII(_ byte: UInt8) -> UInt8 { byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte }
