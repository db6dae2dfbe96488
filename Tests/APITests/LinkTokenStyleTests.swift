import Crypto
import Domain
import JSON
import Testing
import Upstream

@testable import API

@Suite struct LinkTokenStyleTests {
    private static func color(_ text: String) -> Color? { Color(text: Array(text.utf8)) }
    private static func token(_ url: String) -> [UInt8] { Base64.encode(Array(url.utf8)) }
    private static func url(_ token: [UInt8]) -> String {
        String(decoding: Base64.decode(token) ?? [], as: UTF8.self)
    }
    /// As a query's value.
    private static func encoded(_ json: String) -> String {
        String(decoding: PercentCoding.encode(Base64.encode(Array(json.utf8))), as: UTF8.self)
    }

    private static let full: LinkStyle = {
        var style = LinkStyle()
        style.primaryColor = color("#010203")
        style.primaryTextColor = color("#ffffff")
        style.secondaryColor = color("#0a0b0c")
        style.secondaryTextColor = color("#eeeeee")
        style.buttonRadius = 4
        style.cornerRadius = 12
        style.overlayOpacity = Opacity(text: Array("0.45".utf8))
        style.theme = .dark
        style.language = .german
        style.fiatCurrency = .eur
        return style
    }()
    private static let fullJSON =
        ##"{"pc":"#010203","pt":"#ffffff","sc":"#0a0b0c","st":"#eeeeee","br":4,"ir":12,"io":0.45,"th":"dark"}"##

    private static let base = "https://web.example.com/b2b-iframe/x/broker-connect"

    @Test func aTokenWithoutAQueryGetsOne() {
        #expect(
            Self.url(LinkTokenStyle.apply(Self.full, toToken: Self.token(Self.base)))
                == Self.base + "?link_style=\(Self.encoded(Self.fullJSON))&th=dark&lng=de-DE&fiatCur=EUR")
    }

    @Test func onlyWhatIsSetChangesAndAllElseStays() {
        var style = LinkStyle()
        style.cornerRadius = 3
        style.theme = .light
        let old = ##"{ "pc":"#abcdef", "t":"Pay", "ir":24, "hc":true, "th":"system", "new":[1, 2] }"##
        let new = ##"{ "pc":"#abcdef", "t":"Pay", "ir":3, "hc":true, "th":"light", "new":[1, 2] }"##
        let before = "?auth_code=a-b_c%2B&&x&transfer_token=iv%3d%3d.c+d&link_style="
        let token = Self.token(Self.base + before + Self.encoded(old) + "&th=dark&lng=en&th=system#top?a&th=b")
        #expect(
            Self.url(LinkTokenStyle.apply(style, toToken: token))
                == Self.base + before + Self.encoded(new) + "&th=light&lng=en&th=system#top?a&th=b")
    }

    /// Base 64 as it stands, without its padding too, as some write it.
    @Test(arguments: [true, false])
    func aStyleIsReadHoweverItIsSpelled(_ isPadded: Bool) {
        var style = LinkStyle()
        style.buttonRadius = 7
        let raw = String(decoding: Base64.encode(Array(#"{"br":1,"ab":"?>x"}"#.utf8)), as: UTF8.self)
        let spelled = isPadded ? raw : raw.replacing("=", with: "")
        #expect(raw.contains("="))
        let token = Self.token("\(Self.base)?link_style=\(spelled)&a=1")
        #expect(
            Self.url(LinkTokenStyle.apply(style, toToken: token))
                == "\(Self.base)?link_style=\(Self.encoded(#"{"br":7,"ab":"?>x"}"#))&a=1")
    }

    @Test(arguments: ["", "x", "%zz", "W10=", "!!!!", "eyJhIjoxLCJhIjoyfQ==", "bnVsbA=="])
    func aStyleThatCannotBeReadIsLeftAlone(_ value: String) {
        let token = Self.token("\(Self.base)?auth_code=1&link_style=\(value)")
        #expect(
            Self.url(LinkTokenStyle.apply(Self.full, toToken: token))
                == "\(Self.base)?auth_code=1&link_style=\(value)&th=dark&lng=de-DE&fiatCur=EUR")
    }

    @Test(arguments: ["", "x", "aHR0cHM6", "amF2YXNjcmlwdDphbGVydCgxKQ==", "aHR0cHM6Ly9h\n"])
    func whatIsNoTokenIsLeftAlone(_ text: String) {
        #expect(LinkTokenStyle.apply(Self.full, toToken: Array(text.utf8)) == Array(text.utf8))
    }

    @Test func aTokenNeverGrowsBeyondItsBound() {
        let token = Self.token(Self.base + "?a=" + String(repeating: "x", count: 6050))
        #expect(token.count < 8192)
        #expect(LinkTokenStyle.apply(Self.full, toToken: token) == token)
    }

    @Test func aPaymentLinkCarriesTheStyledTokenInItsOwnSpelling() {
        let token = Self.token(Self.base + "?auth_code=12")
        let styled = LinkTokenStyle.apply(Self.full, toToken: token)
        let plain = String(decoding: token, as: UTF8.self)
        #expect(plain.hasSuffix("="))
        let start = "https://paylink.example.com?a=%20&linkToken="
        let cases: [(String, [UInt8])] = [
            (plain, styled),
            (String(decoding: PercentCoding.encode(token), as: UTF8.self), PercentCoding.encode(styled)),
        ]
        for (old, new) in cases {
            let link = LinkTokenStyle.apply(Self.full, toPaymentLink: Array((start + old + "&b#c").utf8))
            #expect(link == Array(start.utf8) + new + Array("&b#c".utf8))
        }
        for other in ["https://paylink.example.com", start + "x", start + "%", start] {
            #expect(LinkTokenStyle.apply(Self.full, toPaymentLink: Array(other.utf8)) == Array(other.utf8))
        }
    }

    @Test func withoutAStyleNothingChangesAtAll() {
        let minted = MintedLinkToken(
            linkToken: Self.token(Self.base + "?link_style=%7b&a"), paymentLink: Array("https://a.example/?b".utf8),
            errorHash: [1], teamCode: nil)
        #expect(LinkTokenStyle.apply(LinkStyle(), to: minted) == minted)
        let styled = LinkTokenStyle.apply(Self.full, to: minted)
        #expect(styled != minted && styled.errorHash == [1] && styled.teamCode == nil)
        #expect(styled.paymentLink == minted.paymentLink)
    }
}

/// URLs of every shape, and what never changes in them.
@Suite struct LinkTokenStylePropertyTests {
    private struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state ^ state >> 29) &* 0xBF58_476D_1CE4_E5B9
        }
    }

    private static let ours = ["link_style", "th", "lng", "fiatCur"]

    private static func url(_ random: inout Generator) -> String {
        let bytes = Array("abcXYZ019-._~%+=/?;:@!$'()*,".unicodeScalars)
        func word(_ count: ClosedRange<Int>) -> String {
            String(
                (0..<Int.random(in: count, using: &random)).map { _ in Character(bytes.randomElement(using: &random)!) }
            )
        }
        let style = String(decoding: Base64.encode(Array(##"{"pc":"#000000","k":{"a":[1]}}"##.utf8)), as: UTF8.self)
        let known = [
            "link_style=\(style)", "link_style=x", "th=dark", "lng=en", "fiatCur=USD", "auth_code=abc", "", "th",
        ]
        let pairs = (0..<Int.random(in: 0...6, using: &random)).map { _ in
            Bool.random(using: &random) ? known.randomElement(using: &random)! : "p" + word(0...8)
        }
        let query = pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
        let fragment = Bool.random(using: &random) ? "#" + word(0...5) : ""
        let host = ["https://web.example.com", "http://127.0.0.1:8083"].randomElement(using: &random)!
        return host + "/" + word(0...6).replacing("?", with: "") + query + fragment
    }

    private static func style(_ random: inout Generator) -> LinkStyle {
        var style = LinkStyle()
        if Bool.random(using: &random) { style.primaryColor = Color(red: 1, green: 2, blue: 255) }
        if Bool.random(using: &random) { style.secondaryTextColor = Color(red: 0, green: 0, blue: 0) }
        if Bool.random(using: &random) { style.buttonRadius = Int.random(in: 0...100, using: &random) }
        if Bool.random(using: &random) { style.overlayOpacity = Opacity(text: Array("0.05".utf8)) }
        style.theme = (LinkTheme.allCases + [nil]).randomElement(using: &random)!
        style.language = (LinkLanguage.allCases + [nil]).randomElement(using: &random)!
        style.fiatCurrency = (FiatCurrency.allCases + [nil]).randomElement(using: &random)!
        return style
    }

    /// The URL without our parameters: everything else, in its order.
    private static func rest(_ url: [UInt8]) -> (start: [UInt8], pairs: [[UInt8]], fragment: [UInt8]) {
        let hash = url.firstIndex(of: UInt8(ascii: "#")) ?? url.endIndex
        let mark = url[..<hash].firstIndex(of: UInt8(ascii: "?")) ?? hash
        let pairs = url[mark..<hash].dropFirst().split(separator: UInt8(ascii: "&")).map { Array($0) }
        let others = pairs.filter { pair in !ours.contains { pair.starts(with: Array("\($0)=".utf8)) } }
        return (Array(url[..<mark]), others, Array(url[hash...]))
    }

    @Test func nothingButOurParametersChangesAndTheResultIsAToken() throws {
        var random = Generator(state: 11)
        for _ in 0..<3_000 {
            let url = Array(Self.url(&random).utf8)
            let style = Self.style(&random)
            let token = Base64.encode(url)
            let styled = LinkTokenStyle.apply(style, toToken: token)
            #expect(MintedLinkToken.isLinkToken(styled))
            let result = try #require(Base64.decode(styled))
            let (before, after) = (Self.rest(url), Self.rest(result))
            #expect(before.start == after.start && before.pairs == after.pairs && before.fragment == after.fragment)
            // What is set once is set: again changes nothing.
            #expect(LinkTokenStyle.apply(style, toToken: styled) == styled)
            let query = RawQuery(of: result)
            if let theme = style.theme { #expect(query.value(of: "th") == Array(theme.rawValue.utf8)[...]) }
            if let language = style.language { #expect(query.value(of: "lng") == Array(language.rawValue.utf8)[...]) }
            if style.isEmpty { #expect(styled == token) }
        }
    }
}
