/// The methods the server knows; every other one is answered 501 before any handler sees it.
package enum Method: UInt8, Sendable, CaseIterable {
    case get, head, post, put, patch, delete, options

    /// The name as it stands in `Allow`.
    package var name: StaticString {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .patch: "PATCH"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        }
    }

    /// Methods are case-sensitive (RFC 9110 section 9.1): `get` is another, unknown one.
    init?(_ line: Span<UInt8>, _ range: ByteRange) {
        let known: Method? =
            switch range.count {
            case 3: line.equals(range, "GET") ? .get : line.equals(range, "PUT") ? .put : nil
            case 4: line.equals(range, "POST") ? .post : line.equals(range, "HEAD") ? .head : nil
            case 5: line.equals(range, "PATCH") ? .patch : nil
            case 6: line.equals(range, "DELETE") ? .delete : nil
            case 7: line.equals(range, "OPTIONS") ? .options : nil
            default: nil
            }
        guard let known else { return nil }
        self = known
    }
}
