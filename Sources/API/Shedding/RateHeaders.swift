import HTTPServer

/// `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10): lists of a policy's name with its
/// quota and window, and of what remains of it and when all of it is back. Seconds are whole, rounded up.
struct RateHeaders {
    private(set) var policies: [UInt8] = []
    private(set) var remaining: [UInt8] = []

    /// Nil for a caller that came under no limit.
    init?(_ standings: RateStandings) {
        add(RateHeaders.address, standings.address)
        add(RateHeaders.subClient, standings.subClient)
        add(RateHeaders.key, standings.key)
        if policies.isEmpty { return nil }
    }

    private mutating func add(_ name: [UInt8], _ standing: RateStandings.Standing?) {
        guard let standing else { return }
        if policies.isEmpty {
            policies.reserveCapacity(96)
            remaining.reserveCapacity(96)
        }
        let (limit, finding) = (standing.limit, standing.finding)
        RateHeaders.add(
            name, UInt8(ascii: "q"), limit.quota, UInt8(ascii: "w"), SheddingLimits.burstSeconds, to: &policies)
        let seconds = Int(clamping: (finding.untilFull + 999_999_999) / 1_000_000_000)
        RateHeaders.add(name, UInt8(ascii: "r"), finding.remaining, UInt8(ascii: "t"), seconds, to: &remaining)
    }

    // The names of the policies, quoted as structured fields want strings.
    private static let address = Array("\"address\"".utf8)
    private static let subClient = Array("\"subClient\"".utf8)
    private static let key = Array("\"key\"".utf8)

    /// `name;a=1;b=2`, after a comma if it is not the first.
    private static func add(
        _ name: [UInt8], _ first: UInt8, _ number: Int, _ second: UInt8, _ seconds: Int, to out: inout [UInt8]
    ) {
        if !out.isEmpty {
            out.append(UInt8(ascii: ","))
            out.append(UInt8(ascii: " "))
        }
        out.append(contentsOf: name)
        for (parameter, value) in [(first, number), (second, seconds)] {
            out.append(UInt8(ascii: ";"))
            out.append(parameter)
            out.append(UInt8(ascii: "="))
            add(value, to: &out)
        }
    }

    private static func add(_ number: Int, to out: inout [UInt8]) {
        if number >= 10 { add(number / 10, to: &out) }
        out.append(UInt8(ascii: "0") + UInt8(number % 10))
    }
}

extension Response {
    /// Tells where the caller stands, if it came under any limit.
    mutating func tell(_ standings: RateStandings) {
        guard let told = RateHeaders(standings) else { return }
        headers.add("RateLimit-Policy", told.policies)
        headers.add("RateLimit", told.remaining)
    }
}
