import CCurl
import Glibc
import Runtime

/// The last line before a connection exists: what curl is about to connect to must be an address that was judged and
/// pinned for this request, and pass the policy itself.
struct ConnectionGuard {
    let policy: AddressPolicy
    let port: UInt16
    let pinned: [IPAddress]

    func admits(_ address: IPAddress, port: UInt16) -> Bool {
        port == self.port && pinned.contains(address) && policy.objection(to: address) == nil
    }

    /// As curl hands it over: `addr` is the head of a bigger structure of `addrlen` bytes.
    @unsafe func admits(_ socket: UnsafeMutablePointer<curl_sockaddr>) -> Bool {
        let length = unsafe Int(socket.pointee.addrlen)
        let offset = MemoryLayout<curl_sockaddr>.offset(of: \.addr) ?? 16
        let raw = unsafe UnsafeRawPointer(socket) + offset
        guard let address = unsafe IPAddress(socketAddress: raw, length: length) else { return false }
        return admits(address, port: unsafe IPAddress.port(ofSocketAddress: raw, length: length))
    }

    /// Whether a connection that exists, perhaps from an earlier request, ends where the policy allows. It may be an
    /// address the name no longer has: it was judged when it was opened.
    func admitsPeer(_ address: IPAddress) -> Bool { policy.objection(to: address) == nil }
}

extension IPAddress {
    /// As curl writes it.
    @unsafe init?(cText text: UnsafePointer<CChar>) {
        var v4 = in_addr()
        var v6 = (UInt64(0), UInt64(0))
        if unsafe inet_pton(AF_INET, text, &v4) == 1 {
            self = .v4(UInt32(bigEndian: v4.s_addr))
        } else if unsafe inet_pton(AF_INET6, text, &v6) == 1 {
            self = .v6(high: UInt64(bigEndian: v6.0), low: UInt64(bigEndian: v6.1))
        } else {
            return nil
        }
    }
}
