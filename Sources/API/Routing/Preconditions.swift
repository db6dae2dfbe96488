import Domain
import HTTPServer

extension Call {
    /// The version `If-Match` asks for; nil without the header and for `*`. Throws 400 for anything but one strong tag
    /// of ours (RFC 9110 section 13.1.1): weak tags and lists never name exactly one version.
    func expectedVersion() throws(Problem) -> Int32? {
        let tag: ArraySlice<UInt8>
        switch head.headers.lookup("if-match") {
        case .absent: return nil
        case .once(let value): tag = value
        case .repeated: throw .invalid(field: "If-Match", "must be given once")
        }
        if tag.elementsEqual("*".utf8) { return nil }
        let quote = UInt8(ascii: "\"")
        let digits = tag.dropFirst().dropLast()
        guard tag.count >= 3, tag.first == quote, tag.last == quote, digits.count <= 18,
            digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { throw .invalid(field: "If-Match", "must be an ETag of ours or *") }
        let number = digits.reduce(Int64(0)) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
        // A version beyond the greatest is no version of anything: 412.
        return Int32(clamping: number)
    }

    /// The identifier at `position` in the path. One that is malformed names nothing: 404.
    func identifier<Kind>(_ position: Int, as: Identifier<Kind>.Type = Identifier<Kind>.self)
        throws(Problem) -> Identifier<Kind>
    {
        // The nil UUID is the platform's own place among the sub-clients' things: no path names it.
        guard let id = Identifier<Kind>(text: parameters[position]), id.uuid != UUIDValue(high: 0, low: 0) else {
            throw .notFound
        }
        return id
    }
}
