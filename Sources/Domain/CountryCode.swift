/// A country by its ISO 3166-1 alpha-2 code. Only codes that are officially assigned exist: a code that names no
/// country could slip past a list of countries that are denied.
package struct CountryCode: Hashable, Sendable {
    /// The two letters, the first in the high byte.
    private let letters: UInt16

    /// Two capital letters; nil for anything else and for codes that are not assigned, such as `UK`.
    package init?(text: [UInt8]) {
        guard text.count == 2 else { return nil }
        let letters = UInt16(text[0]) << 8 | UInt16(text[1])
        guard CountryCode.assigned.contains(letters) else { return nil }
        self.letters = letters
    }

    package init?(_ text: String) { self.init(text: Array(text.utf8)) }

    package var text: [UInt8] { [UInt8(letters >> 8), UInt8(letters & 0xFF)] }

    package static var all: [CountryCode] { assigned.sorted().map { CountryCode(letters: $0) } }

    private init(letters: UInt16) { self.letters = letters }

    private static let assigned: Set<UInt16> = {
        let codes = """
            AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW
            BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI
            FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN
            IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME
            MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF
            PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV
            SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE
            YT ZA ZM ZW
            """
        return Set(
            codes.split(whereSeparator: \.isWhitespace).map { code in
                code.utf8.reduce(UInt16(0)) { $0 << 8 | UInt16($1) }
            })
    }()
}

extension CountryCode: CustomStringConvertible {
    package var description: String { String(decoding: text, as: UTF8.self) }
}
