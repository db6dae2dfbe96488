/// A currency amounts can be told in, at a fixed rate.
enum FiatCurrency: String, CaseIterable, Sendable {
    case usd = "USD"
    case eur = "EUR"
    case gbp = "GBP"

    /// Dollars for one.
    private var dollars: Amount {
        switch self {
        case .usd: Amount(whole: 1)
        case .eur: Amount(units: 11 * (Amount.one / 10))
        case .gbp: Amount(units: 13 * (Amount.one / 10))
        }
    }

    /// What one of a ticker costs. Never zero.
    func price(of symbol: [UInt8]) -> Amount { Price.dollars(of: symbol).divided(by: dollars) }

    static func find(_ name: [UInt8]) -> FiatCurrency? { allCases.first { equalsIgnoringASCIICase(name, $0.rawValue) } }
}
