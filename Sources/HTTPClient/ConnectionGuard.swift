import CCurl
import Glibc
import Runtime

/// The last line before a connection exists: what curl is about to connect to must be an address that was judged and
/// pinned for this request, and pass the policy itself.
struct ConnectionGuard {
    let policy: AddressPolicy
    let port: UInt16
    let pinned: [IPAddress]

    /// Why there may be no connection to this address; nil when there may.
    func objection(to address: IPAddress, port: UInt16) -> AddressRefusal? {
        if let refusal = objection(toPeer: address) { return refusal }
        let isPinned = port == self.port && pinned.contains(address)
        return isPinned ? nil : AddressRefusal(address: address, rule: .notPinned)
    }

    /// As curl hands it over: `addr` is the head of a bigger structure of `addrlen` bytes.
    @unsafe func objection(to socket: UnsafeMutablePointer<curl_sockaddr>) -> AddressRefusal? {
        let length = unsafe Int(socket.pointee.addrlen)
        let offset = MemoryLayout<curl_sockaddr>.offset(of: \.addr) ?? 16
        let raw = unsafe UnsafeRawPointer(socket) + offset
        guard let address = unsafe IPAddress(socketAddress: raw, length: length) else {
            return AddressRefusal(address: nil, rule: .notPinned)
        }
        return objection(to: address, port: unsafe IPAddress.port(ofSocketAddress: raw, length: length))
    }

    /// Why nothing may be sent on a connection that exists, perhaps from an earlier request. It may be to an address
    /// the name no longer has: it was judged when it was opened.
    func objection(toPeer address: IPAddress) -> AddressRefusal? {
        policy.objection(to: address).map { AddressRefusal(address: address, rule: .block($0)) }
    }
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
