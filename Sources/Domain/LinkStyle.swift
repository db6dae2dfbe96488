// How Mesh's Link looks to the users of one sub-client. What is nil stays as the upstream's own settings say.

package enum LinkTheme: String, Sendable, CaseIterable {
    case dark, light, system
}

/// The currencies Link shows amounts in.
package enum FiatCurrency: String, Sendable, CaseIterable {
    case usd = "USD"
    case eur = "EUR"
    case gbp = "GBP"
}

/// The languages Link knows, as BCP 47 tags, and `system` for the browser's own.
package enum LinkLanguage: String, Sendable, CaseIterable {
    case englishUS = "en-US"
    case spanishUS = "es-US"
    case russian = "ru-RU"
    case french = "fr-FR"
    case chinese = "zh-CN"
    case turkish = "tr-TR"
    case polish = "pl-PL"
    case japanese = "ja-JP"
    case german = "de-DE"
    case finnish = "fi-FI"
    case hindi = "hi-IN"
    case portuguese = "pt-PT"
    case vietnamese = "vi-VN"
    case system
}

/// How much of the page behind Link is covered: hundredths from 0 to 1.
package struct Opacity: Hashable, Sendable {
    /// 0 to 100.
    package let hundredths: Int

    package static let clear = Opacity(hundredths: 0)

    private init(hundredths: Int) { self.hundredths = hundredths }

    /// `0`, `1`, or either with one or two decimals, such as `0.6`; nil above 1 and for anything else.
    package init?(text: [UInt8]) {
        guard let first = text.first, first == UInt8(ascii: "0") || first == UInt8(ascii: "1") else { return nil }
        let rest = text.dropFirst()
        let decimals = rest.dropFirst()
        guard rest.isEmpty || rest.first == UInt8(ascii: ".") && (1...2).contains(decimals.count),
            decimals.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 })
        else { return nil }
        let digits = Array((decimals + Array("00".utf8)).prefix(2)).map { Int($0 - UInt8(ascii: "0")) }
        let value = Int(first - UInt8(ascii: "0")) * 100 + digits[0] * 10 + digits[1]
        guard value <= 100 else { return nil }
        hundredths = value
    }

    /// The shortest spelling, which is a JSON number as well: `0.6`.
    package var text: [UInt8] {
        let whole = [UInt8(ascii: "0") + UInt8(hundredths / 100)]
        let (tens, ones) = (UInt8(hundredths % 100 / 10), UInt8(hundredths % 10))
        if tens == 0, ones == 0 { return whole }
        let decimals = ones == 0 ? [tens] : [tens, ones]
        return whole + [UInt8(ascii: ".")] + decimals.map { UInt8(ascii: "0") + $0 }
    }
}

/// Everything of it that can be written into a link token.
package struct LinkStyle: Hashable, Sendable {
    /// Pixels: beyond it a corner is as round as it gets.
    package static let radii = 0...100

    package var primaryColor: Color?
    /// Text on the primary colour.
    package var primaryTextColor: Color?
    package var secondaryColor: Color?
    /// Text on the secondary colour.
    package var secondaryTextColor: Color?
    package var buttonRadius: Int?
    package var cornerRadius: Int?
    package var overlayOpacity: Opacity?
    package var theme: LinkTheme?
    package var language: LinkLanguage?
    package var fiatCurrency: FiatCurrency?

    package init() {}

    package var isEmpty: Bool { self == LinkStyle() }
}

/// Two colours of a style that are hard to tell apart.
package struct ContrastWarning: Hashable, Sendable {
    package enum Pair: Sendable, CaseIterable {
        case primary, secondary
    }

    /// Text of normal size needs this ratio (WCAG 2.2, success criterion 1.4.3, level AA).
    package static let minimum = 4.5
    package static let minimumText = [UInt8]("4.50".utf8)

    package let pair: Pair
    /// From 1 to below the minimum.
    package let ratio: Double

    /// The ratio with two decimals, cut off: rounded up, 4.499 would look like enough.
    package var ratioText: [UInt8] {
        let hundredths = Int(ratio * 100)
        let digits = [hundredths / 100, hundredths / 10 % 10, hundredths % 10].map { UInt8(ascii: "0") + UInt8($0) }
        return [digits[0], UInt8(ascii: "."), digits[1], digits[2]]
    }
}

extension LinkStyle {
    /// The pairs that are set and do not suffice.
    package var warnings: [ContrastWarning] {
        let pairs: [(ContrastWarning.Pair, Color?, Color?)] = [
            (.primary, primaryColor, primaryTextColor), (.secondary, secondaryColor, secondaryTextColor),
        ]
        return pairs.compactMap { pair, color, text in
            guard let color, let text else { return nil }
            let ratio = color.contrast(with: text)
            return ratio < ContrastWarning.minimum ? ContrastWarning(pair: pair, ratio: ratio) : nil
        }
    }
}
