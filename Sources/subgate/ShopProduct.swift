import JSON

/// Something the demo shop sells.
struct ShopProduct: Sendable {
    /// In URLs and in the page's element ids.
    let sku: String
    let name: String
    let detail: String
    /// In USDC, as a plain decimal without zeros that say nothing, which is how `JSONNumber.canonicalDecimal` spells
    /// what arrives.
    let price: String

    static let all = [
        ShopProduct(
            sku: "beans", name: "Harbour Blend", detail: "Whole beans, 250 g. Chocolate, hazelnut, a little salt air.",
            price: "12.5"),
        ShopProduct(
            sku: "mug", name: "Enamel mug", detail: "Holds 350 ml, survives decks and dishwashers.", price: "18"),
        ShopProduct(
            sku: "kit", name: "Pour-over kit", detail: "Dripper, carafe and forty filters. Everything but the water.",
            price: "49.9"),
    ]

    static func find(_ sku: String) -> ShopProduct? { all.first { $0.sku == sku } }
}

/// Where the demo shop is paid: one address that belongs to it, for one token on one network of Mesh's catalogue.
enum ShopTill {
    static let networkID = "aa883b03-120d-477c-a588-37c2afd3ca71"
    static let network = "Base"
    static let symbol = "USDC"
    static let address = "0x5ab1e5b0a7c0ffee00000000000000000000cafe"
}
