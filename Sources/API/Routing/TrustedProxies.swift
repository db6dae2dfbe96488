package import Runtime

/// The proxies whose word counts on where a request came from. A header of a client's own never does.
package struct TrustedProxies: Sendable {
    private let blocks: [IPBlock]

    /// None unless some are given.
    package init(_ blocks: [IPBlock] = []) { self.blocks = blocks.map(\.unmapped) }

    /// The caller's address: the peer's, or if the peer is one of these proxies, the last in `X-Forwarded-For` that is
    /// none of them. Nil if that header is absent, names nobody else, or is malformed where it is read: what a proxy
    /// appends stands at its end, so what stands before the caller's address is the caller's own and not looked at.
    /// `forwardedFor` are the header's lines in order.
    package func caller(
        peer: IPAddress, forwardedFor lines: @autoclosure () -> [ArraySlice<UInt8>]
    ) -> IPAddress? {
        if blocks.isEmpty || !trusts(peer) { return peer }
        for line in lines().reversed() {
            for element in line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).reversed() {
                guard let address = IPAddress(text: TrustedProxies.trimmed(element))?.unmapped else { return nil }
                if !trusts(address) { return address }
            }
        }
        return nil
    }

    private func trusts(_ address: IPAddress) -> Bool { blocks.contains { $0.contains(address) } }

    private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        let start = text.drop(while: isBlank)
        guard let last = start.lastIndex(where: { !isBlank($0) }) else { return [] }
        return start[...last]
    }
}
